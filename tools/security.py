"""`make security`: static checks, known flaws of libraries, and three attackers over a running instance, signed in."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.journeys.conftest import serve
from tests.support.browser import Server
from tests.support.installation import Known
from tests.support.visitor import Visitor
from tools import targets

ROOT = Path(__file__).resolve().parent.parent
ATTACKERS = ROOT / ".venv-security" / "bin"
PRODUCT = (
    "app.py", "wsgi.py", "accounts", "audit", "cohort", "config", "core", "demo", "desk", "files", "imports", "interface",
    "interventions", "invited", "messages", "oversight", "panels", "referrals", "rights", "sharing",
)  # fmt: skip
# Each finds other pages: who refers, who coordinates, who looks over the trail, who manages accounts.
ROLES = ("referrer", "coordinator", "safeguarding_lead", "administrator")
MODULES = "sql,timesql,xss,permanentxss,exec,file,crlf,redirect,ldap,methods,htaccess,csp,cookieflags,http_headers"
ENDS_THE_VISIT = ("sign-out", "account/role", "account/sessions", "account/password")
INFORMATIONAL = 0
# Not ssrf and xxe: they need an address on the internet that the server would be made to ask.
# What the attackers say of a server on http://localhost, where cookies cannot be Secure and HSTS means nothing.
ONLY_LOCAL = ("Secure flag is not set", "Strict-Transport-Security is not set", "HttpOnly flag is not set")
# What bandit warns of and somebody has looked at: the file and the rule, and why it stands.
JUDGED = {
    ("accounts/demonstration.py", "B105"): "the demonstration's own password, refused outside it",
    ("accounts/looking.py", "B608"): "put together from the roles of the code, never from a request",
    ("accounts/services/totp.py", "B303"): "RFC 6238 codes are HMAC-SHA-1; authenticator apps know nothing else",
    ("audit/retention.py", "B608"): "names of our own tables",
    ("core/ending.py", "B608"): "names of our own tables and columns",
    ("core/languages.py", "B704"): "what a template's author and a translator wrote; values are escaped",
    ("core/row_rules.py", "B105"): "a sentence of why a table has no policy",
    ("core/row_rules.py", "B608"): "names of our own tables and columns",
    ("core/tables.py", "B704"): "every part is fixed or escaped",
    ("files/services/pdfs.py", "B105"): "a sentence about files with a password",
    ("interface/views/token.py", "B105"): "the name of a kind of token (RFC 6750)",
    ("messages/kinds.py", "B105"): "the name of a kind of message",
    ("panels/views/case_page.py", "B704"): "what a macro escaped",
    ("panels/views/caseload.py", "B704"): "an id of ours and an escaped name",
    ("demo", "B311"): "invented people need no secret chance",
    ("demo", "B404"): "starts our own commands",
    ("demo", "B603"): "starts our own commands",
    ("demo", "B606"): "starts our own commands",
}
# Of each attacker for each role, about. The whole takes some 25 minutes on two cores.
SECONDS = int(os.environ.get("SECURITY_SECONDS", "170"))
PAGES = 400
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"
# sqlmap sends a form many times: without a new one-time key the second sending would change nothing.
ANEW = "import base64,secrets;once=base64.b32encode(secrets.token_bytes(16)).decode().rstrip('=').lower()"
TRIED: set[tuple[str, str, str]] = set()


def code() -> list[str]:
    """Bandit over the product, less `assert` (types are checked by it, never a rule) and what was judged."""
    command = [sys.executable, "-m", "bandit", "-q", "-r", "-f", "json", "--skip", "B101"]
    found = subprocess.run(
        [*command, *(name for name in PRODUCT if (ROOT / name).exists())], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    return [
        f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}"
        for one in json.loads(found.stdout or "{}").get("results", [])
        if (one["filename"], one["test_id"]) not in JUDGED
        and (one["filename"].split("/")[0], one["test_id"]) not in JUDGED
    ]


def libraries() -> list[str]:
    """pip-audit asks an advisory service; where that cannot be reached, the report says that this was not checked.

    ``SECURITY_ADVISORIES``: a file that was fetched elsewhere (OSV's ``PyPI/all.zip``), for machines without a network.
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
    note("pip-audit", f"{len(found) - len(skipped)} libraries checked, {len(skipped)} unknown to the service")
    unknown = ["NOT CHECKED: the advisory service knows none of the libraries"] if len(skipped) == len(found) else []
    return unknown + [f"{one['name']} {one['version']}: {flaw['id']}" for one in found for flaw in one.get("vulns", [])]


def offline(archive: Path, locked: Path) -> list[str]:
    """Flaws of the locked libraries in an archive of OSV's advisories (https://ossf.github.io/osv-schema/)."""
    pinned = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ \\\\;]+)", locked.read_text(), re.M | re.I))
    versions = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pinned.items()}
    found = []
    with zipfile.ZipFile(archive) as advisories:
        for name in advisories.namelist():
            told = json.loads(advisories.read(name))
            if "withdrawn" not in told:
                found += [f"{library} {version}: {told['id']}" for library, version in _affected(told, versions)]
    note("advisories from a file", f"{len(versions)} libraries checked")
    return sorted(set(found))


