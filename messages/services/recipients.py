"""Whom to tell: everybody who holds a permission in an area today."""

from sqlalchemy import or_

from accounts.models import Membership, User
from accounts.roles import ROLES
from accounts.services.memberships import in_date
from core.access import Permission
from core.db import db
from core.ids import Id


def holders(permission: Permission, area_id: Id | None, *, but: Id | None = None) -> list[Id]:
    """Ids of the people whose role in this area (or in the whole force) holds the permission, ``but`` one."""
    roles = [role.value for role, rules in ROLES.items() if permission in rules.permissions]
    here = or_(Membership.area_id == area_id, Membership.area_id.is_(None))
    statement = in_date().join(User, User.id == Membership.user_id).where(Membership.role.in_(roles), here, User.active)
    found = db.session.scalars(statement.with_only_columns(Membership.user_id).distinct())
    return sorted({user_id for user_id in found if user_id != but})
