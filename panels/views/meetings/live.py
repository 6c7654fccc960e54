"""Meeting mode: one item at a time, and confirming the list at the end."""

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.models import Agency
from audit.models import Event
from core import drafts
from core.access import Permission, requires
from core.clock import in_london
from core.codes import label_of
from core.codes.decisions import MeetingStatus, PanelDecision
from core.codes.offers import CostBand, EvidenceRating
from core.context import current
from core.db import db
from core.formats import age_on
from core.ids import Id
from core.languages import gettext as _
from core.versions import expect_version
from interventions import services as catalogue
from interventions.models import Intervention
from panels.forms.meetings import DecisionForm
from panels.models import AgendaItem
from panels.services import actions, agenda, decisions, in_meeting, meetings, papers
from panels.services.cases import NotPossible
from panels.views import bp
from panels.views.cases import how_many
from panels.views.meetings.parts import Opened, open_only, opened, opened_with_items

P = Permission


@dataclass(frozen=True)
class Place:
    """Where in the meeting one is: the item and its neighbours."""

    seen: Opened
    items: list[AgendaItem]
    item: AgendaItem

    @property
    def number(self) -> int:
        return self.item.position

    @property
    def heading(self) -> str:
        return _("Item %(number)s of %(all)s", number=self.number, all=len(self.items))

    @property
    def in_the_room(self) -> set[Id]:
        """People with a conflict on this item."""
        return {c.user_id for c in self.seen.conflicts if c.item_id == self.item.id}

    def after(self) -> int | None:
        """The next item without a decision, going round once."""
        order = [*self.items[self.number :], *self.items[: self.number - 1]]
        return next((item.position for item in order if not item.decision), None)


def _place(meeting_id: Id, number: int) -> Place:
    seen, items = opened_with_items(meeting_id)
    item = next((item for item in items if item.position == number), None)
    if item is None:
        abort(404)
    return Place(seen, items, item)


def _shared() -> dict[str, str]:
    return {"screen": "share"} if request.args.get("screen") == "share" else {}


@bp.get("/meetings/<id:meeting_id>/items/<int:number>")
@requires(P.MEETING_READ, P.MEETING_MANAGE, reads=Event.MEETING_READ)
def item_papers(meeting_id: Id, number: int) -> ResponseReturnValue:
    """The papers of one item, for reading before and after the meeting."""
    place = _place(meeting_id, number)
    paper = papers.of_item(place.item) if place.seen.papers.shows(place.item) else None
    return render_template(
        "panels/meetings/papers.html", place=place, paper=paper, meeting=place.seen.meeting, share=False,
        may_share=place.seen.actor.can(P.SHARING_RECORD),
    )  # fmt: skip


@bp.route("/meetings/<id:meeting_id>/live/<int:number>", methods=["GET", "POST"])
@requires(P.MEETING_DECIDE, reads=Event.MEETING_READ)
def live(meeting_id: Id, number: int) -> ResponseReturnValue:
    place = _place(meeting_id, number)
    if place.seen.meeting.status != MeetingStatus.UNDER_WAY.value:
        return _not_under_way(place.seen)
    if not place.seen.papers.shows(place.item):
        return _conflicted(place)
    share = bool(_shared())
    draft = drafts.find(place.seen.actor.user_id, _draft_key(place.item)) if request.method == "GET" else None
    paper = papers.of_item(place.item, with_words=not share, keys=[draft.data_key_id] if draft else [])
    people = in_meeting.people_of(place.seen.meeting)
    form = _form(place, paper, people)
    restored = False
    if request.method == "GET":
        _fill(form, place.item)
        restored = _restore(form, place.item, draft)
    if form.validate_on_submit():
        return _saved(place, form)
    return render_template(
        "panels/meetings/live.html", place=place, form=form, paper=paper, share=share, meeting=place.seen.meeting,
        quorum=meetings.quorum_of(place.seen.meeting, (p.member for p in people.invited)),
        to_leave=[p.name for p in people.invited if p.member.user_id in place.in_the_room], ready_words=_ready_words(),
        may_share=place.seen.actor.can(P.SHARING_RECORD), words=_shared(),
        autosave=url_for("drafts.save", form_key=_draft_key(place.item)), restored=restored,
    )  # fmt: skip


