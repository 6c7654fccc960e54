"""Referring by a one-time link: confirm the address, then pages that are written and never shown again.

No route here declares a read, so the access context opens nothing for a visitor, whatever a page would ask of it.
"""

from flask import abort, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from accounts.models import Agency, Area
from core.access import Door, requires
from core.codes.invited import ArrivalStatus
from core.codes.referrals import DangerAnswer
from core.db import db
from invited.forms import PAGES, CodeForm, DangerForm, EligibleHereForm, PartForm, SendForm
from invited.models import Arrival, ReferralLink
from invited.services import arrivals, links
from invited.services.visits import QUARTER, slow_down
from invited.views import bp
from referrals.forms.starting import CalledForm
from referrals.services import sending

VISIT = "refer_by_link"


@bp.route("/refer-by-link/<token>", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def open_link(token: str) -> ResponseReturnValue:
    """Opening shows a button and spends nothing. Pressing it sends a code to the address that the link went to."""
    form = FlaskForm()
    if form.validate_on_submit():
        visit = links.open_link(token)
        if visit is None:
            return over()
        session[VISIT] = visit
        return redirect(url_for("invited.confirm"))
    link = links.find(token)
    return over() if link is None else render_template("invited/open.html", form=form, area=_area(link))


def over() -> ResponseReturnValue:
    """The link works no more, or never did: the same page for all."""
    return render_template("invited/over.html"), 410


def _area(link: ReferralLink) -> Area:
    return db.session.get_one(Area, link.area_id)


def _visit() -> ReferralLink | None:
    return links.find_visit(session.get(VISIT))


@bp.route("/refer-by-link/confirm", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def confirm() -> ResponseReturnValue:
    form, link = CodeForm(), _visit()
    if link is None or link.used_at:
        return over()
    link_id = link.id
    if form.validate_on_submit():
        slow_down("link-try", 30, QUARTER)
        if links.confirm(link_id, "".join((form.code.data or "").split())):
            return redirect(url_for("invited.tasks"))
        form.code.errors = ["Check the code. It works for 15 minutes and for 5 tries. You can ask for a new one"]
    return render_template("invited/confirm.html", form=form, again=FlaskForm(formdata=None))


@bp.post("/refer-by-link/new-code")
@requires(Door.PUBLIC)
def new_code() -> ResponseReturnValue:
    link = _visit()
    if link is None or link.used_at:
        return over()
    if not FlaskForm().validate():
        abort(400)
    links.ask_code(link.id)
    return redirect(url_for("invited.confirm"))


class Stop(Exception):
    """This page is not to be shown; ``answer`` is what is."""

    def __init__(self, answer: ResponseReturnValue) -> None:
        super().__init__("stop")
        self.answer = answer


@bp.errorhandler(Stop)
def stopped(stop: Stop) -> ResponseReturnValue:
    return stop.answer


def _confirmed(*, late: bool = False) -> ReferralLink:
    """The link of a visit whose address is confirmed and that is in use. ``late``: also one that was left for a while.

    Raise Stop.
    """
    link = _visit()
    if link is None:
        raise Stop(over())
    if link.used_at:
        raise Stop(redirect(url_for("invited.sent")))
    if link.confirmed_at is None or (links.is_idle(link) and not late):
        raise Stop(redirect(url_for("invited.confirm")))
    return link


def _begun(link: ReferralLink) -> Arrival:
    """What was written so far. The danger question comes before everything: raise Stop where it was not answered."""
    arrival = arrivals.of_link(link)
    if arrival is None:
        raise Stop(redirect(url_for("invited.danger")))
    return arrival


@bp.route("/refer-by-link/danger", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def danger() -> ResponseReturnValue:
    """Nothing is stored before this answer."""
    link, form = _confirmed(), DangerForm()
    if form.validate_on_submit():
        arrivals.begin(link, form.danger.data)
        stop = form.danger.data != DangerAnswer.NO
        return redirect(url_for("invited.call_now" if stop else "invited.eligible"))
    return render_template("invited/danger.html", form=form, area=_area(link))


@bp.route("/refer-by-link/call-now", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def call_now() -> ResponseReturnValue:
    link, form = _confirmed(), CalledForm()
    _begun(link)
    if form.validate_on_submit():
        arrivals.write(link, "called", form.kept())
        return redirect(url_for("invited.eligible"))
    form.suggest_now()
    return render_template("invited/call_now.html", form=form, area=_area(link))


@bp.route("/refer-by-link/eligible", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def eligible() -> ResponseReturnValue:
    """Age, area and reason, before any name. Outside them nothing is kept."""
    link, form = _confirmed(), EligibleHereForm()
    _begun(link)
    area = _area(link)
    form.offer(area.name, [district for district in sending.districts() if district.area_id == area.id])
    if not form.validate_on_submit():
        return render_template("invited/eligible.html", form=form)
    if not form.is_right_place:
        arrivals.drop(link)
        return redirect(url_for("invited.other_help"))
    arrivals.write(link, "start", form.kept())
    return redirect(url_for("invited.tasks"))


@bp.get("/refer-by-link/other-help")
@requires(Door.PUBLIC)
def other_help() -> ResponseReturnValue:
    return render_template("invited/other_help.html", areas=sending.areas())


def _next(arrival: Arrival) -> str:
    """The first page that is missing, or sending."""
    if "start" not in arrival.written:
        return url_for("invited.eligible")
    missing = next((key for key in PAGES if key not in arrival.written), None)
    return url_for("invited.page", key=missing) if missing else url_for("invited.tasks")


@bp.route("/refer-by-link/tasks", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def tasks() -> ResponseReturnValue:
    """Which pages are written, not what is in them; and sending."""
    link, form = _confirmed(), SendForm()
    arrival = _begun(link)
    if not arrival.is_finished:
        return redirect(_next(arrival)) if arrival.written == [] else _tasks(link, arrival, form)
    if form.validate_on_submit():
        arrivals.send(link)
        return redirect(url_for("invited.sent"))
    return _tasks(link, arrival, form)


def _tasks(link: ReferralLink, arrival: Arrival, form: SendForm) -> str:
    return render_template(
        "invited/tasks.html", form=form, pages=PAGES.values(), written=arrival.written, is_finished=arrival.is_finished,
        next_address=_next(arrival), area=_area(link),
    )  # fmt: skip


@bp.route(f"/refer-by-link/write/<any({', '.join(PAGES)}):key>", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def page(key: str) -> ResponseReturnValue:
    """Always an empty form: what was written before is replaced, never shown."""
    link = _confirmed(late=True)
    arrival = _begun(link)
    if "start" not in arrival.written:
        return redirect(url_for("invited.eligible"))
    form = PartForm(PAGES[key])
    if FlaskForm().validate_on_submit() and form.validate() and _is_lawful(link, form):
        arrivals.write(link, key, form.kept())
        return redirect(_next(_begun(_confirmed())))
    return render_template(
        "invited/page.html", part=PAGES[key], summary_form=form, sections=form.sections, again=key in arrival.written
    )


def _is_lawful(link: ReferralLink, form: PartForm) -> bool:
    """The register may say that this kind of agency cannot use this reason."""
    sharing = form.sections.get("sharing")
    if sharing is None:
        return True
    why = sending.not_lawful(db.session.get_one(Agency, link.agency_id).kind, sharing["basis"].data)
    sharing["basis"].errors = [why] if why else sharing["basis"].errors
    return not why


@bp.get("/refer-by-link/sent")
@requires(Door.PUBLIC)
def sent() -> ResponseReturnValue:
    """A receipt, and nothing of what was sent."""
    link = _visit()
    arrival = arrivals.of_link(link) if link is not None and link.used_at and not links.is_idle(link) else None
    if link is None or arrival is None or arrival.status == ArrivalStatus.WRITING.value:
        return over()
    return render_template("invited/sent.html", receipt=arrival.receipt, area=_area(link))
