"""Every text of the product and its Welsh: collect, update, compile. `python -m tools.translations` does all three.

Texts are found in three ways: in templates by `_`, `_n` and `{% trans %}`; in Python by `_`, `gettext` and `ngettext`;
and, in forms, code lists and the like, as plain English that is looked up where it is shown (`said`).
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "translations/cy/LC_MESSAGES/messages.po"
MO = PO.with_suffix(".mo")
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "_n": (1, 2), "ngettext": (1, 2)}
HEADER = """\
# Welsh for the pages of the public and of those who refer.
# It has not yet been read by a Welsh speaker who knows this work: have it read before you offer it to people.
#"""
PACKAGES = (
    "core", "config", "accounts", "messages", "files", "sharing", "cohort", "referrals", "imports", "interventions",
    "invited", "panels", "rights", "desk", "oversight", "audit",
)  # fmt: skip
# Plain English that is looked up where it is shown stands anywhere in a package that has pages, but not in these.
SILENT_FILES = (
    "*commands*.py", "core/*.py", "config/*.py", "policies.py", "loading.py", "acting.py", "looking.py", "accounts/models.py",
    "panels/models/*.py", "accounts/sessions.py", "accounts/services/totp.py", "accounts/services/sign_in.py",
    "accounts/services/devices.py", "accounts/services/challenges.py", "accounts/services/own_account.py",
    "audit/chain.py", "audit/engine.py", "audit/notes.py", "audit/proofs.py", "audit/services.py", "audit/retention.py",
    "audit/signing.py", "audit/verify.py", "audit/verify_export.py", "audit/triggers.py", "audit/checkpoints.py",
    "audit/anchors.py", "audit/watch/relationships.py", "desk/health.py", "desk/stores.py", "files/storage.py",
    "files/services/checking.py",
    "imports/columns.py", "interface/openapi.py", "interface/schemas.py", "interface/fields.py", "interface/reading.py",
    "interface/views/referrals.py", "interface/views/token.py",
)  # fmt: skip
SPOKEN_IN_CORE = ("core/script_words.py", "core/codes/*.py", "core/held_forms.py", "core/access.py")
# Names, SQL and words for operators; never for a page.
SILENT_CALLS = {
    "examining", "acting_as", "text", "CheckConstraint", "Index", "UniqueConstraint", "comment", "every", "option", "info",
    "warning", "error", "exception", "compile", "get", "column", "table", "label", "relationship", "getLogger", "strftime",
    "startswith", "endswith", "removeprefix", "url_for", "render_template", "set_cookie", "field", "job",
}  # fmt: skip
SILENT_NAMES = {"render_kw", "classes", "pattern", "comment", "samesite", "job"}

ACCOUNT_PAGES = (
    "account", "add_app", "add_passkey", "again", "ceremonies", "change_password", "choose_role",
    "demonstration_accounts", "forgotten_password", "home", "invitation", "kept", "link_spent", "name_factor", "no_role",
    "not_allowed", "organisation_failed", "other_contact", "recovery", "recovery_codes", "recovery_codes_made",
    "reset", "reset_asked", "second", "security", "set_up", "sign_in", "signed_out",
)  # fmt: skip
INVITED_PAGES = (
    "_family", "_numbers_for_families", "ask", "ask_call", "ask_danger", "ask_questions", "ask_sent", "ask_who",
    "call_now", "choose_area", "confirm", "danger", "eligible", "open", "other_help", "over", "page", "sent", "tasks",
)  # fmt: skip
# What must be whole in Welsh: the public's and the referrer's pages, and the words behind them.
COMPLETE_TEMPLATES = (
    "layouts/*", "components/*", "public/*", "errors/*", "messages/*", "imports/*", "files/_list.html", "desk/home.html",
    "desk/_sent.html", *(f"invited/{name}.html" for name in INVITED_PAGES),
    *(f"accounts/{name}.html" for name in ACCOUNT_PAGES),
    "referrals/[!ts_]*.html", "referrals/_numbers.html", "referrals/sent.html", "referrals/section.html",
    "referrals/tasks.html", "referrals/questions/*", "referrals/sections/*",
)  # fmt: skip
COMPLETE_PYTHON = (
    "core/forms.py", "core/formats.py", "core/tables.py", "core/working_days.py", "core/held_forms.py",
    "core/script_words.py", "core/codes/base.py",
    "core/codes/people.py", "core/codes/concerns.py", "core/codes/events.py", "core/codes/referrals.py",
    "core/codes/files.py", "core/codes/decisions.py:WithdrawalReason", "accounts/forms.py", "accounts/roles.py",
    "accounts/services/passwords.py", "accounts/views/entering.py", "accounts/views/account.py",
    "accounts/views/doors.py", "accounts/views/security.py", "accounts/views/organisations.py",
    "accounts/views/homes.py", "accounts/services/homes.py",
    "messages/letters.py", "messages/forms.py", "messages/views.py", "files/forms.py", "files/limits.py",
    "referrals/answers.py", "referrals/forms/base.py", "referrals/forms/person.py",
    "referrals/forms/story.py", "referrals/forms/helping.py", "referrals/forms/starting.py",
    "referrals/forms/tracking.py", "referrals/views/drafting.py", "referrals/views/referring.py",
    "referrals/views/sections.py", "referrals/views/tracking.py", "referrals/views/files.py",
    "referrals/views/answering.py", "referrals/services/sending.py",
    "imports/cells.py", "imports/checking.py", "imports/columns.py", "imports/forms.py", "imports/limits.py", "imports/models.py",
    "imports/reading.py", "imports/workbooks.py", "imports/services/showing.py", "imports/services/uploading.py",
    "panels/services/decisions.py:READY_WORDS", "core/codes/invited.py", "invited/forms.py", "invited/forms_families.py",
)  # fmt: skip
_NOT_WORDS = re.compile(
    r"govuk-|app-|^[a-z0-9_/.,-]*$|^[A-Z0-9_]+$|^[a-z]+(-[a-z0-9]+)+|^[^A-Za-z]*$|[{}<>]|^\S*[/=]\S*$|\\"
    r"|^%[A-Za-z](?!\()|^\w*[a-z][A-Z]\w*$|^[#*\"]|^(select|insert|update|delete) "
)


