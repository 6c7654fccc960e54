"""Asking for help oneself: public pages for young people and families, in areas that have switched them on.

Nothing typed is stored, here or in the browser, before it is sent; and no route here declares a read.
"""

from typing import Any

from flask import abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select

from accounts.models import Area
from accounts.services import challenges
from accounts.services.challenges import Stale
from core.access import Door, requires
from core.clock import today
from core.codes.referrals import DangerAnswer, SourceType
from core.db import db
from core.ids import new_id
from invited.forms import DangerForm
from invited.forms_families import AskForm, ask_form, asked
from invited.services import arrivals
from invited.services.visits import HOUR, slow_down
from invited.views import bp

SOURCES = {
    "young-person": SourceType.YOUNG_PERSON, "parent": SourceType.PARENT_CARER, "someone-else": SourceType.OTHER_PERSON,
}  # fmt: skip
WHO = f"<any({', '.join(map(repr, SOURCES))}):who>"
PURPOSE, FOUR_HOURS, AN_HOUR = "ask-for-help", 4 * 3600, 20
RECEIPT = "receipt"


def _areas() -> list[Area]:
    day = today()
    on = Area.takes_families, Area.valid_from <= day, or_(Area.valid_to.is_(None), Area.valid_to >= day)
    return list(db.session.scalars(select(Area).where(*on).order_by(Area.name)))


@bp.app_template_global()
def families_may_ask() -> bool:
    """For the pages where the public arrives: whether any area has the switch on."""
    return bool(_areas())


def _area(slug: str) -> Area:
    """An area that has the pages switched on. The others have no such page."""
    return next((area for area in _areas() if area.slug == slug), None) or abort(404)


@bp.get("/ask-for-help")
@requires(Door.PUBLIC)
def choose_area() -> ResponseReturnValue:
    areas = _areas()
    return render_template("invited/choose_area.html", areas=areas) if areas else abort(404)


@bp.get("/ask-for-help/<slug>")
@requires(Door.PUBLIC)
def ask(slug: str) -> ResponseReturnValue:
    return render_template("invited/ask.html", area=_area(slug))


@bp.route("/ask-for-help/<slug>/danger", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def ask_danger(slug: str) -> ResponseReturnValue:
    area, form = _area(slug), DangerForm()
    if form.validate_on_submit():
        stop = form.danger.data != DangerAnswer.NO
        return redirect(url_for("invited.ask_call" if stop else "invited.ask_who", slug=slug))
    return render_template("invited/ask_danger.html", form=form, area=area)


@bp.get("/ask-for-help/<slug>/call")
@requires(Door.PUBLIC)
def ask_call(slug: str) -> ResponseReturnValue:
    return render_template("invited/ask_call.html", area=_area(slug))


@bp.get("/ask-for-help/<slug>/who")
@requires(Door.PUBLIC)
def ask_who(slug: str) -> ResponseReturnValue:
    """``soon=1``: they said that somebody may be in danger, so the coordinators hear of it at once."""
    return render_template("invited/ask_who.html", area=_area(slug), soon=request.args.get("soon"))


@bp.route(f"/ask-for-help/<slug>/{WHO}", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def ask_questions(slug: str, who: str) -> ResponseReturnValue:
    """One page of questions. Bad input stays on the page, in the answer to it, and nowhere else."""
    area, form = _area(slug), ask_form(who)
    if request.method == "GET":
        form.token.data = _token(slug)
    elif form.validate_on_submit() and (visit_id := _visit_of(form, slug)):
        slow_down(PURPOSE, AN_HOUR, HOUR)
        session[RECEIPT] = _received(slug, who, visit_id, form)
        return redirect(url_for("invited.ask_sent", slug=slug))
    return render_template("invited/ask_questions.html", form=form, area=area, who=who)


def _received(slug: str, who: str, visit_id: str, form: AskForm) -> str:
    urgent = bool(request.args.get("soon"))
    answers: dict[str, Any] = dict(asked(form, who))
    answers["start"]["danger"] = DangerAnswer.HARM.value if urgent else DangerAnswer.NO.value
    return arrivals.receive(_area(slug), visit_id=visit_id, source=SOURCES[who], urgent=urgent, answers=answers)


def _token(slug: str) -> str:
    return challenges.make(PURPOSE, slug, new_id())


def _visit_of(form: AskForm, slug: str) -> str:
    """The number of this form, from its signed token; "" where that is not ours or too old: then it is to be sent again."""
    try:
        return challenges.read(form.token.data or "", PURPOSE, slug, FOUR_HOURS)
    except Stale:
        form.token.data = _token(slug)
        form.agreed.errors = ["This page was open for a long time. Check what you wrote and send it again"]
        return ""


@bp.get("/ask-for-help/<slug>/sent")
@requires(Door.PUBLIC)
def ask_sent(slug: str) -> ResponseReturnValue:
    """What happens next; the receipt of what this browser sent last, if it did."""
    return render_template("invited/ask_sent.html", area=_area(slug), receipt=session.pop(RECEIPT, None))
