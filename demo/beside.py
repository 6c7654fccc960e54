"""Started by `make run` beside the server: waits until it answers, then works and signs until the server ends."""

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress


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
        commands = (["worker", "--with-parent"], ["audit", "checkpoint", "--watch"])
        started = [subprocess.Popen([sys.executable, "-m", "flask", *words]) for words in commands]  # noqa: S603
        # Looked at from here: a command that is still loading could not know who its parent was.
        while os.getppid() == parent:
            time.sleep(0.5)
        for process in started:
            process.terminate()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # Ctrl+C reaches everyone who was started
        main()
