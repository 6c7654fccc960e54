"""Asking for the password again before a risky act (SETTLED 35)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import redirect, request, url_for

from accounts.sessions import server_session

View = TypeVar("View", bound=Callable[..., Any])
TO_OPEN, TO_SEND = 5, 15


def step_up_first(view: View) -> View:
    """The password within five minutes to open the page, fifteen to send its form (so that slow typing is not lost)."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if server_session().stepped_up_within(TO_OPEN if request.method == "GET" else TO_SEND):
            return view(*args, **kwargs)
        back = request.path if request.method == "GET" else _page_of_form()
        return redirect(url_for("security.verify", next=back))

    return guarded  # type: ignore[return-value]


def _page_of_form() -> str:
    """A form of one button is sent to an address that cannot be opened: go back to its list."""
    return "/admin/grants" if request.path.startswith("/admin/grants") else request.path
