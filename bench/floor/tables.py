"""Copies of the product's tables for the floor to write: column by column and index by index, without walls.

No keys to other tables, no policies, no triggers. So both sides of a ratio write the same rows.
"""

from sqlalchemy import Column, Connection, Index, MetaData, Table, UniqueConstraint, func, insert, select

COPIED = (
    "audit_entry", "audit_seal", "audit_subject", "case_note", "timeline_entry", "referral", "referral_draft", "notice",
    "message", "stored_search",
)  # fmt: skip
# The floor answers more often than the product, and uses up a draft each time.
DRAFTS_FOR_EACH = "123"


def make(connection: Connection, ours: MetaData) -> None:
    """Create the copies, and give the floor its finished drafts."""
    floor = MetaData()
    for name in COPIED:
        _copy(ours.tables[name], floor)
    floor.create_all(connection)
    drafts, theirs = ours.tables["referral_draft"], floor.tables["floor_referral_draft"]
    for sign in DRAFTS_FOR_EACH:
        columns = [sign + func.substr(column, 2) if column.name == "id" else column for column in drafts.columns]
        connection.execute(insert(theirs).from_select(list(drafts.columns.keys()), select(*columns)))


def drafts_of_floor(drafts: list[str]) -> list[str]:
    return [sign + draft[1:] for sign in DRAFTS_FOR_EACH for draft in drafts]


def _copy(table: Table, floor: MetaData) -> None:
    columns = [Column(c.name, c.type, primary_key=c.primary_key, autoincrement=False) for c in table.columns]
    copy = Table(f"floor_{table.name}", floor, *columns)
    for index in table.indexes:
        Index(f"floor_{index.name}", *(copy.c[column.name] for column in index.columns), unique=index.unique)
    for one in table.constraints:
        if isinstance(one, UniqueConstraint):
            names = [column.name for column in one.columns]
            Index(f"floor_{table.name}_{'_'.join(names)}", *(copy.c[name] for name in names), unique=True)
