"""Making a referral: the stop, the right place, the task list, checking and sending."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound

from accounts.models import Area
from audit.models import Event
from core.access import Limit, Permission, held_back, requires, signed_in
from core.codes.referrals import DangerAnswer
from core.db import db
from core.forms import Form
from core.ids import Id
from core.languages import gettext as _
from core.languages import ngettext
from files.services import keeping
from files.services.keeping import Place
from referrals import answers as a
from referrals.forms.helping import CheckForm, DuplicateForm
from referrals.forms.starting import CalledForm, DangerForm, EligibleForm
from referrals.services import drafts, duplicates, sending
from referrals.views import URGENT, bp
from referrals.views.drafting import (
    AlreadySent,
    address_after,
    find_draft,
    open_draft,
    remember_opened,
    section_address,
    summary,
)

P = Permission


def is_held_back(answer: str | None) -> bool:
    """Without an agreement in date an agency tells of urgent concerns, and of nothing else."""
    return answer == DangerAnswer.NO and Limit.AGREEMENT in signed_in().limits


@bp.get("/refer")
@requires(P.REFERRAL_SEND)
def refer() -> ResponseReturnValue:
    return render_template("referrals/refer.html")


@bp.route("/refer/danger", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, despite=URGENT)
def danger() -> ResponseReturnValue:
    """Nothing is stored before this answer."""
    form = DangerForm()
    if form.validate_on_submit():
        if is_held_back(form.danger.data):
            return held_back()
        drafts.keep_beginning(signed_in(), {"danger": form.danger.data})
        stop = form.danger.data != DangerAnswer.NO
        return redirect(url_for("referrals.call_now" if stop else "referrals.eligible"))
    return render_template("referrals/danger.html", form=form)


@bp.route("/refer/call-now", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, despite=URGENT)
def call_now() -> ResponseReturnValue:
    """Numbers first. Who was called, when, and their reference are kept with the referral."""
    actor, form = signed_in(), CalledForm()
    before = drafts.beginning(actor)
    if not before.get("danger"):
        return redirect(url_for("referrals.danger"))
    if form.validate_on_submit():
        drafts.keep_beginning(actor, before | {"called": drafts.called(actor, form.kept())})
        return redirect(url_for("referrals.eligible"))
    form.suggest_now()
    areas = sorted(sending.areas(), key=lambda area: (area.id != actor.area_id, area.name))
    heading = _("Call the front door now") if before["danger"] == DangerAnswer.HARM else _("Call 999 now")
    return render_template("referrals/call_now.html", form=form, areas=areas, heading=heading)


@bp.route("/refer/eligible", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, despite=URGENT)
def eligible() -> ResponseReturnValue:
    """Age, area and reason; not the name. Outside 10 to 17 nothing is kept."""
    actor, form = signed_in(), EligibleForm()
    before = drafts.beginning(actor)
    if not before.get("danger") or is_held_back(before["danger"]):
        return redirect(url_for("referrals.danger"))
    form.offer(sending.areas(), sending.districts())
    if not form.validate_on_submit():
        return render_template("referrals/eligible.html", form=form, before=before)
    drafts.forget_beginning(actor)
    if not form.is_right_place:
        return redirect(url_for("referrals.other_help"))
    draft = drafts.start_draft(actor, area_id=form.area_id.data, start=before | form.kept())
    remember_opened(draft.id)
    return redirect(url_for("referrals.tasks", draft_id=draft.id))


@bp.get("/refer/other-help")
@requires(P.REFERRAL_SEND, despite=URGENT)
def other_help() -> ResponseReturnValue:
    return render_template("referrals/other_help.html", areas=sending.areas())


@bp.get("/referrals/<id:draft_id>/tasks")
@requires(P.REFERRAL_SEND, reads=Event.DRAFT_OPENED, despite=URGENT)
def tasks(draft_id: Id) -> ResponseReturnValue:
    draft, answers = open_draft(draft_id)
    waiting = a.unfinished(answers)
    needed = [section for section in a.SECTIONS.values() if not section.is_optional]
    return render_template(
        "referrals/tasks.html", draft=draft, groups=_task_groups(draft_id, answers), waiting=len(waiting),
        finished=len(needed) - len(waiting), needed=len(needed), area=draft.area,
        next_address=address_after(answers, draft_id, None),
    )  # fmt: skip


def _task_groups(draft_id: Id, answers: a.Answers) -> list[tuple[str, list[dict[str, Any]]]]:
    groups = [
        (_(group), [_task(draft_id, answers, section) for section in a.SECTIONS.values() if section.group == group])
        for group in a.GROUPS
    ]
    number = keeping.how_many(Place("", referral_id=draft_id))
    groups[-1][1].append({
        "text": _("Add files (optional)"), "href": url_for("referrals.files", draft_id=draft_id), "colour": None,
        "status": ngettext("%(count)s file", "%(count)s files", number) if number else _("No files"),
    })  # fmt: skip
    is_ready = not a.unfinished(answers)
    check_address = url_for("referrals.check", draft_id=draft_id) if is_ready else None
    groups[-1][1].append({"text": _("Check and send"), "href": check_address, "colour": "blue" if is_ready else None,
                          "status": _("Ready") if is_ready else _("Cannot start yet")})  # fmt: skip
    return groups


def _task(draft_id: Id, answers: a.Answers, section: a.Section) -> dict[str, Any]:
    is_done = a.is_finished(answers, section)
    return {
        "text": section.task_name + (_(" (optional)") if section.is_optional else ""),
        "href": section_address(section, draft_id),
        "status": _("Completed") if is_done else _("Incomplete"), "colour": None if is_done else "blue",
    }  # fmt: skip


@bp.route("/referrals/<id:draft_id>/duplicate", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, reads=Event.DRAFT_OPENED, despite=URGENT)
def duplicate(draft_id: Id) -> ResponseReturnValue:
    """Own or agency's referrals only; a match is shown by number and date, without a name."""
    actor = signed_in()
    draft, answers = open_draft(draft_id)
    found = duplicates.earlier_referrals(actor, answers)
    onward = address_after(answers, draft.id, "person")
    if not found:
        return redirect(onward)
    form = DuplicateForm()
    if not form.validate_on_submit():
        return render_template("referrals/duplicate.html", form=form, found=found, draft=draft)
    if form.answer.data == "different":
        drafts.not_duplicates(draft, answers, [earlier.id for earlier in found])
        return redirect(onward)
    drafts.delete_draft(actor, draft)
    flash("Draft deleted. Use the referral that was already sent.", "success")
    own = next((earlier for earlier in found if earlier.is_own), None)
    return redirect(url_for("referrals.referral", referral_id=own.id) if own else url_for("referrals.listing"))


