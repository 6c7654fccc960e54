"""Figures are counted anew once something has changed, not for everyone who looks.

Every change of personal data leaves its entry in the chain of its area, so the last such entry says whether figures still
hold. What has no entry there, such as the name of a colleague, is at most ``FRESH`` old.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import and_, select

from audit.models import Action, AuditEntry
from core.clock import now, today
from core.db import db
from core.ids import Id
from core.languages import language
from core.row_security import viewer

Figures = TypeVar("Figures")
FRESH = timedelta(minutes=1)
MOST = 500
_LOOKING = (
    Action.READ, Action.LIST, Action.SEARCH, Action.EXPORT, Action.PRINT, Action.LOGIN, Action.LOGOUT, Action.DENIED,
)  # fmt: skip
_changes = and_(*(AuditEntry.event.not_like(f"{action.value}:%") for action in _LOOKING))


def counted_once(what: Sequence[Any], areas: Iterable[Id], count: Callable[[], Figures]) -> Figures:
    """What ``count`` returned for ``what`` when the areas were as they are now, to someone who may see as much."""
    kept: dict[Any, Any] = current_app.extensions.setdefault("figures", {})
    seen_by = frozenset(viewer().hidden)
    key = (*what, _last_changes(areas), seen_by, language(), today())
    found = kept.get(key)
    if found is None or now() - found[0] > FRESH:
        if len(kept) >= MOST:
            kept.clear()
        found = kept[key] = (now(), count())
    figures: Figures = found[1]
    return figures


def _last_changes(areas: Iterable[Id]) -> tuple[int | None, ...]:
    """The sequence of the newest change in each area's chain, in one statement."""
    newest = select(AuditEntry.seq).where(_changes).order_by(AuditEntry.seq.desc()).limit(1)
    asked = [newest.where(AuditEntry.chain == area).scalar_subquery() for area in areas]
    return tuple(db.session.execute(select(*asked)).one()) if asked else ()
