"""Asking for the second factor again before a risky act (SETTLED 35)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from accounts.server_session import server_session

View = TypeVar("View", bound=Callable[..., Any])
# A form of one button is sent to an address that cannot be opened: go back to its list.
LISTS = {"/account/devices": "/account", "/account/sign-out-everywhere": "/account",
         "/admin/grants": "/admin/grants", "/account/factors": "/account/security",
         "/account/identities": "/account/security", "/admin/review": "/admin/review", "/admin/users": "/admin/users"}  # fmt: skip


def again_first() -> ResponseReturnValue | None:
    """None where it was given within five minutes; else the way there. What was typed meanwhile is held, and given back."""
    if server_session().stepped_up_within():
        return None
    held = current_app.extensions["hold_form"]()
    return redirect(url_for("accounts.again", next=held or (request.path if _can_be_opened() else _list())))


def step_up_first(view: View) -> View:
    """For a view that asks for the second factor again."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return again_first() or view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def _can_be_opened() -> bool:
    rule = request.url_rule
    return request.method == "GET" or (rule is not None and "GET" in (rule.methods or ()))


def _list() -> str:
    return next((page for start, page in LISTS.items() if request.path.startswith(start)), "/")