@dataclass(frozen=True)
class Found:
    """One text where it stands; ``text`` is a pair for those that differ with a number."""

    path: str
    text: str | tuple[str, str]

    @property
    def key(self) -> str:
        return self.text if isinstance(self.text, str) else self.text[0]


def everything() -> Iterator[Found]:
    """Every text, file by file."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield from in_template(path)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield from in_python(path)


def complete() -> Iterator[Found]:
    """The texts that must be there in Welsh."""
    for path in complete_templates():
        yield from in_template(path)
    for name in COMPLETE_PYTHON:
        path, _, inside = name.partition(":")
        if (ROOT / path).exists():
            yield from in_python(ROOT / path, inside)


def complete_templates() -> list[Path]:
    folder = ROOT / "templates"
    return sorted({path for pattern in COMPLETE_TEMPLATES for path in folder.glob(pattern) if path.suffix == ".html"})


def in_template(path: Path) -> Iterator[Found]:
    with path.open("rb") as file:
        for _line, name, text, _comments in babel_extract(file, list(KEYWORDS), [], {"trimmed": "true"}):
            if found := _text(name, text):
                yield Found(str(path.relative_to(ROOT)), found)


def in_python(path: Path, inside: str = "") -> Iterator[Found]:
    """``inside``: only the words of this class or constant."""
    name, tree = str(path.relative_to(ROOT)), ast.parse(path.read_text())
    if inside:
        tree.body = [node for node in tree.body if inside in (getattr(node, "name", ""), _target(node))]
    else:
        yield from _marked(path, name)
    if is_spoken(path):
        yield from (Found(name, words) for words in _words(tree))


def _target(node: ast.AST) -> str:
    """The name that an annotated constant gets."""
    return ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else ""


def _marked(path: Path, name: str) -> Iterator[Found]:
    with path.open("rb") as file:
        for _line, function, text, _comments in extract_python(file, list(KEYWORDS), [], {}):
            if found := _text(function, text):
                yield Found(name, found)


def is_spoken(path: Path) -> bool:
    """Whether plain English of this module may be looked up where it is shown."""
    if any(path.match(pattern) for pattern in SPOKEN_IN_CORE):
        return True
    return not any(path.match(pattern) for pattern in SILENT_FILES)


def _text(function: str | None, text: object) -> str | tuple[str, str] | None:
    """The first argument, and for a number the first two; none where it is not written out there."""
    parts = list(text) if isinstance(text, tuple | list) else [text]
    if function in {"_n", "ngettext"} and isinstance(parts[0], str) and isinstance(parts[1], str):
        return parts[0], parts[1]
    return parts[0] if isinstance(parts[0], str) and parts[0] else None


def _words(tree: ast.AST) -> Iterator[str]:
    """The strings that people read: not docstrings, names, classes of styles or parts of f-strings."""
    for node in shown(tree, whole=True):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not _NOT_WORDS.search(node.value):
            yield node.value


def shown(tree: ast.AST, *, whole: bool = False) -> Iterator[ast.AST]:
    """Every node that may hold what a page says. ``whole``: not what stands inside an f-string."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Assert) or _is_docstring(node) or _is_marked(node) or _is_silent(node):
            continue
        if (isinstance(node, ast.keyword) and node.arg in SILENT_NAMES) or (whole and isinstance(node, ast.JoinedStr)):
            continue
        yield node
        yield from shown(node, whole=whole)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_marked(node: ast.AST) -> bool:
    """Found already, by its `_`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS


def _is_silent(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SILENT_CALLS


def read() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="cy")


def collected() -> Catalog:
    catalog = Catalog(locale="cy", charset="utf-8")
    for found in everything():
        catalog.add(found.text, locations=[(found.path, 0)])
    return catalog


def update() -> Catalog:
    """What is new comes in without Welsh, what is gone goes; nothing is guessed."""
    catalog = read()
    catalog.update(collected(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.header_comment = HEADER
    with PO.open("wb") as file:
        write_po(file, catalog, width=120, sort_by_file=True, include_lineno=False, omit_header=False)
    return catalog


def compiled(catalog: Catalog) -> None:
    with MO.open("wb") as file:
        write_mo(file, catalog)


def missing(catalog: Catalog) -> list[Found]:
    """Texts of the public's and the referrer's pages without Welsh, or with Welsh that somebody must look at."""
    lacking, seen = [], set()
    for found in complete():
        message = catalog.get(found.key)
        whole = message is not None and not message.fuzzy and message.string and all(_forms(message.string))
        if not whole and found.key not in seen:
            lacking.append(found)
            seen.add(found.key)
    return lacking


def _forms(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


def main() -> int:
    """Exit 1 when the pages that must be whole are not."""
    catalog = update()
    compiled(catalog)
    lacking = missing(catalog)
    for found in lacking:
        print(f"{found.path}: {found.key}")
    print(f"{len(lacking)} texts of the public's and the referrer's pages lack their Welsh.")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
