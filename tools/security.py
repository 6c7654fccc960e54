"""`make security`: static checks, known flaws of libraries, and three attackers over a running instance, signed in."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.journeys.conftest import serve
from tests.support.browser import Server
from tests.support.databases import Postgres
from tests.support.installation import Known
from tests.support.visitor import Visitor
from tools import targets
from tools.advisories import ATTACKERS, ROOT, libraries

PRODUCT = (
    "app.py", "wsgi.py", "accounts", "audit", "cohort", "config", "core", "demo", "desk", "files", "imports", "interface",
    "interventions", "invited", "messages", "oversight", "panels", "referrals", "rights", "sharing",
)  # fmt: skip
# Each finds other pages: who refers, who coordinates, who looks over the trail, who manages accounts.
ROLES = ("referrer", "coordinator", "safeguarding_lead", "administrator")
MODULES = "sql,timesql,xss,permanentxss,exec,file,crlf,redirect,ldap,methods,htaccess,csp,cookieflags,http_headers"
ENDS_THE_VISIT = ("sign-out", "account/role", "account/sessions", "account/password")
# sqlmap would wait there for as long as it may run: more than a few in a quarter of an hour are refused.
SLOWED_DOWN = ("forgotten-password",)
# What sqlmap takes for open and somebody has looked at: the value reaches no statement. It misreads a page whose answer
# to two words differs, and which repeats its own address in the link to the other language.
NO_STATEMENT = {
    ("/cohort/candidates", "show"): "compared with one word in cohort/views.py",
    ("/offers/*/end", "how"): "one of two words of its form, compared with one in panels/views/offers.py",
}
INFORMATIONAL = 0
# Not ssrf and xxe: they need an address on the internet that the server would be made to ask.
# What the attackers say of a server on http://localhost, where cookies cannot be Secure and HSTS means nothing.
ONLY_LOCAL = ("Secure flag is not set", "Strict-Transport-Security is not set", "HttpOnly flag is not set")
# What bandit warns of and somebody has looked at: the file and the rule, and why it stands.
JUDGED = {
    ("accounts/demonstration.py", "B105"): "the demonstration's own password, refused outside it",
    ("accounts/looking.py", "B608"): "put together from the roles of the code, never from a request",
    ("accounts/services/totp.py", "B303"): "RFC 6238 codes are HMAC-SHA-1; authenticator apps know nothing else",
    ("core/ending.py", "B608"): "names of our own tables and columns",
    ("core/last_records.py", "B608"): "names of our own tables",
    ("core/languages.py", "B704"): "what a template's author and a translator wrote; values are escaped",
    ("core/row_rules.py", "B105"): "a sentence of why a table has no policy",
    ("core/row_rules.py", "B608"): "names of our own tables and columns",
    ("core/tables.py", "B704"): "every part is fixed or escaped",
    ("files/services/pdfs.py", "B105"): "a sentence about files with a password",
    ("interface/views/token.py", "B105"): "the name of a kind of token (RFC 6750)",
    ("messages/kinds.py", "B105"): "the name of a kind of message",
    ("panels/views/case_page.py", "B704"): "what a macro escaped",
    ("demo", "B311"): "invented people need no secret chance",
    ("demo", "B404"): "starts our own commands",
    ("demo", "B603"): "starts our own commands",
    ("demo", "B606"): "starts our own commands",
}
# The database of the installation that is attacked, as sqlmap calls it.
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
DATABASE = os.environ.get("SECURITY_DATABASE", "sqlite")
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
    """Every form and every address with a question that the walk of this role finds and no role before it did.

    What seems open is tried once more by itself: an answer that differs for another reason is no finding.
    """
    todo = [one for one in targets.found(visitor, ENDS_THE_VISIT + SLOWED_DOWN, PAGES) if one.shape not in TRIED]
    TRIED.update(one.shape for one in todo)
    said, is_whole = _sqlmap(todo, address, visitor, folder / f"sqlmap-{role}")
    tested = len(re.findall(r"testing for SQL injection on", said))
    note(f"sqlmap as {role}", f"{len(todo)} requests, {tested} parameters, {'to its end' if is_whole else 'CUT OFF'}")
    cut = [] if is_whole else [f"NOT CHECKED: sqlmap as {role} was cut off after {SECONDS * 6} seconds"]
    if not (seem_open := {name for _, name in _found(folder / f"sqlmap-{role}")}):
        return cut
    again = [one for one in todo if seem_open & one.names]
    _, is_whole = _sqlmap(again, address, visitor, folder / f"sqlmap-{role}-again", sorted(seem_open))
    cut += (
        [] if is_whole else [f"NOT CHECKED: sqlmap as {role} was cut off when it looked again at {sorted(seem_open)}"]
    )
    note(f"sqlmap as {role}, again", f"{len(again)} requests, {', '.join(sorted(seem_open))}")
    still = [one for one in _found(folder / f"sqlmap-{role}-again") if one not in NO_STATEMENT]
    return cut + [f"SQL injection ({role}): {name} at {path}" for path, name in still]


def _found(place: Path) -> list[tuple[str, str]]:
    """Address and name of each parameter that seemed open."""
    rows = [row for file in place.glob("results-*.csv") for row in csv.DictReader(file.open(encoding="utf-8"))]
    return sorted(
        {(targets.ID.sub("*", urlsplit(row["Target URL"]).path), row["Parameter"]) for row in rows} - {("", "")}
    )


def _sqlmap(
    todo: list[targets.Target], address: str, visitor: Visitor, place: Path, only: list[str] | None = None
) -> tuple[str, bool]:
    """What it printed, and whether it came to its end; it goes on after a parameter that seems open."""
    requests = place.with_suffix(".requests")
    requests.write_text("".join(one.written(address, cookies(visitor)) for one in todo))
    return bounded(
        [str(ATTACKERS / "sqlmap"), "-l", str(requests), "--batch", f"--dbms={DATABASES[DATABASE]}", "--technique=BEUS",
         *(["-p", ",".join(only)] if only else ["--skip", ",".join(targets.MACHINERY)]), "--eval", ANEW,
         "--answers", "keep testing=Y,exploit=N,skip further=N", "--ignore-redirects", "--disable-coloring",
         "--timeout=20", "--output-dir", str(place)],
        place.with_suffix(".log"),
    )  # fmt: skip


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
    postgres = Postgres() if DATABASE == "postgresql" else None
    # As an installation has it: the web's role owns nothing, and stands behind the policies.
    environment = postgres.environment(postgres.fresh("template1")[0]) if postgres else {}
    server, known = serve(folder, environment, fill)
    try:
        return act(server, known, systems[0], folder)
    finally:
        server.stop()
        if postgres:
            postgres.stop()
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
