"""Signing in with an organisation's account: the way there, and the way back."""

from collections.abc import Callable
from dataclasses import asdict

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from accounts.credentials import Proof
from accounts.forms import LeadingForm
from accounts.models import User
from accounts.services import challenges, identities, own_account, sign_in
from accounts.services import providers as protocol
from accounts.services.challenges import Stale
from accounts.services.providers import NotProved, Proved, Trip
from accounts.views import bp
from accounts.views.entering import leads
from accounts.views.guards import again_first
from config.providers import Provider
from core.access import Door, find_actor, requires
from core.db import begin_writing, db
from core.languages import gettext as _

TRIP = "trip"


def _known(slug: str) -> Provider:
    return protocol.find(slug) or abort(404)


@bp.post("/sign-in/with/<slug>")
@requires(Door.PUBLIC)
def go_to_organisation(slug: str) -> ResponseReturnValue:
    """``purpose`` in the form: enter, link (one's own account), again (step-up) or invitation (with its token)."""
    provider, form = _known(slug), LeadingForm()
    purpose, token = request.form.get("purpose", "enter"), request.form.get("token", "")
    if not form.validate_on_submit() or purpose not in {"enter", "link", "again", "invitation"}:
        abort(400)
    if purpose in {"link", "again"} and find_actor() is None:
        return redirect(leads("accounts.enter"))
    if purpose == "link" and (stopped := again_first()):
        return stopped
    db.session.rollback()
    try:
        address, trip = protocol.begin(provider, purpose=purpose, way_on=form.way_on, token=token[:200])
    except NotProved as problem:
        return _failed(provider, str(problem))
    session[TRIP] = asdict(trip)
    return redirect(address)


@bp.get("/sign-in/from/<slug>")
@requires(Door.PUBLIC)
def come_from_organisation(slug: str) -> ResponseReturnValue:
    """A browser is back with a code. What it began with is used up, whatever comes of it."""
    provider, remembered = _known(slug), session.pop(TRIP, None)
    db.session.rollback()
    try:
        trip = Trip(**remembered) if remembered else None
        if trip is None:
            raise NotProved("trip")
        challenges.spend(trip.state)
        proved = protocol.finish(provider, trip, request.args)
    except (NotProved, Stale, TypeError) as problem:
        return _failed(provider, str(problem) if isinstance(problem, NotProved) else "used")
    begin_writing()
    return ENDS[trip.purpose](provider, trip, proved)


def _failed(provider: Provider, code: str) -> ResponseReturnValue:
    begin_writing()
    sign_in.note_failure(None, f"{provider.slug}:{code}"[:60])
    return render_template("accounts/organisation_failed.html", provider=provider, is_unknown=code == "unknown"), 403


def _enter(provider: Provider, trip: Trip, proved: Proved) -> ResponseReturnValue:
    """Only an account that was linked before opens anything, however much an e-mail address looks like somebody's."""
    identity = identities.find(proved.issuer, proved.subject)
    if identity is None:
        return _failed(provider, "unknown")
    identities.note_use(identity)
    return _signed_in(db.session.get_one(User, identity.user_id), trip, proved)


def _signed_in(user: User, trip: Trip, proved: Proved) -> ResponseReturnValue:
    sign_in.begin(user, Proof.ORGANISATION if proved.has_second else Proof.FIRST)
    return redirect(trip.way_on or "/")


def _link(provider: Provider, trip: Trip, proved: Proved) -> ResponseReturnValue:
    actor = find_actor()
    if actor is None:
        return redirect(url_for("accounts.enter"))
    try:
        identities.link(
            db.session.get_one(User, actor.user_id),
            provider=provider.slug,
            issuer=proved.issuer,
            subject=proved.subject,
        )
    except identities.AlreadyLinked:
        return _failed(provider, "taken")
    flash(_("You can now sign in with %(name)s.", name=provider.name), "success")
    return redirect(url_for("accounts.security"))


def _again(provider: Provider, trip: Trip, proved: Proved) -> ResponseReturnValue:
    """Somebody signed in has given their organisation both factors again, a moment ago."""
    actor, identity = find_actor(), identities.find(proved.issuer, proved.subject)
    if actor is None or identity is None or identity.user_id != actor.user_id or not proved.has_second:
        return _failed(provider, "other_account")
    sign_in.stepped_up(actor, Proof.ORGANISATION)
    return redirect(trip.way_on or "/")


def _invited(provider: Provider, trip: Trip, proved: Proved) -> ResponseReturnValue:
    """An invitation answered with an organisation's account instead of a password."""
    try:
        user = own_account.use_link_for_identity(
            trip.token, provider=provider.slug, issuer=proved.issuer, subject=proved.subject
        )
    except identities.AlreadyLinked:
        return _failed(provider, "taken")
    if user is None:
        return render_template("accounts/link_spent.html", kind="invitation"), 410
    return _signed_in(user, trip, proved)


End = Callable[[Provider, Trip, Proved], ResponseReturnValue]
ENDS: dict[str, End] = {
    "enter": _enter,
    "link": _link,
    "again": _again,
    "invitation": _invited,
}
