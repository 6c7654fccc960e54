"""Pages of oversight: numbers only, and no link on them ever leads to a young person."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.models import District
from audit.models import Event
from core.access import Permission, requires, signed_in
from core.clock import today
from core.context import current
from core.db import db
from oversight import policies, services
from oversight.periods import chosen, finished, running

P = Permission
bp = Blueprint("oversight", __name__)


@bp.route("/oversight")
@requires(P.AREA_REPORT_READ, P.FORCE_REPORT_READ)
def overview() -> ResponseReturnValue:
    """One's own area, one's own district, or the board."""
    actor = signed_in()
    if policies.sees_force(actor):
        return redirect(url_for(".board"))
    if actor.can(P.AREA_REPORT_READ) and actor.area_slug:
        return redirect(url_for(".area", slug=actor.area_slug))
    district = db.session.get(District, actor.district_id) if actor.district_id else None
    if district is None:
        abort(403)
    return redirect(url_for(".district", slug=district.slug))


@bp.route("/oversight/areas/<slug>")
@requires(P.AREA_REPORT_READ, P.FORCE_REPORT_READ, reads=Event.REPORT_READ)
def area(slug: str) -> ResponseReturnValue:
    actor = signed_in()
    found = policies.find_area(actor, slug)
    current().looked_at("area", found.id)
    whole = policies.sees_whole_figures(actor, found)
    periods = running(today()) if whole else finished(today())
    period = chosen(periods, request.args.get("period"))
    if whole:
        report = services.area_report(found, period, workload=actor.can(P.WORKLOAD_READ))
    else:
        report = services.guarded_report(found, period)
    return render_template(
        "oversight/area.html", name=found.name, report=report, period=period, periods=periods, whole=whole,
        action=url_for(".area", slug=slug), back=url_for(".board") if policies.sees_force(actor) else None,
    )  # fmt: skip


@bp.route("/oversight/board")
@requires(P.FORCE_REPORT_READ, reads=Event.REPORT_READ)
def board() -> ResponseReturnValue:
    if not policies.sees_force(signed_in()):
        g.denied = "action"
        abort(403)
    current().looked_at("board", "all")
    periods = finished(today())
    period = chosen(periods, request.args.get("period"))
    return render_template("oversight/board.html", board=services.board(period), period=period, periods=periods)


@bp.route("/oversight/csp/<slug>")
@requires(P.FORCE_REPORT_READ, reads=Event.REPORT_READ)
def district(slug: str) -> ResponseReturnValue:
    """A community safety partnership's own district."""
    found = policies.find_district(signed_in(), slug)
    current().looked_at("district", found.id)
    periods = finished(today())
    period = chosen(periods, request.args.get("period"))
    return render_template(
        "oversight/area.html", name=found.name, report=services.district_report(found, period), period=period,
        periods=periods, whole=False, action=url_for(".district", slug=slug), back=None,
    )  # fmt: skip
