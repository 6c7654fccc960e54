"""A coordinator's pages: sending and ending one-time links, and taking in or turning away what came by them."""

from datetime import date

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound

from accounts.models import Agency, User
from audit.models import Event
from core.access import Permission, requires, signed_in
from core.codes.base import label_of
from core.codes.invited import ArrivalStatus, TurnAwayReason
from core.codes.referrals import SourceType
from core.db import db
from core.forms import Form
from core.ids import Id
from core.languages import gettext as _
from core.paging import page_number
from invited.forms import InviteForm, TurnAwayForm, tidy_email
from invited.models import Arrival
from invited.services import accepting, links
from invited.views import bp
from referrals.services import story

P = Permission


@bp.get("/triage/links")
@requires(P.REFERRAL_TRIAGE)
def link_list() -> ResponseReturnValue:
    rows, paging = links.listed(signed_in(), page_number(request.args.get("page")))
    return render_template(
        "invited/links.html", rows=rows, paging=paging, form=Form(),
        address=lambda number: url_for(".link_list", page=number),
    )  # fmt: skip


@bp.route("/triage/links/new", methods=["GET", "POST"])
@requires(P.REFERRAL_TRIAGE)
def invite() -> ResponseReturnValue:
    actor, form = signed_in(), InviteForm()
    agencies = list(db.session.scalars(links.with_agreement(actor.area_id or "")))
    form.offer(agencies)
    if not form.validate_on_submit():
        return render_template("invited/invite.html", form=form, agencies=agencies)
    links.invite(actor, agency=form.agencies[form.agency_id.data], email=tidy_email(form.email.data))
    flash("Link sent. It works for 72 hours.", "success")
    return redirect(url_for(".link_list"))


@bp.post("/triage/links/<id:link_id>/end")
@requires(P.REFERRAL_TRIAGE)
def end_link(link_id: Id) -> ResponseReturnValue:
    link = links.find_own(signed_in(), link_id)
    if not Form().validate():
        abort(400)
    links.end(signed_in(), link)
    flash("Link ended. It no longer works.", "success")
    return redirect(url_for(".link_list"))


@bp.get("/triage/arrivals")
@requires(P.REFERRAL_TRIAGE)
def arrival_list() -> ResponseReturnValue:
    turned_away = request.args.get("show") == "turned-away"
    rows, paging = accepting.listed(signed_in(), page_number(request.args.get("page")), turned_away=turned_away)
    return render_template(
        "invited/arrivals.html", rows=rows, paging=paging, turned_away=turned_away, source=_source, reason=_reason,
        address=lambda number: url_for(".arrival_list", page=number, show="turned-away" if turned_away else None),
    )  # fmt: skip


def _source(arrival: Arrival) -> str:
    return label_of(SourceType, arrival.source_type)


def _reason(arrival: Arrival) -> str:
    return label_of(TurnAwayReason, arrival.reason, missing="")


@bp.get("/triage/arrivals/<id:arrival_id>")
@requires(P.REFERRAL_TRIAGE, reads=Event.ARRIVAL_READ)
def arrival(arrival_id: Id) -> ResponseReturnValue:
    """All that was sent, on one page; nothing in it is compared with anybody before it is accepted."""
    actor = signed_in()
    try:
        found = accepting.find(actor, arrival_id)
    except NoResultFound:
        if not accepting.is_taken_in(actor, arrival_id):
            raise
        return redirect(url_for("referrals.triage_referral", referral_id=arrival_id))
    answers = accepting.answers_of(found)
    born = (answers.get("person") or {}).get("date_of_birth")
    return render_template(
        "invited/arrival.html", arrival=found, person=answers.get("person") or {}, parts=story.read(answers),
        start=answers["start"], born=date.fromisoformat(born) if born else None, family=story.family_told(answers),
        source=_source(found), reason=_reason(found),
        agency=db.session.get(Agency, found.agency_id) if found.agency_id else None, form=Form(),
        settled_by=db.session.get(User, found.settled_by_id) if found.settled_by_id else None,
        waits=found.status == ArrivalStatus.WAITING.value,
    )  # fmt: skip


def _waiting(arrival_id: Id) -> Arrival:
    """What a form is about. A colleague may have turned it away meanwhile: that is no decision to make twice."""
    found = accepting.find(signed_in(), arrival_id, lock=True)
    if found.status != ArrivalStatus.WAITING.value:
        g.denied = "action"
        abort(409)
    return found


@bp.post("/triage/arrivals/<id:arrival_id>/accept")
@requires(P.REFERRAL_TRIAGE, reads=Event.ARRIVAL_READ)
def accept(arrival_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    try:
        found = _waiting(arrival_id)
    except NoResultFound:
        if not accepting.is_taken_in(actor, arrival_id):
            raise
        return redirect(url_for("referrals.triage_referral", referral_id=arrival_id))
    if not Form().validate():
        abort(400)
    referral = accepting.accept(actor, found)
    flash("Referral accepted. It is new in the queue, and you answer for it to its sender.", "success")
    return redirect(url_for("referrals.triage_referral", referral_id=referral.id))


@bp.route("/triage/arrivals/<id:arrival_id>/turn-away", methods=["GET", "POST"])
@requires(P.REFERRAL_TRIAGE)
def turn_away(arrival_id: Id) -> ResponseReturnValue:
    found, form = _waiting(arrival_id), TurnAwayForm()
    if not form.validate_on_submit():
        return render_template("invited/turn_away.html", form=form, arrival=found, days=accepting.KEPT_DAYS)
    accepting.turn_away(signed_in(), found, reason=TurnAwayReason(form.reason.data), why=form.why.data or "")
    flash(_("Turned away. It is deleted in %(days)s days.", days=accepting.KEPT_DAYS), "success")
    return redirect(url_for(".arrival_list"))


@bp.post("/triage/arrivals/<id:arrival_id>/take-back")
@requires(P.REFERRAL_TRIAGE)
def take_back(arrival_id: Id) -> ResponseReturnValue:
    """Turned away by mistake."""
    found = accepting.find(signed_in(), arrival_id, lock=True)
    if found.status != ArrivalStatus.TURNED_AWAY.value:
        abort(409)
    if not Form().validate():
        abort(400)
    accepting.take_back(signed_in(), found)
    flash("It waits to be accepted again.", "success")
    return redirect(url_for(".arrival", arrival_id=arrival_id))
