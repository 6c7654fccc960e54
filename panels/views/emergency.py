"""Opening one case in an emergency, reading it, and ending it."""

from datetime import datetime
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from accounts.services import throttle
from accounts.views.guards import again_first
from audit.models import Event
from core import submissions
from core.access import Permission, requires, signed_in
from core.clock import now
from core.codes.cases import EngagementStatus
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.paging import Paging, page_number
from panels.forms.emergency import OpenForm
from panels.forms.fields import tidy
from panels.models import EmergencyAccess
from panels.services import emergency, overview
from panels.services.emergency import AlreadyYours, NotOpened, OneAtATime, Opened
from panels.views import bp
from panels.views.case_page import WORDS, identity_of
from referrals.services import story

P = Permission
BANNER = TRIES = "emergency"
MOST_WRONG = 5


@bp.route("/emergency", methods=["GET", "POST"])
@requires(P.CASE_OPEN_EMERGENCY)
def emergency_ask() -> ResponseReturnValue:
    """The form; sent, it opens one case and leads to it."""
    actor, form = signed_in(), OpenForm()
    stopped = again_first()
    if stopped is not None:
        return stopped
    opened = emergency.open_now(actor)
    if opened is None and form.validate_on_submit():
        return _opened(form)
    return render_template("panels/emergency/ask.html", form=form, opened=opened)


def _opened(form: OpenForm) -> ResponseReturnValue:
    actor = signed_in()
    # Counted before it is looked at: two at once of one person wait for each other here, and are two tries, not one.
    if throttle.bump(TRIES, actor.user_id) > MOST_WRONG:
        return _refused(form, _("You have tried too many references. Call the safeguarding lead of the area"))
    try:
        access = emergency.open_case(
            actor, reference=form.reference.data or "", reason_code=form.reason_code.data, reason=tidy(form.reason.data)
        )
    except AlreadyYours as theirs:
        throttle.give_back(TRIES, actor.user_id)
        return redirect(url_for("panels.case_overview", case_id=theirs.case_id))
    except OneAtATime as other:
        return _refused(form, str(other))
    except NotOpened as unknown:
        submissions.release()
        db.session.commit()
        return _refused(form, str(unknown))
    throttle.give_back(TRIES, actor.user_id)
    _remember(access)
    return redirect(url_for("panels.emergency_case", access_id=access.id))


def _refused(form: OpenForm, why: str) -> ResponseReturnValue:
    g.denied = "emergency"
    form.reference.errors = [why]
    return render_template("panels/emergency/ask.html", form=form, opened=None)


def _remember(access: EmergencyAccess) -> None:
    """For the banner that every page shows while it lasts; an id and a time."""
    shown = {"id": access.id, "until": access.ends_at.isoformat()}
    if session.get(BANNER) != shown:
        session[BANNER] = shown


def _lasting(access_id: Id) -> EmergencyAccess:
    """The access, while it lasts; afterwards 403, and another's is "page not found"."""
    access = emergency.find(signed_in(), access_id)
    if not access.is_open(now()):
        session.pop(BANNER, None)
        g.denied = "ended"
        abort(403)
    _remember(access)
    return access


@bp.get("/emergency/<id:access_id>")
@requires(P.CASE_OPEN_EMERGENCY, reads=Event.EMERGENCY_READ, purpose="break_glass")
def emergency_case(access_id: Id) -> ResponseReturnValue:
    """The whole record on one page, to read."""
    access = _lasting(access_id)
    with emergency.reading(access):
        found = emergency.find_file(signed_in(), access)
        return _page(
            "panels/emergency/record.html", found, _("The record"), page=overview.of(found.reader, found.file),
            story=story.read(found.referral.answers or {}), engagement=EngagementStatus(found.file.case.engagement),
        )  # fmt: skip


@bp.get("/emergency/<id:access_id>/timeline")
@requires(P.CASE_OPEN_EMERGENCY, reads=Event.EMERGENCY_READ, purpose="break_glass")
def emergency_timeline(access_id: Id) -> ResponseReturnValue:
    access, number = _lasting(access_id), page_number(request.args.get("page"))
    with emergency.reading(access):
        found = emergency.find_file(signed_in(), access)
        case = found.file.case
        lines = overview.lines(found.reader, case, page=number)
        return _page(
            "panels/emergency/timeline.html", found, _("Timeline"), lines=lines, notes=overview.note_texts(lines),
            paging=Paging(number, overview.count_lines(found.reader, case)),
            url=lambda page: url_for(".emergency_timeline", access_id=access_id, page=page),
        )  # fmt: skip


def _page(template: str, found: Opened, tab: str, **more: Any) -> str:
    access_id, case = found.access.id, found.file.case
    pages = ((_("The record"), url_for(".emergency_case", access_id=access_id)),
             (_("Timeline"), url_for(".emergency_timeline", access_id=access_id)))  # fmt: skip
    tabs = [{"text": words, "href": href, "active": words == tab} for words, href in pages]
    crumbs = [{"text": _("Emergency access"), "href": url_for(".emergency_ask")}, {"text": case.reference}]
    return render_template(
        template, file=found.file, case=case, person=found.file.person, identity=identity_of(found.file), tabs=tabs,
        crumbs=crumbs, access=found.access, **WORDS, **more,
    )  # fmt: skip


@bp.post("/emergency/<id:access_id>/end")
@requires(P.CASE_OPEN_EMERGENCY)
def emergency_end(access_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    emergency.end(actor, emergency.find(actor, access_id))
    session.pop(BANNER, None)
    flash("Emergency access ended. The safeguarding lead will review it.", "success")
    return redirect(url_for(".emergency_ask"))


def banner() -> dict[str, Any] | None:
    """What every page says while a case is open in an emergency: where it is, and how many minutes are left."""
    kept = session.get(BANNER)
    if not kept:
        return None
    until = datetime.fromisoformat(kept["until"])
    left = int((until - now()).total_seconds() // 60) + 1
    return {"id": kept["id"], "until": until, "minutes": left} if until > now() else None
