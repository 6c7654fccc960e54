"""Asking for the second factor again before a risky act (SETTLED 35)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from accounts.credentials import Proof
from accounts.server_session import server_session
from accounts.services import factors
from core.ids import Id

View = TypeVar("View", bound=Callable[..., Any])
# A form of one button is sent to an address that cannot be opened: go back to its list.
LISTS = {"/account/devices": "/account", "/account/sign-out-everywhere": "/account",
         "/admin/grants": "/admin/grants", "/account/factors": "/account/security",
         "/account/home": "/account/home",
         "/account/identities": "/account/security", "/admin/review": "/admin/review", "/admin/users": "/admin/users"}  # fmt: skip


def again_first(back: str = "") -> ResponseReturnValue | None:
    """None where it was given within five minutes; else the way there. What was typed meanwhile is held, and given back.

    ``back``: the page that a form of one button stands on, where it is not in ``LISTS``.
    """
    if server_session().stepped_up_within():
        return None
    held = current_app.extensions["hold_form"]()
    return redirect(url_for("accounts.again", next=held or back or (request.path if _can_be_opened() else _list())))


def step_up_first(view: View) -> View:
    """For a view that asks for the second factor again."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return again_first() or view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def passkey_first(user_id: Id) -> ResponseReturnValue | None:
    """None, or the way to the passkey of somebody whose role needs one and who has one: before they add another way in.

    Otherwise a code, which a false page can ask for, would lead to a passkey. Who came by a recovery code has lost theirs.
    """
    if server_session().proof not in {Proof.CODE, Proof.ORGANISATION}:
        return None
    if not factors.needs_passkey(user_id) or not factors.passkeys_of(user_id):
        return None
    flash("Use your passkey first. Your role needs one, so a code is not enough here.", "error")
    return redirect(url_for("accounts.again", next=request.path))


def _can_be_opened() -> bool:
    rule = request.url_rule
    return request.method == "GET" or (rule is not None and "GET" in (rule.methods or ()))


def _list() -> str:
    return next((page for start, page in LISTS.items() if request.path.startswith(start)), "/")
