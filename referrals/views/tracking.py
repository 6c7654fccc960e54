"""What referrers see of what they sent: the lists, one referral, answering, changing, taking it back."""

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.models import Area, User
from audit.models import Event
from core.access import Permission, requires, signed_in
from core.codes.referrals import UsefulAnswer
from core.context import current
from core.db import db
from core.forms import Form
from core.ids import Id
from core.paging import page_number
from core.versions import expect_version
from files.services import keeping
from files.services.keeping import Place
from files.services.removing import taken_away
from referrals.answers import SECTIONS, on_page
from referrals.forms.sections import FORMS
from referrals.forms.tracking import FeedbackForm, WhyForm, WithdrawForm
from referrals.models import Referral
from referrals.services import feedback, tracking
from referrals.views import bp
from referrals.views.drafting import summary
from referrals.views.sections import PAGES

P = Permission
TABS: dict[str, tracking.Tab] = {"drafts": "drafts", "sent": "sent", "decided": "decided", "agency": "agency"}


@bp.get("/referrals")
@requires(P.REFERRAL_SEND, P.REFERRAL_READ_AGENCY, reads=Event.REFERRALS_LISTED)
def listing() -> ResponseReturnValue:
    actor, page = signed_in(), page_number(request.args.get("page"))
    tab, may_see_agency = TABS.get(request.args.get("show", ""), "sent"), actor.can(P.REFERRAL_READ_AGENCY)
    tab = "sent" if tab == "agency" and not may_see_agency else tab
    drafts = tracking.list_drafts(actor) if tab == "drafts" else []
    rows, has_more = tracking.list_sent(actor, tab, page) if tab != "drafts" else ([], False)
    return render_template(
        "referrals/list.html", tab=tab, drafts=drafts, rows=rows, page=page, has_more=has_more,
        agency=actor.agency_name if may_see_agency else "",
    )  # fmt: skip


@bp.get("/referrals/<id:referral_id>")
@requires(P.REFERRAL_SEND, P.REFERRAL_READ_AGENCY, reads=Event.REFERRAL_READ)
def referral(referral_id: Id) -> ResponseReturnValue:
    """Status, dates, messages, outcome and the answers; nothing from the case. An agency's contact reads, no more."""
    actor = signed_in()
    found = tracking.find_sent(actor, referral_id)
    current().looked_at("referral", found.id)
    messages = tracking.messages_of(found)
    can_act = tracking.is_senders(actor, found) and tracking.is_open(found)
    said = feedback.given_about(found) if found.decided_at else []
    place = Place(found.area_id, referral_id=found.id)
    return render_template(
        "referrals/referral.html", referral=found, status=tracking.status_of(found), messages=messages,
        question=tracking.open_question(messages), can_act=can_act, answers=summary(found.answers or {}),
        area=db.session.get_one(Area, found.area_id), is_open=tracking.is_open(found),
        files=keeping.listed(place), gone=taken_away(place),
        asks_feedback=feedback.stage_to_ask(actor, found, said) is not None,
        sent_by="" if found.sent_by_id == actor.user_id else db.session.get_one(User, found.sent_by_id).name,
    )  # fmt: skip


def own_sent(referral_id: Id) -> Referral:
    """A referral that one sent oneself; an agency's contact sees it but may not act on it: 403 (SETTLED 4)."""
    found = tracking.find_sent(signed_in(), referral_id)
    current().looked_at("referral", found.id)
    if not tracking.is_senders(signed_in(), found):
        g.denied = "action"
        abort(403)
    return found


def too_late(found: Referral) -> ResponseReturnValue:
    """Who only opens the page is told; who sends it sees again what they wrote."""
    if request.method == "POST" and not request.files:
        abort(409)
    flash("There is already a decision, so this can no longer be changed.")
    return redirect(url_for("referrals.referral", referral_id=found.id))


@bp.route("/referrals/<id:referral_id>/feedback", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, reads=Event.REFERRAL_READ)
def give_feedback(referral_id: Id) -> ResponseReturnValue:
    """Two questions back; each stage is asked once, so a second visit leads to the referral."""
    found, form = own_sent(referral_id), FeedbackForm()
    stage = feedback.stage_to_ask(signed_in(), found, feedback.given_about(found))
    if stage is None:
        if request.method == "POST":
            abort(409)
        return redirect(url_for("referrals.referral", referral_id=found.id))
    if form.validate_on_submit():
        feedback.give(
            signed_in(), found, stage=stage, useful=UsefulAnswer(form.useful.data), clear=UsefulAnswer(form.clear.data),
            words=form.words.data or "",
        )  # fmt: skip
        flash("Thank you. The coordinator can read what you said.", "success")
        return redirect(url_for("referrals.referral", referral_id=found.id))
    return render_template("referrals/feedback.html", form=form, referral=found)


@bp.route("/referrals/<id:referral_id>/withdraw", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, reads=Event.REFERRAL_READ)
def withdraw(referral_id: Id) -> ResponseReturnValue:
    found, form = own_sent(referral_id), WithdrawForm()
    if not tracking.is_open(found):
        return too_late(found)
    if form.validate_on_submit():
        tracking.withdraw(signed_in(), referral=found, reason=form.reason.data, words=form.words.data or "")
        flash("Referral withdrawn. The coordinator will see why.", "success")
        return redirect(url_for("referrals.referral", referral_id=found.id))
    return render_template("referrals/withdraw.html", form=form, referral=found)


@bp.route(f"/referrals/<id:referral_id>/change/{PAGES}", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, reads=Event.REFERRAL_READ)
def change(referral_id: Id, key: str) -> ResponseReturnValue:
    """One section again, with why; the text before is kept in the history."""
    found, why = own_sent(referral_id), WhyForm()
    if not tracking.is_open(found):
        return too_late(found)
    stored = on_page(found.answers or {}, key)
    form = FORMS[key](data=FORMS[key].opened(stored))
    if request.method == "GET":
        form.row_version.data = str(found.row_version)
        return _change_page(found, key, form, why)
    expect_version(found, form, form.opened(stored) or None)
    is_right = form.validate_on_submit()
    if not why.validate() or not is_right:
        return _change_page(found, key, form, why)
    tracking.change(signed_in(), referral=found, key=key, values=form.kept(), why=why.why.data or "")
    flash("Change saved. The coordinator will see it.", "success")
    return redirect(url_for("referrals.referral", referral_id=found.id))


def _change_page(found: Referral, key: str, form: Form, why: WhyForm) -> str:
    return render_template("referrals/change.html", form=form, why=why, referral=found, section=SECTIONS[key], key=key)
