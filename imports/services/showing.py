"""What the pages and files about a list say: its report, and what became of each row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from core.context import current
from core.db import db
from core.languages import gettext as _
from imports.models import ImportRow, ReferralImport, RowStatus
from referrals.models import Referral

SHOWN = 100
NOT_SENT = {
    "age": "Not sent. They must be 10 to 17 on the day you refer",
    "area": "Not sent. The area no longer takes referrals",
    "stopped": "Not sent. Sending had stopped",
}
STOPPED = {
    "membership": "Your role for this agency has ended.",
    "agreement": "Your agency has no agreement in date.",
    "training": "Your training has run out.",
    "fault": "Something went wrong on our side.",
}


@dataclass(frozen=True, slots=True)
class Report:
    """``mistakes``: row number, column, what to do."""

    mistakes: list[tuple[int, str, str]]
    not_read: list[str]

    @property
    def by_column(self) -> list[tuple[str, int]]:
        return Counter(column for _row, column, _what in self.mistakes).most_common()

    @property
    def rows_wrong(self) -> int:
        return len({row for row, _column, _what in self.mistakes})


def report_of(made: ReferralImport) -> Report:
    current().looked_at("referral_import", made.id)
    kept = made.report or {}
    mistakes = [(one["row"], one["column"], one["what"]) for one in kept.get("mistakes", [])]
    return Report(mistakes, kept.get("not_read", []))


def report_lines(made: ReferralImport) -> list[Sequence[Any]]:
    return [("Row", "Column", "What to do"), *report_of(made).mistakes]


def rows_again(made: ReferralImport) -> list[int]:
    """The numbers of rows that may be about somebody who was referred before."""
    again = select(ImportRow.row_number).where(ImportRow.import_id == made.id, ImportRow.is_again)
    return list(db.session.scalars(again.order_by(ImportRow.row_number)))


def results(made: ReferralImport, most: int | None = None) -> list[tuple[int, str, str]]:
    """Row number, reference, and what became of the row, without a name."""
    rows = db.session.execute(
        select(ImportRow.row_number, ImportRow.status, ImportRow.reason_code, Referral.reference)
        .outerjoin(Referral, Referral.id == ImportRow.referral_id)
        .where(ImportRow.import_id == made.id)
        .order_by(ImportRow.row_number)
        .limit(most)
    )
    return [(row.row_number, row.reference or "", _became(row)) for row in rows]


def _became(row: Any) -> str:
    if row.status == RowStatus.NOT_MADE.value:
        return _(NOT_SENT.get(row.reason_code, "Not sent"))
    if row.status == RowStatus.WAITING.value:
        return _("Waiting")
    return _("Sent") if row.reference else _("Made into a draft")


def result_lines(made: ReferralImport) -> list[Sequence[Any]]:
    return [("Row", "Reference", "What became of it"), *results(made)]
