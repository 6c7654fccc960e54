"""What every page of a case has: whose record it is, the pages one may open, what is next."""

from datetime import date
from functools import lru_cache
from typing import Any, NoReturn

from flask import abort, current_app, g, render_template, url_for
from markupsafe import Markup

from core.access import Actor, Permission
from core.clock import in_london, today
from core.codes import Tag, label_of
from core.codes.cases import AttemptMethod, CaseStage, ClosureReason, EngagementAnswer, GoalOutcome, NoteKind
from core.codes.offers import OfferStatus
from core.codes.sensitivity import Sensitivity
from core.formats import age, day
from core.ids import Id
from core.languages import gettext as _
from core.working_days import due
from panels import policies
from panels.services import cases
from panels.services.caseload import shown_stage
from panels.services.cases import CaseFile
from panels.services.next_step import NextStep

P = Permission
# Where the next step is done, and what it takes to do it (nothing: working on the case).
STEPS: dict[NextStep, tuple[str, str, P | None]] = {
    NextStep.ALLOCATE: ("/allocate", "Choose a lead", P.CASE_ALLOCATE),
    NextStep.ASK: ("/engagement", "Record asking them", None),
    NextStep.DECIDE: ("/engagement", "Decide what to do next", None),
    NextStep.WRITE_PLAN: ("/plan", "Write the plan", None),
    NextStep.AGREE_PLAN: ("/plan", "Open the plan", None),
    NextStep.CHOOSE_SUPPORT: ("/interventions/choose", "Choose support", None),
    NextStep.PLAN_SESSION: ("/sessions/new", "Plan a session", P.SESSION_RECORD),
    NextStep.RECORD_SESSION: ("/sessions", "Record a session", P.SESSION_RECORD),
    NextStep.REVIEW: ("/reviews/new", "Start review", None),
    NextStep.CLOSE: ("/close", "Prepare to close", None),
    NextStep.APPROVE_CLOSURE: ("/close", "Check and approve", P.CASE_CLOSE),
}


def _offer_tag(offer: Any) -> Markup:
    return status_markup(OfferStatus(offer.status).tag)


def _attempt_words(attempt: Any) -> str:
    """``Phoned: they want time to think``."""
    return f"{label_of(AttemptMethod, attempt.method)}: {label_of(EngagementAnswer, attempt.answer).lower()}"


@lru_cache(maxsize=64)
def status_markup(status: Tag) -> Markup:
    """The tag of a status, rendered once; never for a person's own words, which no process keeps."""
    return tag_markup(*status)


def tag_markup(text: str, colour: str) -> Markup:
    """The tag macro's own markup."""
    macros: Any = current_app.jinja_env.get_template("components/tags.html").module
    return Markup(macros.tag(text, colour))  # noqa: S704 (what the macro escaped)


@lru_cache(maxsize=512)
def due_markup(day: date, on: date, _language: str) -> Markup:
    """Rendered once for each language."""
    macros: Any = current_app.jinja_env.get_template("components/tags.html").module
    return Markup(macros.due(due(day, on)))  # noqa: S704 (what the macro escaped)


# Words for codes, used by the templates of cases.
WORDS: dict[str, Any] = {
    "offer_tag": _offer_tag,
    "attempt_words": _attempt_words,
    "note_label": lambda value: label_of(NoteKind, value),
    "closure_label": lambda value: label_of(ClosureReason, value),
    "outcome_label": lambda value: label_of(GoalOutcome, value),
}


def open_file(actor: Actor, case_id: Id) -> CaseFile:
    """The case for a page; not visible is "page not found"."""
    return cases.find_file(actor, case_id)


def working_file(actor: Actor, case_id: Id) -> CaseFile:
    """The open case for a page that writes on it; 403 for who may only read."""
    file = cases.find_file(actor, case_id)
    if not policies.may_work(actor, file.case):
        refuse()
    if not file.case.is_open:
        refuse("closed")
    return file


def refuse(reason: str = "action") -> NoReturn:
    g.denied = reason
    abort(403)