def _affected(told: dict[str, Any], versions: dict[str, str]) -> list[tuple[str, str]]:
    """Libraries and versions of ours that this advisory names."""
    named = ((re.sub(r"[-_.]+", "-", one["package"]["name"]).lower(), one) for one in told.get("affected", ()))
    return [(name, versions[name]) for name, one in named if versions.get(name) in one.get("versions", ())]


def wapiti(address: str, visitor: Visitor, role: str, folder: Path) -> list[str]:
    """Crawl and attack as one person; findings above informational."""
    report = folder / f"wapiti-{role}.json"
    ended = [part for name in ENDS_THE_VISIT for part in ("-x", f"{address}/{name}")]
    subprocess.run(
        [str(ATTACKERS / "wapiti"), "-u", f"{address}/", "-H", f"Cookie: {cookies(visitor)}", "-m", MODULES, *ended,
         "--max-scan-time", str(SECONDS // 3), "--max-attack-time", str(max(SECONDS // 12, 5)), "-d", "4", "-S", "normal",
         "--max-links-per-page", "60", "-f", "json", "-o", str(report), "--flush-session", "--store-session", str(folder),
         "--no-bugreport", "--verify-ssl", "0", "--tasks", "4"],
        capture_output=True, text=True, check=False, timeout=SECONDS * 6,
    )  # fmt: skip
    told = json.loads(report.read_text())
    note(f"wapiti as {role}", f"{told['infos'].get('crawled_pages_nbr', '?')} pages")
    return [
        f"{kind} ({role}): {one['method']} {one['path']} {one['info']}"
        for section in ("vulnerabilities", "anomalies")
        for kind, found in told[section].items()
        for one in found
        if one["level"] > INFORMATIONAL and not any(words in one["info"] for words in ONLY_LOCAL)
    ]


def cookies(visitor: Visitor) -> str:
    return "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())


def sqlmap(address: str, visitor: Visitor, role: str, folder: Path) -> list[str]:
    """Every form and every address with a question that the walk of this role finds and no role before it did."""
    todo = [one for one in targets.found(visitor, ENDS_THE_VISIT, PAGES) if one.shape not in TRIED]
    TRIED.update(one.shape for one in todo)
    requests = folder / f"sqlmap-{role}.requests"
    requests.write_text("".join(one.written(address, cookies(visitor)) for one in todo))
    said, is_whole = bounded(
        [str(ATTACKERS / "sqlmap"), "-l", str(requests), "--batch", "--dbms=SQLite", "--technique=BEUS",
         "--skip", ",".join(targets.MACHINERY), "--eval", ANEW, "--ignore-redirects", "--disable-coloring", "--timeout=20",
         "--output-dir", str(folder / f"sqlmap-{role}")],
        folder / f"sqlmap-{role}.log",
    )  # fmt: skip
    tested = len(re.findall(r"testing for SQL injection on", said))
    note(f"sqlmap as {role}", f"{len(todo)} requests, {tested} parameters, {'to its end' if is_whole else 'CUT OFF'}")
    cut = [] if is_whole else [f"NOT CHECKED: sqlmap as {role} was cut off after {SECONDS * 6} seconds"]
    return cut + [f"{line} ({role})" for line in re.findall(r"Parameter: .+|.+is vulnerable.+", said)]


def bounded(command: list[str], log: Path) -> tuple[str, bool]:
    """What the command printed, and whether it came to its end within six times ``SECONDS``."""
    is_whole = True
    with log.open("w") as output:
        try:
            subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, check=False, timeout=SECONDS * 6,
                env=os.environ | {"SQLMAP_UNSAFE_EVAL": "1"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            is_whole = False
    return log.read_text(errors="replace"), is_whole


def schemathesis(address: str, credential: tuple[str, str], folder: Path) -> list[str]:
    """What the interface for other systems says of itself, tried with values that fit it and values that do not."""
    client_id, secret = credential
    sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = requests.post(f"{address}/api/token", data=sent, timeout=30).json()["access_token"]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "schemathesis"), "run", f"{address}/api/openapi.json", "--url", address,
         "-H", f"Authorization: Bearer {token}", "--checks", CHECKS, "--max-time", str(SECONDS), "--max-examples", "60",
         "--continue-on-failure", "--no-color", "--seed", "7", "--warnings", "off"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS * 6,
    )  # fmt: skip
    (folder / "schemathesis.log").write_text(done.stdout + done.stderr)
    cases = re.findall(r"(\d+) generated", done.stdout)
    note("schemathesis as an agency's system", f"{cases[-1] if cases else '?'} cases")
    if done.returncode not in {0, 1}:
        return [f"NOT CHECKED: schemathesis ended with {done.returncode}"]
    return [line.strip() for line in re.findall(r"^\s*- .+", done.stdout, re.M)] if done.returncode else []


