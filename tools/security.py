"""`make security`: static checks, known flaws of libraries, and two attackers over a signed-in crawl of a running instance."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.journeys.conftest import serve
from tests.support.browser import Server
from tests.support.installation import Known
from tests.support.visitor import Visitor

ROOT = Path(__file__).resolve().parent.parent
ATTACKERS = ROOT / ".venv-security" / "bin"
PRODUCT = ("app.py", "wsgi.py", "accounts", "audit", "cohort", "config", "core", "demo", "desk", "files",
           "interventions", "messages", "oversight", "panels", "referrals", "sharing")  # fmt: skip
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
    ("core/row_rules.py", "B608"): "names of our own tables and columns",
    ("core/tables.py", "B704"): "every part is fixed or escaped",
    ("messages/kinds.py", "B105"): "the name of a kind of message",
    ("panels/views/case_page.py", "B704"): "what a macro escaped",
    ("demo", "B311"): "invented people need no secret chance",
    ("demo", "B404"): "starts our own commands",
    ("demo", "B603"): "starts our own commands",
    ("demo", "B606"): "starts our own commands",
}
SECONDS = int(os.environ.get("SECURITY_SECONDS", "600"))


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
    """pip-audit asks an advisory service; where that cannot be reached, the report says that this was not checked."""
    done = subprocess.run(
        [str(ATTACKERS / "pip-audit"), "--require-hashes", "--disable-pip", "-r", "requirements.lock", "-f", "json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        return ["NOT CHECKED: the advisory service cannot be reached from here"]
    return [f"{one['name']} {one['version']}: {flaw['id']}" for one in answer["dependencies"] for flaw in one["vulns"]]


def wapiti(address: str, cookie: str, role: str, folder: Path) -> list[str]:
    """Crawl and attack as one person; findings above informational."""
    report = folder / f"wapiti-{role}.json"
    ended = [part for name in ENDS_THE_VISIT for part in ("-x", f"{address}/{name}")]
    subprocess.run(
        [str(ATTACKERS / "wapiti"), "-u", f"{address}/", "-H", f"Cookie: session={cookie}", "-m", MODULES, *ended,
         "--max-scan-time", str(SECONDS), "--max-attack-time", str(max(SECONDS // 8, 10)), "-d", "3", "-S", "normal",
         "--max-links-per-page", "60", "-f", "json", "-o", str(report), "--flush-session", "--store-session", str(folder),
         "--no-bugreport", "--verify-ssl", "0", "--tasks", "4"],
        capture_output=True, text=True, check=False, timeout=SECONDS * 6,
    )  # fmt: skip
    told = json.loads(report.read_text())
    return [
        f"{kind} ({role}): {one['method']} {one['path']} {one['info']}"
        for section in ("vulnerabilities", "anomalies")
        for kind, found in told[section].items()
        for one in found
        if one["level"] > INFORMATIONAL and not any(words in one["info"] for words in ONLY_LOCAL)
    ]


def sqlmap(address: str, cookie: str, role: str, folder: Path) -> list[str]:
    """Every form and parameter that a crawl of depth two finds."""
    done = subprocess.run(
        [str(ATTACKERS / "sqlmap"), "-u", f"{address}/", "--cookie", f"session={cookie}", "--crawl=2", "--forms",
         "--crawl-exclude", "|".join(ENDS_THE_VISIT), "--batch", "--smart", "--csrf-token", "csrf_token",
         "--disable-coloring", "--output-dir", str(folder / f"sqlmap-{role}"), "--time-limit", str(SECONDS)],
        capture_output=True, text=True, check=False, timeout=SECONDS * 6,
    )  # fmt: skip
    (folder / f"sqlmap-{role}.log").write_text(done.stdout)
    return [f"{line} ({role})" for line in re.findall(r"Parameter: .+|.+is vulnerable.+", done.stdout)]


def broken(server: Server) -> list[str]:
    """Answers of 500 that the server's own log tells of."""
    return sorted({
        line for line in server.log.read_text(errors="replace").splitlines() if '"unexpected"' in line
    })  # fmt: skip


def attack(server: Server, known: Known, folder: Path) -> list[str]:
    found = []
    for role in ROLES:
        for attacker in (wapiti, sqlmap):
            visitor = Visitor(server.address).sign_in(known.emails[f"{role}@reading"])
            print(f"  {attacker.__name__} as {role} ...", flush=True)
            found += attacker(server.address, visitor.cookies["session"], role, folder)
    return found + [f"500: {line}" for line in broken(server)]


def running(act: Callable[[Server, Known, Path], list[str]]) -> list[str]:
    """Act on a small installation that holds a record of everything."""
    from tests.factories import world

    folder = Path(tempfile.mkdtemp(prefix="security-"))
    server, known = serve(folder, {}, world.make)
    try:
        return act(server, known, folder)
    finally:
        server.stop()
        if not os.environ.get("KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    steps: dict[str, Callable[[], Any]] = {
        "code (bandit)": code, "libraries (pip-audit)": libraries, "attacks (wapiti, sqlmap)": lambda: running(attack),
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