def _not_under_way(seen: Opened) -> ResponseReturnValue:
    """Confirmed or cancelled since the page was opened: what was typed on it is given back."""
    if request.method == "POST":
        open_only(seen.meeting)
        g.denied = "action"
        abort(403)
    return redirect(url_for("panels.meeting", meeting_id=seen.meeting.id))


def _conflicted(place: Place) -> ResponseReturnValue:
    """The page without content; a decision sent all the same is refused and noted."""
    if request.method == "POST":
        g.denied = "action"
        abort(403)
    return render_template(
        "panels/meetings/live.html", place=place, form=None, paper=None, share=bool(_shared()), words=_shared(),
        meeting=place.seen.meeting, quorum=None, to_leave=[], ready_words=[], may_share=False,
    )  # fmt: skip


def _ready_words() -> list[tuple[str, str]]:
    return [(f"{d.number} {d.label}", text) for d, text in decisions.READY_WORDS.items()]


def _form(place: Place, paper: papers.Paper, people: in_meeting.People) -> DecisionForm:
    area_id = place.item.area_id
    form = DecisionForm()
    born = paper.person.date_of_birth
    found = catalogue.available(
        place.seen.actor,
        age=age_on(born, in_london(place.seen.meeting.starts_at).date()) if born else None,
        harmful=True,
    )
    _offer_support(form, found, catalogue.providers(area_id))
    form.lead.choices = [
        ("", _("Nobody yet")),
        *[(lead.id, f"{lead.name}. {how_many(lead)}") for lead in people.leads],
    ]
    for _what, who, _by in form.action_rows():
        who.choices = [("", "Choose"), *sorted(people.names.items(), key=lambda pair: pair[1])]
    form.stored = place.item.decision
    return form


def _offer_support(form: DecisionForm, found: list[Intervention], providers: list[Agency]) -> None:
    """Each kind of support with what a choice needs: evidence, cost, who gives it, and a plain warning.

    Groups keep the page short: what somebody here provides, what needs a provider, and what may do harm.
    """
    names = {agency.id: agency.name for agency in providers}
    groups: dict[str, list[tuple[str, str]]] = {form.OWN: [], form.WITHOUT_PROVIDER: [], form.HARMFUL: []}
    for i in found:
        group = form.HARMFUL if i.is_harmful else form.OWN if i.provider_id else form.WITHOUT_PROVIDER
        groups[group].append((i.id, _("May do harm: %(name)s", name=i.name) if i.is_harmful else i.name))
    form.support.choices = groups
    support: Any = form.support
    support.choice_hints = {
        i.id: " · ".join((
            _("Evidence: %(rating)s", rating=label_of(EvidenceRating, i.rating)),
            label_of(CostBand, i.cost), names.get(i.provider_id or "", _("Choose a provider")),
        ))
        for i in found
    }  # fmt: skip
    form.provider.choices = [("", "Choose"), *names.items()]
    form.harmful = frozenset(i.id for i in found if i.is_harmful)
    form.without_provider = frozenset(i.id for i in found if i.provider_id is None)


def _fill(form: DecisionForm, item: AgendaItem) -> None:
    form.row_version.data = str(item.row_version)
    if not item.decision:
        return
    form.decision.data, form.rationale.data, form.dissent.data = item.decision, item.rationale, item.dissent
    form.disagreed.data = "yes" if item.dissent else "no"
    form.lead.data, form.provider.data = item.lead_id or "", item.provider_id or ""
    form.support.data, form.harm_reason.data = list(item.intervention_ids or []), item.harm_reason
    form.harm_understood.data = bool(item.harm_reason)
    form.text_for_referrer.data = item.text_for_referrer
    for (what, who, by), action in zip(form.action_rows(), actions.of_item(item), strict=False):
        what.data, who.data = action.what, action.owner_id
        by.process_data(action.due_on)