@bp.route("/referrals/<id:draft_id>/check", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, reads=Event.DRAFT_OPENED, despite=URGENT)
def check(draft_id: Id) -> ResponseReturnValue:
    """Every answer with its Change link; then send. A second sending gets the first's receipt."""
    try:
        draft, answers = open_draft(draft_id)
    except AlreadySent:
        if request.method == "GET":
            raise
        return redirect(url_for("referrals.sent", referral_id=draft_id))
    if is_held_back((answers.get("start") or {}).get("danger")):
        return held_back()
    form = CheckForm()
    if request.method == "GET":
        form.row_version.data = str(draft.row_version)
    elif str(draft.row_version) != form.row_version.data:
        return _check_page(draft, answers, form, _("This referral changed in another tab. Check it again")), 409
    if not form.validate_on_submit():
        return _check_page(draft, answers, form)
    try:
        sending.send_referral(signed_in(), draft=draft, answers=answers)
    except sending.NotReady as early:
        error = "" if early.sections else _("They must be 10 to 17 on the day you refer")
        return _check_page(draft, answers, form, error)
    return redirect(url_for("referrals.sent", referral_id=draft_id))


def _check_page(draft: Any, answers: a.Answers, form: CheckForm, error: str = "") -> str:
    if error:
        form.form_errors = [error]
        form.row_version.data = str(draft.row_version)
    return render_template(
        "referrals/check.html", form=form, draft=draft, waiting=a.unfinished(answers), summary=summary(answers),
        area=draft.area, start=answers.get("start") or {},
        files=keeping.listed(Place("", referral_id=draft.id)),
    )  # fmt: skip


@bp.get("/referrals/<id:referral_id>/sent")
@requires(P.REFERRAL_SEND, despite=URGENT)
def sent(referral_id: Id) -> ResponseReturnValue:
    found = sending.already_sent(signed_in(), referral_id)
    if found is None:
        raise NoResultFound
    return render_template("referrals/sent.html", referral=found, area=db.session.get_one(Area, found.area_id))


@bp.route("/referrals/<id:draft_id>/delete", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, despite=URGENT)
def delete_draft(draft_id: Id) -> ResponseReturnValue:
    form, draft = Form(), find_draft(draft_id)
    if form.validate_on_submit():
        drafts.delete_draft(signed_in(), draft)
        flash("Draft deleted.", "success")
        return redirect(url_for("referrals.listing"))
    return render_template("referrals/delete.html", form=form, draft=draft)
