"""Read-only pages: what each role may do, areas with their districts, agencies."""

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import aliased

from accounts.models import Agency, Area, District
from accounts.permission_words import WORDS
from accounts.roles import ROLES
from accounts.views import bp
from core.access import Permission, requires
from core.codes import label_of
from core.codes.agencies import AgencyKind
from core.db import db


@bp.get("/admin/roles")
@requires(Permission.ROLES_READ)
def role_table() -> ResponseReturnValue:
    return render_template("accounts/roles.html", roles=list(ROLES.values()), words=WORDS)


@bp.get("/admin/areas")
@requires(Permission.ACCOUNT_MANAGE, Permission.ROLES_READ)
def area_list() -> ResponseReturnValue:
    areas = db.session.scalars(select(Area).order_by(Area.name)).all()
    districts = db.session.scalars(select(District).order_by(District.name)).all()
    names = {area.id: area.name for area in areas}
    return render_template("accounts/areas.html", areas=areas, districts=districts, names=names)


@bp.get("/admin/agencies")
@requires(Permission.ACCOUNT_MANAGE, Permission.ROLES_READ)
def agency_list() -> ResponseReturnValue:
    follows = aliased(Agency)
    rows = db.session.execute(
        select(
            Agency.name, Agency.kind, Agency.is_provider, Agency.valid_from, Agency.valid_to,
            Area.name.label("area"), follows.name.label("successor"),
        )
        .outerjoin(Area, Area.id == Agency.area_id)
        .outerjoin(follows, follows.id == Agency.successor_id)
        .order_by(Area.name.is_not(None), Area.name, Agency.name)
    ).all()  # fmt: skip
    return render_template("accounts/agencies.html", agencies=rows, kind_of=lambda kind: label_of(AgencyKind, kind))