def _draft_key(item: AgendaItem) -> str:
    return f"item-{item.id}"


def _restore(form: DecisionForm, item: AgendaItem, draft: drafts.FormDraft | None) -> bool:
    """What was typed and not sent, unless a decision was saved since. Ticks are not kept, only words and choices."""
    if draft is None or (item.decided_at and draft.saved_at <= item.decided_at):
        return False
    drafts.fill(form, draft)
    form.support.data = list(item.intervention_ids or [])
    return True


def _answer(form: DecisionForm) -> decisions.Answer:
    chosen = form.chosen
    assert chosen is not None
    return decisions.Answer(
        decision=chosen, rationale=_typed(form.rationale), lead_id=form.lead.data or None,
        dissent=_typed(form.dissent) if form.disagreed.data == "yes" else "", provider_id=form.provider.data or None,
        intervention_ids=list(form.support.data or []), text_for_referrer=_typed(form.text_for_referrer),
        harm_reason=_typed(form.harm_reason) if form.chooses_harm else "",
        actions=[
            actions.Wanted(_typed(what), who.data, by.data)
            for what, who, by in form.action_rows()
            if what.data and by.data
        ],
    )  # fmt: skip


def _typed(field: Any) -> str:
    return (field.data or "").strip()


def _saved(place: Place, form: DecisionForm) -> ResponseReturnValue:
    # Waits for a confirmation that is under way, so that a locked list never changes.
    meetings.find_meeting(place.seen.actor, place.seen.meeting.id, lock=True)
    open_only(place.seen.meeting)
    _expect_same(place.item, form)
    try:
        decisions.save(place.seen.actor, place.seen.meeting, place.item, _answer(form))
    except NotPossible:
        g.denied = "action"
        abort(403)
    drafts.discard(_draft_key(place.item))
    flash("Decision saved. Nothing is final until the list is confirmed.", "success")
    after = place.after()
    ids: dict[str, Any] = {"meeting_id": place.seen.meeting.id, **_shared()}
    if request.form.get("go") == "stay":
        return redirect(url_for("panels.live", number=place.number, **ids))
    if after is None:
        return redirect(url_for("panels.confirm", meeting_id=place.seen.meeting.id))
    return redirect(url_for("panels.live", number=after, **ids))


def _expect_same(item: AgendaItem, form: DecisionForm) -> None:
    """Chair and coordinator may both type: the second sees both texts."""
    saved = DecisionForm(formdata=None)
    _fill(saved, item)
    expect_version(item, form, saved.answers())


@bp.route("/meetings/<id:meeting_id>/confirm", methods=["GET", "POST"])
@requires(P.MEETING_DECIDE, reads=Event.MEETING_READ)
def confirm(meeting_id: Id) -> ResponseReturnValue:
    """Everything takes effect here, in one transaction, once."""
    if request.method == "POST":
        done = _confirmed(meeting_id)
        if done is not None:
            return done
    seen = opened(meeting_id)
    if seen.meeting.confirmed_at is not None:
        return redirect(url_for("panels.minutes", meeting_id=meeting_id))
    listed = agenda.items_of(seen.meeting, seen.papers.shows)
    current().load_keys(row.item.data_key_id for row in listed)
    return render_template(
        "panels/meetings/confirm.html", seen=seen, meeting=seen.meeting, items=listed, form=None,
        problems=decisions.in_the_way(seen.actor, seen.meeting), decision_words=_words,
    )  # fmt: skip


def _words(item: AgendaItem) -> str:
    return label_of(PanelDecision, item.decision, missing="Not decided")


def _confirmed(meeting_id: Id) -> ResponseReturnValue | None:
    """None where something is in the way: then all of it is taken back and the page says what."""
    try:
        first = decisions.confirm(opened(meeting_id).actor, meeting_id)
    except (NotPossible, ValueError):
        db.session.rollback()
        return None
    flash("Decisions confirmed. Referrers can read them now." if first else "They were confirmed already.", "success")
    return redirect(url_for("panels.minutes", meeting_id=meeting_id))