def render_case(template: str, actor: Actor, file: CaseFile, tab: str, **more: Any) -> str:
    """Render a page of a case: extend ``panels/cases/layout.html`` in it."""
    return render_template(
        template, file=file, case=file.case, person=file.person, identity=identity_of(file),
        tabs=tabs(actor, file, tab), whole=policies.sees_whole(actor, file.case), **WORDS, **more,
    )  # fmt: skip


def case_address(case_id: Id, more: str = "") -> str:
    return f"{url_for('panels.case_list')}/{case_id}{more}"


def tabs(actor: Actor, file: CaseFile, tab: str) -> list[dict[str, Any]]:
    """Only the pages of the case that this person may open."""
    case, whole = file.case, policies.sees_whole(actor, file.case)
    pages = [("Overview", case_address(case.id)), ("Timeline", case_address(case.id, "/timeline"))]
    pages += [("Plan", case_address(case.id, "/plan")), ("Sessions", case_address(case.id, "/sessions"))]
    if whole:
        pages.append(("Documents", case_address(case.id, "/documents")))
    if whole and actor.can(P.SHARING_READ):
        pages.append(("Sharing", case_address(case.id, "/sharing")))
    if actor.can(P.AUDIT_READ):
        pages.append(("Who has looked", f"/audit/records/{case.young_person_id}"))
    return [{"text": words, "href": href, "active": words == tab} for words, href in pages]


def stage_of(case: Any) -> CaseStage:
    return shown_stage(case.stage, case.review_due_on, today())


def identity_of(file: CaseFile) -> dict[str, Any]:
    """Name, what they like to be called, age, how to reach them safely."""
    person, details = file.person, file.person.details or {}
    legal = " ".join(filter(None, (person.forename, person.surname))) or _("Not known")
    born = person.date_of_birth
    likes = person.preferred_name if person.preferred_name and person.preferred_name != person.forename else None
    return {
        "name": legal,
        "facts": [
            _("likes %(name)s", name=likes) if likes else None,
            f"{day(born)}, {age(born, in_london(file.referred_at).date())}" if born else _("Age not known"),
            details.get("pronouns"),
            Markup('<span class="app-nowrap">{}</span>').format(file.case.reference),
        ],
        "stage": stage_of(file.case).tag,
        "marks": _marks(file.case, person, details),
    }


def _marks(case: Any, person: Any, details: dict[str, Any]) -> list[Markup]:
    """The stage, how to reach them safely, and whether they need an interpreter."""
    level = Sensitivity(person.sensitivity)
    marks = [status_markup(level.tag)] if level is not Sensitivity.NORMAL else []
    marks += [
        status_markup(stage_of(case).tag),
        tag_markup(person.safe_contact or _("Ask how to reach them safely"), "yellow"),
    ]
    needs = details.get("needs") or {}
    answer, language = needs.get("interpreter"), needs.get("first_language")
    if answer == "yes":
        words = _("Interpreter needed: %(language)s", language=language) if language else _("Interpreter needed")
        marks.append(tag_markup(words, "yellow"))
    elif answer == "no":
        marks.append(tag_markup(_("No interpreter needed"), "grey"))
    return marks


def next_action(actor: Actor, case: Any) -> dict[str, Any]:
    """The words of the next step, its due date, and where this person does it (nowhere, if it is not theirs)."""
    step = NextStep(case.next_step)
    if step is NextStep.ANSWER_OFFER and actor.can(P.OFFER_ANSWER):
        return _shown(case, step, url_for("panels.offers_page"), _("Answer the offer"))
    where, button, needed = STEPS.get(step, ("", "", None))
    theirs = actor.can(needed) if needed else policies.may_work(actor, case)
    return _shown(case, step, case_address(case.id, where) if where and theirs else None, button)


def _shown(case: Any, step: NextStep, href: str | None, button: str) -> dict[str, Any]:
    when = due(case.next_due_on, today()) if case.is_open else None
    return {"words": step.label, "due": when, "href": href, "button": _(button)}
