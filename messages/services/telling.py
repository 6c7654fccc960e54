"""Telling people of something: a notice inside the service and an e-mail, kept or lost together with the change."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from core.clock import now
from core.ending import insert_at_commit
from core.ids import Id, new_id
from messages.kinds import RULES, MessageKind
from messages.models import WAITING, Message, Notice
from messages.services import delivery


def tell(
    recipients: Iterable[Id],
    kind: MessageKind,
    *,
    area_id: Id | None = None,
    about: tuple[str, Id] | None = None,
    by: date | None = None,
    number: int | None = None,
    overdue: int | None = None,
    key: str | None = None,
) -> None:
    """Tell these people (ids of users; each once) what ``kind`` says, in this transaction; the worker sends the e-mail.

    ``about``: the record, as ("referral", id), that the notice leads to; it never goes into the e-mail. ``by``: the day
    an answer is due. ``number`` and ``overdue``: counts for the kinds whose words have them. ``key``: telling the same
    person twice under one key tells them once; without it every call tells.
    """
    chosen = list(dict.fromkeys(user_id for user_id in recipients if user_id))
    rule = RULES[kind]
    common = {"kind": kind.value, "area_id": area_id, "by_on": by, "created_at": now(), "row_version": 1}
    if rule.notice:
        place = {"object_type": about[0] if about else None, "object_id": about[1] if about else None}
        _add(Notice, [common | place | {"user_id": user_id, "once_key": _once(key, user_id)} for user_id in chosen])
    if rule.letter:
        counts = {"number": number, "overdue": overdue}
        _add(Message, [common | counts | {"user_id": user_id, "once_key": _once(key, user_id)} for user_id in chosen])


def tell_address(address: str, kind: MessageKind, *, area_id: Id | None = None, key: str | None = None) -> None:
    """Send a letter to an address that is no longer (or not yet) an account's. ``key``: as with ``tell``."""
    common = {"kind": kind.value, "area_id": area_id, "created_at": now(), "row_version": 1}
    _add(Message, [common | {"address": address, "once_key": key or new_id()}])


def _once(key: str | None, user_id: Id) -> str:
    return f"{key}|{user_id}" if key else new_id()


def _add(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert at the end of the transaction, leaving out what was told before under the same key."""
    for row in rows:
        first = {"status": WAITING, "attempts": 0, "next_at": now()} if model is Message else {}
        insert_at_commit(model.__tablename__, row | first | {"id": new_id()}, once="once_key")


class Outbox:
    """What packages below this one know of it, through ``core.mail.keep`` (the house: they cannot import it)."""

    def keep(self, kind: str, *, user_id: Id | None, address: str | None, key: str | None, number: int | None) -> None:
        if user_id is not None:
            tell([user_id], MessageKind(kind), key=key, number=number)
        if address is not None:
            tell_address(address, MessageKind(kind))

    def hurry(self) -> None:
        while delivery.send_one():
            pass
