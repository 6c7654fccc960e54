"""Unusual access: what waits for somebody else to look at it, and the review. Nobody's own is among it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from audit.services import SYSTEM_CHAIN
from audit.views import bp, names
from audit.views.forms_watch import ReviewForm
from audit.watch import alerts
from audit.watch.alerts import Line
from core.access import Actor, Permission, requires, signed_in
from core.codes.alerts import AlertOutcome
from core.context import current
from core.ids import Id
from core.languages import gettext as _
from core.paging import page_number
from messages.services import notices
from messages.services.notices import Place

P = Permission


@bp.get("/audit/alerts")
@requires(P.AUDIT_READ, reads=Event.ALERTS_READ, purpose="audit_review")
def alert_list() -> ResponseReturnValue:
    actor = signed_in()
    reviewed = request.args.get("show") == "reviewed"
    lines, paging = alerts.listed(actor, page_number(request.args.get("page")), reviewed=reviewed)
    current().looked_at("access_alert", "list")
    current().detail["rows"] = len(lines)
    chains = names.chains_of(actor)
    return render_template(
        "audit/alerts.html", lines=lines, paging=paging, reviewed=reviewed, several=len(chains.ids) > 1,
        area=lambda line: chains.name(line.alert.area_id or SYSTEM_CHAIN),
        url=lambda page: url_for(".alert_list", show="reviewed" if reviewed else None, page=page),
    )  # fmt: skip


@bp.route("/audit/alerts/<id:alert_id>", methods=["GET", "POST"])
@requires(P.AUDIT_READ, reads=Event.ALERTS_READ, purpose="audit_review")
def alert_page(alert_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), ReviewForm()
    line = alerts.find(actor, alert_id)
    current().looked_at("access_alert", alert_id)
    if form.validate_on_submit():
        try:
            alerts.review(actor, line.alert, AlertOutcome(form.outcome.data), form.words.data or "")
        except alerts.NotYours as refusal:
            return render_template("audit/alert.html", line=line, refused=str(refusal), **_around(actor, line)), 409
        flash("Review saved.", "success")
        return redirect(url_for(".alert_list"))
    return render_template("audit/alert.html", line=line, form=form, **_around(actor, line))


def _around(actor: Actor, line: Line) -> dict[str, object]:
    """The reference of the record, the entry, what else they did that day, and the review where there is one."""
    alert, found = line.alert, alerts.review_of(line.alert)
    person = alert.person_id or ""
    day = alert.on_day.isoformat()
    return {
        "reference": names.references(actor, [person]).get(person, "") if person else "",
        "entry_href": url_for(".entry_page", chain=alert.chain, seq=alert.seq) if alert.seq else "",
        "day_href": url_for(".trail_page", who=alert.user_id, since=day, until=day),
        "seen_href": url_for(".seen_page", user_id=alert.user_id, since=day, until=day),
        "record_href": url_for(".record_page", any_id=person) if person else "",
        "review": found[0] if found else None, "reviewer": found[1] if found else "",
        "counts": alerts.counted(alert),
    }  # fmt: skip


def _places(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    """Where a notice about unusual access leads."""
    found = alerts.visible_ids(actor, ids)
    return {alert_id: Place(_("Review it"), url_for("audit.alert_page", alert_id=alert_id)) for alert_id in found}


notices.leads_to("access_alert", _places)
