"""Write `docs/data-dictionary.md` from the models and `docs/roles.md` from the role table: `python -m tools.data_dictionary`."""

import base64
import inspect
import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Date, Integer, LargeBinary, String, Table, Text

from core.crypto import Encrypted
from core.db import Audited, Base, Moment
from tests.house.test_models import CLEAR, CODES, is_code
from tools.input_rules import input_rules_page
from tools.roles_table import roles_page
from tools.routes_table import routes_page

ROOT = Path(__file__).resolve().parent.parent
# Modules that hold models, in the order of the house: the floor last.
MODULES = {
    "accounts": "accounts.models accounts.credentials",
    "messages": "messages.models",
    "audit": "audit.models audit.decoys audit.watch.models",
    "cohort": "cohort.models",
    "files": "files.models",
    "referrals": "referrals.models",
    "panels": "panels.models",
    "interventions": "interventions.models",
    "interface": "interface.models",
    "sharing": "sharing.models",
    "rights": "rights.models",
    "desk": "desk.models",
    "core": "core.drafts core.held_forms core.submissions core.jobs",
}
# Citations of the settled points stand in the code; here they would only be in the way.
CITATION = re.compile(r"\s*\((?:SETTLED|DOMAIN|SECURITY-DESIGN|PAGES)[^)]*\)")
INTRODUCTION = """# Data dictionary

Written from the models by `make docs`; a test fails when it is not current. Do not edit it by hand.

- **sealed**: encrypted before it reaches the database, under the key of the person (or draft, meeting, upload) it is about;
  stored in a binary column whose name ends in `_sealed`. The length is that of the text before sealing.
- **code**: a value from a list in `core/codes/`, or a reference drawn at random.
- **id**: 130 random bits, written as 26 letters and digits. It says nothing by itself.
- **clear**: readable in the database, with the reason. Dates, numbers and yes-or-no values are clear because lists,
  clocks and figures are worked out from them.
- **audited**: a change of the record without an audit entry does not commit.

The database of keys is at the end.
"""
TYPES: tuple[tuple[type, str], ...] = (
    (Moment, "moment (UTC)"),
    (Text, "text"),
    (JSON, "list or map"),
    (LargeBinary, "bytes"),
    (Boolean, "yes or no"),
    (Date, "date"),
    (Integer, "number"),
)


def type_words(column: Any) -> str:
    """The column's type as a reader of the dictionary would say it."""
    for kind, words in TYPES:
        if isinstance(column.type, kind):
            return words
    if isinstance(column.type, String):
        return f"text, {column.type.length}" if column.type.length else "text"
    return str(column.type).lower()


def _points_to(column: Any) -> str:
    keys = sorted(key.target_fullname for key in column.foreign_keys)
    return f"id of [{keys[0].split('.')[0]}](#{keys[0].split('.')[0]})" if keys else ""


def _kind(table: str, column: Any) -> tuple[str, str]:
    """How it is stored (id, code, clear) and why, in words."""
    name = f"{table}.{column.name}"
    pointed = _points_to(column)
    if pointed:
        return "id", pointed
    if column.name == "id" or (column.name.endswith("_id") and isinstance(column.type, String)):
        told = {"id": "its own", "data_key_id": "the data key that its sealed fields are under"}
        return "id", told.get(column.name, "")
    if column.name == "row_version":
        return "clear", "goes up by one with each change"
    if isinstance(column.type, String | LargeBinary | JSON):
        reason = CLEAR.get(name) or CLEAR.get(table)
        if reason and reason is not CODES:
            return "clear", reason
        return ("code", "") if reason or is_code(column.name) else ("clear", "")
    return "clear", ""


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _sealed_words(field: Encrypted) -> str:
    return {"date": "date", "json": f"list or map, {field.max_length}"}.get(field.kind, f"text, {field.max_length}")


def _place(column: Any) -> int:
    """The id first, what every record has last, the rest as the model orders it."""
    return {"id": -1, "created_at": 1, "row_version": 2}.get(column.name, 0)


def _rows(table: Any, sealed: dict[str, Encrypted]) -> Iterator[str]:
    columns = {field.column: field for field in sealed.values()}
    for column in sorted(table.columns, key=_place):
        empty = "may be empty" if column.nullable else ""
        if column.name in columns:
            field = columns[column.name]
            yield _row(f"`{field.name}`", _sealed_words(field), "**sealed**", empty, "")
        else:
            kind, why = _kind(table.name, column)
            yield _row(f"`{column.name}`", type_words(column), kind, empty, CITATION.sub("", why))


def _table(model: Any) -> Iterator[str]:
    told = CITATION.sub("", " ".join(inspect.cleandoc(vars(model).get("__doc__") or "").split()))
    yield f"\n### {model.__tablename__}\n"
    marks = [f"`{model.__name__}`"] + (["audited"] if issubclass(model, Audited) else [])
    yield f"{told} ({', '.join(marks)})\n"
    yield _row("Field", "Type", "Stored", "Empty", "What to know")
    yield "|---|---|---|---|---|"
    yield from _rows(model.__table__, getattr(model, "__sealed_fields__", {}))


def _key_table(table: Table) -> Iterator[str]:
    yield f"\n### {table.name}\n"
    yield _row("Field", "Type", "Empty", "What to know")
    yield "|---|---|---|---|"
    for column in table.columns:
        yield _row(
            f"`{column.name}`", type_words(column), "may be empty" if column.nullable else "", column.comment or ""
        )


def _models(package: str) -> list[Any]:
    for module in MODULES[package].split():
        import_module(module)
    found = [m.class_ for m in Base.registry.mappers if m.class_.__module__.partition(".")[0] == package]
    return sorted(found, key=lambda model: str(model.__tablename__))


def dictionary() -> str:
    """The whole page."""
    from core.keystore import metadata as keys

    for names in MODULES.values():
        for name in names.split():
            import_module(name)
    lines = [INTRODUCTION]
    for package in MODULES:
        lines.append(f"\n## {package}")
        for model in _models(package):
            lines += _table(model)
    lines.append("\n## The database of keys\n")
    lines.append(
        "A database of its own. It holds wrapped keys only: without the root key nothing in it opens anything."
    )
    for table in keys.sorted_tables:
        lines += _key_table(table)
    return "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    """Each page that is written from the code, by its path."""
    docs = ROOT / "docs"
    return {
        docs / "data-dictionary.md": dictionary(), docs / "roles.md": roles_page(),
        docs / "input-rules.md": input_rules_page(),
    }  # fmt: skip


def write_routes() -> None:
    """The table of addresses needs the whole application; it runs on keys made up for the moment."""
    settings = {"DEMONSTRATION": "1", "KEY_PROVIDER": "env", "ROOT_KEYS": base64.b64encode(os.urandom(32)).decode()}
    os.environ.update(settings)
    from app import create_app

    (ROOT / "docs" / "routes.md").write_text(routes_page(create_app()), encoding="utf-8")


def main() -> None:
    write_routes()
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(f"Wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
