"""Recording what was shared about a young person: from their case, and from their item at a meeting."""

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from audit.models import Event
from core.access import Actor, Permission, requires, signed_in
from core.codes.sharing import SharingOutcome
from core.context import current
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from panels.models import AgendaItem, Case
from panels.policies import sees_whole
from panels.services import agenda, cases, timeline
from panels.services.timeline import Happened
from panels.views import bp
from panels.views.case_page import open_file, refuse, render_case
from panels.views.meetings.parts import opened
from sharing import services
from sharing.forms import SharingForm
from sharing.models import Disclosure
from sharing.policies import disclosures_about, oversees

P = Permission


@dataclass(frozen=True)
class About:
    """Whom the sharing is about and where the pages of it are."""

    actor: Actor
    record: Case | AgendaItem
    referral_id: Id
    case: Case | None
    back: str
    endpoint: str
    ids: dict[str, Any]

    @property
    def only_own(self) -> bool:
        """A panel member speaks for their own agency only."""
        return not (self.actor.can(P.CASE_READ_AREA) or self.actor.can(P.CASE_WORK))

    def url(self, part: str, **more: Any) -> str:
        values: dict[str, Any] = {**self.ids, **more}
        return url_for(f"panels.{self.endpoint}{part}", **values)


def _case(case_id: Id) -> About:
    actor = signed_in()
    case = cases.find_case(actor, case_id)
    if not sees_whole(actor, case):
        g.denied = "action"
        abort(403)
    back = url_for("panels.case_sharing", case_id=case_id) if actor.can(P.SHARING_READ) else f"/cases/{case_id}"
    return About(actor, case, case.referral_id, case, back, "share_of_case", {"case_id": case_id})


def _item(meeting_id: Id, number: int) -> About:
    seen = opened(meeting_id)
    item = agenda.find_item(seen.meeting, number)
    if not seen.papers.shows(item):
        g.denied = "action"
        abort(403)
    ids: dict[str, Any] = {"meeting_id": meeting_id, "number": number}
    back = url_for("panels.item_papers", **ids)
    return About(seen.actor, item, item.referral_id, None, back, "share_at_meeting", ids)


@bp.get("/cases/<id:case_id>/sharing")
@requires(P.SHARING_READ, reads=Event.DISCLOSURES_READ)
def case_sharing(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = open_file(actor, case_id)
    if not sees_whole(actor, file.case):
        refuse()
    found = disclosures_about(actor, young_person_id=file.case.young_person_id, case_id=case_id)
    rows = services.listed(found)
    return render_case(
        "panels/meetings/case_sharing.html",
        actor,
        file,
        "Sharing",
        rows=rows,
        names=services,
        may_record=actor.can(P.SHARING_RECORD),
    )


@bp.route("/cases/<id:case_id>/sharing/new", methods=["GET", "POST"])
@requires(P.SHARING_RECORD, reads=Event.DISCLOSURES_READ)
def share_of_case(case_id: Id) -> ResponseReturnValue:
    return _new(_case(case_id))


@bp.get("/cases/<id:case_id>/sharing/<id:disclosure_id>")
@requires(P.SHARING_RECORD, P.SHARING_READ, reads=Event.DISCLOSURES_READ)
def share_of_case_answer(case_id: Id, disclosure_id: Id) -> ResponseReturnValue:
    return _show(_case(case_id), disclosure_id)


@bp.route("/meetings/<id:meeting_id>/items/<int:number>/sharing/new", methods=["GET", "POST"])
@requires(P.SHARING_RECORD, reads=Event.DISCLOSURES_READ)
def share_at_meeting(meeting_id: Id, number: int) -> ResponseReturnValue:
    return _new(_item(meeting_id, number))


@bp.get("/meetings/<id:meeting_id>/items/<int:number>/sharing/<id:disclosure_id>")
@requires(P.SHARING_RECORD, reads=Event.DISCLOSURES_READ)
def share_at_meeting_answer(meeting_id: Id, number: int, disclosure_id: Id) -> ResponseReturnValue:
    return _show(_item(meeting_id, number), disclosure_id)


def _new(about: About) -> ResponseReturnValue:
    form = SharingForm()
    agencies = services.agencies_of(about.record.area_id)
    form.offer(agencies, about.actor.agency_id, only_own=about.only_own)
    if request.method == "GET":
        form.from_agency.data = about.actor.agency_id
        _fill_again(about, form)
    if not form.validate_on_submit():
        return render_template("sharing/new.html", form=form, about=about)
    disclosure = _record(about, form)
    if disclosure.outcome == SharingOutcome.REFUSED.value:
        return redirect(about.url("_answer", disclosure_id=disclosure.id))
    if about.case is not None:
        timeline.add(about.case, Happened.SHARED, about.actor, object_id=disclosure.id)
    told = disclosure.outcome == SharingOutcome.NOT_IN_REGISTER.value
    flash("Recorded. The data protection officer can see it." if told else "Sharing recorded.", "success")
    return redirect(about.back)


def _record(about: About, form: SharingForm) -> Disclosure:
    text = {name: (form[name].data or "").strip() for name in ("what", "why_needed", "to_whom", "reason")}
    return services.record_disclosure(
        about.actor, area_id=about.record.area_id, from_agency=form.giver, data_class=form.data_class.data,
        gateway=form.gateway.data, purpose=form.purpose.data, to_agency_id=form.to_agency.data or None, **text,
        is_emergency=bool(form.is_emergency.data), young_person_id=about.record.young_person_id,
        referral_id=about.referral_id, case_id=about.case.id if about.case else None,
        data_key_id=about.record.data_key_id,
    )  # fmt: skip


def _find(about: About, disclosure_id: Id) -> Disclosure:
    """One record about this young person: everybody's for those who oversee sharing, else one's own."""
    found = disclosures_about(about.actor, young_person_id=about.record.young_person_id).where(
        Disclosure.id == disclosure_id
    )
    if not (oversees(about.actor) or about.case is not None):
        found = found.where(Disclosure.decided_by_id == about.actor.user_id)
    return db.session.scalars(found).one()


def _fill_again(about: About, form: SharingForm) -> None:
    """After a refusal the form comes back with what was typed, and says beside the law why it does not allow it."""
    after = request.args.get("after", "")
    own = select(Disclosure.id).where(Disclosure.id == after, Disclosure.decided_by_id == about.actor.user_id)
    if not after or db.session.scalar(own) is None:
        return
    refused = _find(about, after)
    for name in ("data_class", "gateway", "purpose", "to_whom", "what", "why_needed", "reason"):
        form[name].data = getattr(refused, name)
    form.from_agency.data, form.to_agency.data = refused.from_agency_id, refused.to_agency_id or ""
    if refused.outcome == SharingOutcome.REFUSED.value:
        answer = services.answer_for(refused)
        form.gateway.errors = [
            _("%(statute)s does not allow this. %(reason)s", statute=answer.statute, reason=answer.reason)
        ]


def _show(about: About, disclosure_id: Id) -> ResponseReturnValue:
    found = _find(about, disclosure_id)
    current().looked_at("disclosure", found.id)
    again = about.url("", after=found.id) if about.actor.can(P.SHARING_RECORD) else None
    return render_template(
        "sharing/disclosure.html", found=found, answer=services.answer_for(found), names=services, again=again,
        back=about.back,
    )  # fmt: skip
