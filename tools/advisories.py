"""Known flaws of the locked libraries: from an advisory service, or from a file that was fetched elsewhere."""

import json
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
ATTACKERS = ROOT / ".venv-security" / "bin"


def libraries() -> list[str]:
    """pip-audit asks an advisory service; where that cannot be reached, the report says that this was not checked.

    ``SECURITY_ADVISORIES``: a file that was fetched elsewhere, for machines without a network: OSV's ``PyPI/all.zip``, or
    the wheel of ``safety-db``.
    """
    if archive := os.environ.get("SECURITY_ADVISORIES"):
        return offline(Path(archive), ROOT / "requirements.lock")
    done = subprocess.run(
        [str(ATTACKERS / "pip-audit"), "--require-hashes", "--disable-pip", "-r", "requirements.lock", "-f", "json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        found = json.loads(done.stdout)["dependencies"]
    except json.JSONDecodeError:
        return ["NOT CHECKED: the advisory service cannot be reached from here"]
    skipped = [one for one in found if "skip_reason" in one]
    print(f"  pip-audit: {len(found) - len(skipped)} libraries checked, {len(skipped)} unknown to the service")
    unknown = ["NOT CHECKED: the advisory service knows none of the libraries"] if len(skipped) == len(found) else []
    return unknown + [f"{one['name']} {one['version']}: {flaw['id']}" for one in found for flaw in one.get("vulns", [])]


def offline(archive: Path, locked: Path) -> list[str]:
    """Flaws of the locked libraries that the advisories in this archive name."""
    pinned = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", locked.read_text(), re.M | re.I))
    versions = {_plain(name): version for name, version in pinned.items()}
    with zipfile.ZipFile(archive) as advisories:
        newest = max(one.date_time[:3] for one in advisories.infolist())
        found = [flaw for name in advisories.namelist() if name.endswith(".json") for flaw in
                 _flaws(name, json.loads(advisories.read(name)), versions)]  # fmt: skip
    print(
        f"  advisories of {newest[0]}-{newest[1]:02}-{newest[2]:02} from {archive.name}: {len(versions)} libraries checked"
    )
    return sorted(set(found))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _flaws(file: str, told: dict[str, Any], versions: dict[str, str]) -> Iterator[str]:
    """Of one file of the archive: an advisory as OSV writes it, or all of safety-db's."""
    if file.endswith("insecure_full.json"):
        named = ((_plain(name), one) for name, flaws in told.items() if name != "$meta" for one in flaws)
        for name, one in named:
            if name in versions and any(SpecifierSet(spec).contains(versions[name]) for spec in one["specs"]):
                yield f"{name} {versions[name]}: {one['id']}"
    elif "withdrawn" not in told:
        for one in told.get("affected", ()):
            name = _plain(one["package"]["name"])
            if versions.get(name) in one.get("versions", ()):
                yield f"{name} {versions[name]}: {told['id']}"
