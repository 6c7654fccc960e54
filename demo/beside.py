"""Started by `make run` beside the server: waits until it answers, then works and signs until the server ends."""

import os
import socket
import subprocess
import sys
import time


def is_serving(port: int) -> bool:
    with socket.socket() as door:
        door.settimeout(0.5)
        return door.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    parent, port = os.getppid(), int(sys.argv[1])
    os.nice(10)
    while not is_serving(port):
        if os.getppid() != parent:
            return
        time.sleep(0.5)
    # Its first pages come before this process loads the application.
    time.sleep(5)
    if os.getppid() == parent:
        subprocess.Popen([sys.executable, "-m", "flask", "worker", "--with-parent"])
        os.execv(sys.executable, [sys.executable, "-m", "flask", "audit", "checkpoint", "--watch"])  # noqa: S606


if __name__ == "__main__":
    main()
