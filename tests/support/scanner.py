"""ClamAV's daemon, started for tests with a database of one line: the test string that every scanner knows."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

# Written in two parts, so that no scanner takes this source for the thing itself.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS" + b"-TEST-FILE!$H+H*"
MISSING = "ClamAV is missing: install it (sudo apt-get install clamav-daemon)"


def clamd_path() -> str | None:
    return shutil.which("clamd") or ("/usr/sbin/clamd" if Path("/usr/sbin/clamd").exists() else None)


class Scanner:
    """``socket`` answers once this is made."""

    def __init__(self) -> None:
        path = clamd_path()
        assert path, MISSING
        self.folder = Path(tempfile.mkdtemp(prefix="yfp-clam-"))
        (self.folder / "tests.ndb").write_text(f"Tests.Eicar:0:*:{EICAR.hex()}\n")
        self.socket = self.folder / "clamd.sock"
        config = self.folder / "clamd.conf"
        config.write_text(
            f"LocalSocket {self.socket}\nDatabaseDirectory {self.folder}\nForeground yes\nLogFile {self.folder}/log\n"
            f"TemporaryDirectory {self.folder}\nAlertExceedsMax yes\nMaxThreads 2\n"
        )
        # It says that it is ready by listening; its own output ends the wait where it cannot start.
        self.process = subprocess.Popen([path, "--config-file", str(config)], stdout=subprocess.DEVNULL)
        while not self._listens():
            assert self.process.poll() is None, (self.folder / "log").read_text()

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as door:
            return door.connect_ex(str(self.socket)) == 0

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