def system_of(known: Known) -> tuple[str, str] | None:
    """A credential for an agency's system, where this version has an interface."""
    try:
        from interface.services import credentials
    except ImportError:
        return None
    from core.db import db
    from tests.conftest import acting_among

    places = {"agency_id": known.agencies["school@reading"], "area_id": known.areas["reading"]}
    with acting_among(known)("administrator@reading") as actor:
        made, secret = credentials.make(actor, name="School system", days=30, **places)
        db.session.commit()
        return made.client_id, secret


def broken(server: Server) -> list[str]:
    """Answers of 500 that the server's own log tells of."""
    return sorted({
        line for line in server.log.read_text(errors="replace").splitlines() if '"unexpected"' in line
    })  # fmt: skip


def attack(server: Server, known: Known, system: tuple[str, str] | None, folder: Path) -> list[str]:
    found = schemathesis(server.address, system, folder) if system else []
    for role in os.environ.get("SECURITY_ROLES", " ".join(ROLES)).split():
        for attacker in (sqlmap, wapiti):
            visitor = Visitor(server.address).sign_in(known.emails[f"{role}@reading"])
            found += attacker(server.address, visitor, role, folder)
    return found + [f"500: {line}" for line in broken(server)]


def note(what: str, how: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {what}: {how}", flush=True)


def running(act: Callable[[Server, Known, tuple[str, str] | None, Path], list[str]]) -> list[str]:
    """Act on a small installation that holds a record of everything."""
    from tests.factories import world

    systems: list[tuple[str, str] | None] = []

    def fill(known: Known) -> None:
        world.make(known)
        systems.append(system_of(known))

    folder = Path(tempfile.mkdtemp(prefix="security-"))
    server, known = serve(folder, {}, fill)
    try:
        return act(server, known, systems[0], folder)
    finally:
        server.stop()
        if not os.environ.get("KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    steps: dict[str, Callable[[], Any]] = {
        "code (bandit)": code, "libraries (pip-audit)": libraries, "attacks (schemathesis, sqlmap, wapiti)":
        lambda: running(attack),
    }  # fmt: skip
    total = 0
    for name, step in steps.items():
        print(f"\n== {name}", flush=True)
        found = step()
        total += len(found)
        print("\n".join(f"  {line}" for line in found) or "  nothing found", flush=True)
    sys.exit(f"\n{total} findings" if total else 0)


if __name__ == "__main__":
    main()
