"""A fingerprint of where a member of staff lives, so that the watch notices who opens a record of the same postcode."""

import hmac

from accounts.models import User
from accounts.services.grants import NotAllowed
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import today
from core.formats import tidy_postcode
from core.ids import Id
from core.keyring import SYSTEM, keyring


def give(actor: Actor, user: User, postcode: str) -> None:
    """Keep the fingerprint of this postcode, one's own or as an administrator. Raise NotAllowed."""
    _check(actor, user)
    user.home_token, user.home_given_on = _fingerprint(user.id, postcode), today()
    user.home_is_confirmed = user.id != actor.user_id
    record(Event.USER_CHANGED, actor, user, reason="home_given")


def remove(actor: Actor, user: User) -> None:
    """Raise NotAllowed."""
    _check(actor, user)
    forget(user)
    record(Event.USER_CHANGED, actor, user, reason="home_removed")


def forget(user: User) -> None:
    """For a caller that records why."""
    user.home_token = user.home_given_on = None
    user.home_is_confirmed = False


def is_same(user_id: Id, home_token: bytes, postcode: str | None) -> bool:
    """Whether this is the postcode that the account's fingerprint was made of."""
    tidy = tidy_postcode(postcode)
    return tidy is not None and hmac.compare_digest(_fingerprint(user_id, tidy), home_token)


def _check(actor: Actor, user: User) -> None:
    if user.id == actor.user_id and user.home_is_confirmed:
        raise NotAllowed("An administrator recorded your home postcode. Ask an administrator to change it")


def _fingerprint(user_id: Id, postcode: str) -> bytes:
    """Another one for each account, so that who lives together cannot be seen from two of them.

    Under the first version of the system's key: it is kept for ever, so a rotation leaves every fingerprint comparable.
    """
    return keyring().token(SYSTEM, "home", f"{user_id}|{postcode}")
