"""For whom the database is asked, worked out in the very statement that says who is acting: no trip more."""

import json
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, case, func, literal_column

from accounts.models import Membership, User
from accounts.roles import ROLES
from core.access import Permission as P
from core.ids import Id
from core.row_security import Viewer


def _holding(*permissions: P) -> str:
    """The roles with any of these permissions, as SQL writes a list."""
    roles = [role.value for role, rules in ROLES.items() if set(permissions) & rules.permissions]
    return ", ".join(f"'{role}'" for role in roles) or "''"


# Who acts for no single area sees them all by their list, where the role reads records, figures or the trail.
_AREAS = (
    "case when membership.area_id is not null then membership.area_id"  # noqa: S608 (our own roles, nobody's words)
    " when membership.district_id is not null"
    " then (select d.area_id from district d where d.id = membership.district_id)"
    f" when membership.role in ({_holding(P.FORCE_REPORT_READ, P.AUDIT_READ, P.SHARING_READ)})"
    " then (select {together}(a.id, ',') from area a) || ',system' else '' end"
)
_AGENCY = f"case when membership.role in ({_holding(P.REFERRAL_READ_AGENCY)}) then membership.agency_id else '' end"
# A referrer sees only what they sent themselves: nothing of that is closed to them.
_READING = tuple(permission for permission in P if permission not in {P.REFERRAL_SEND, P.REFERRAL_IMPORT})
_OPENS = (
    f"case when membership.role in ({_holding(P.SENSITIVITY_OVERSEE)}) then 'all'"
    f" when membership.role in ({_holding(*_READING)}) then 'named' else '' end"
)
_ON_POSTGRESQL = f"enter_rows(sign_in_session.user_id, {_AGENCY}, {_AREAS.format(together='string_agg')}, {_OPENS})"
# What ``enter_rows`` works out on PostgreSQL.
_CLOSED_TO_ME = (
    "from young_person y where y.sensitivity <> 'normal' and y.sensitivity = '{level}'"
    " and {opens} and instr(',' || ({areas}) || ',', ',' || y.area_id || ',') > 0 and not exists"
    " (select 1 from named_person n where n.young_person_id = y.id and n.user_id = sign_in_session.user_id)"
)
_ON_SQLITE = (  # noqa: S608
    "json_object('areas', {areas}, 'hidden', (select group_concat(y.id, ',') {hidden}), 'restricted', json("
    "(select json_group_object(y.id, coalesce((select u.name from user_account u where u.id = y.ask_id), ''))"
    " {restricted})))"
).format(
    areas=(_areas := _AREAS.format(together="group_concat")),
    hidden=_CLOSED_TO_ME.format(level="hidden", areas=_areas, opens=f"({_OPENS}) <> 'all'"),
    restricted=_CLOSED_TO_ME.format(level="restricted", areas=_areas, opens=f"({_OPENS}) = 'named'"),
)


def looking(dialect: str) -> ColumnElement[Any]:
    """A column of the session's statement: what its person may see, set up for this transaction as it is read."""
    in_date = and_(
        User.active, Membership.is_active, Membership.valid_from <= bindparam("day"),
        func.coalesce(Membership.valid_to, bindparam("day")) >= bindparam("day"),
    )  # fmt: skip
    made = literal_column(_ON_POSTGRESQL if dialect == "postgresql" else _ON_SQLITE, String)
    return case((in_date, made)).label("looking")


def viewer_of(user_id: Id, found: str | None) -> Viewer:
    """The viewer whom ``looking`` found; ``found`` is its JSON."""
    said = json.loads(found or "{}")
    return Viewer(
        user_id=user_id, agency_id=said.get("agency") or "", areas=_ids(said.get("areas")),
        hidden=frozenset(_ids(said.get("hidden"))), restricted=MappingProxyType(said.get("restricted") or {}),
    )  # fmt: skip


def _ids(joined: str | None) -> tuple[Id, ...]:
    return tuple(joined.split(",")) if joined else ()
