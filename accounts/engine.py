"""Flask-Security as the engine of signing in: its settings, and what of it is switched off or replaced, and why."""

from typing import Any

from flask import Flask, session
from flask_login import user_logged_out
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore, user_authenticated
from flask_security.utils import set_request_attr
from sqlalchemy import select

from accounts.forms import SignInAgainForm, SignInForm
from accounts.models import User
from accounts.services import sign_in
from accounts.services.memberships import as_actor
from accounts.services.passwords import ARGON2, LONGEST, SHORTEST
from core.access import LIBRARY_DOORS, Door, Requirement, find_actor
from core.db import db

SETTINGS: dict[str, Any] = {
    "LOGIN_URL": "/sign-in",
    "LOGOUT_URL": "/sign-out",
    "LOGOUT_METHODS": ["POST"],
    "VERIFY_URL": "/sign-in/again",
    "POST_LOGIN_VIEW": "/",
    "POST_LOGOUT_VIEW": "/signed-out",
    "POST_VERIFY_VIEW": "/",
    "LOGIN_USER_TEMPLATE": "security/sign_in.html",
    "VERIFY_TEMPLATE": "security/sign_in_again.html",
    "STATIC_FOLDER": None,
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    "CACHE_CONTROL": None,
    "FLASH_MESSAGES": False,
    "JOIN_USER_ROLES": False,
    "API_ENABLED_METHODS": ["session"],
    "DEFAULT_REMEMBER_ME": False,
    # Our forms say the same words for every failure themselves; squashed errors would lose "Enter your password".
    "RETURN_GENERIC_RESPONSES": False,
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "DEPRECATED_PASSWORD_SCHEMES": [],
    "PASSWORD_SINGLE_HASH": {"argon2"},
    "PASSWORD_HASH_PASSLIB_OPTIONS": ARGON2,
    "PASSWORD_LENGTH_MIN": SHORTEST,
    "PASSWORD_CHECK_BREACHED": False,
    "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
}
# What the library would add to every request or page (stack.md): the actor of core.access takes their place.
PER_REQUEST = ("_on_before_request", "_update_remember_cookie", "_user_context_processor", "_context_processor")


class NoRole(RoleMixin):
    """The library asks for a model of roles; ours are memberships, and it never gets to see one."""


class Datastore(SQLAlchemyUserDatastore):
    """The library commits by itself; here the gate alone does, with the trail (SETTLED 21)."""

    def commit(self) -> None:
        db.session.flush()


def init_app(app: Flask) -> None:
    app.config.update({f"SECURITY_{name}": value for name, value in SETTINGS.items()})
    app.config["SECURITY_PASSWORD_SALT"] = app.secret_key
    app.config["SECURITY_PASSWORD_LENGTH_MAX"] = LONGEST
    security = Security(app, Datastore(db, User, NoRole), login_form=SignInForm, verify_form=SignInAgainForm)
    security.want_json(lambda request: False)
    _close_side_doors(app, security)
    LIBRARY_DOORS.update(
        {
            "security.login": Requirement(door=Door.PUBLIC),
            "security.logout": Requirement(door=Door.PUBLIC),
            "security.verify": Requirement(door=Door.SELF),
        }
    )
    # Held by the application: signals keep only weak references.
    app.extensions["account_signals"] = handlers = (_on_signed_in, _on_signed_out)
    user_authenticated.connect(handlers[0], app)
    user_logged_out.connect(handlers[1], app)


def _close_side_doors(app: Flask, security: Any) -> None:
    """No bearer tokens, no remember-me cookie, nothing that loads a user behind the session's back (SETTLED 34)."""
    manager = security.login_manager
    manager.request_loader(lambda request: None)
    manager.user_loader(_load)
    manager.session_protection = None
    manager._load_user_from_remember_cookie = lambda cookie: None
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.template_context_processors):
        kept = [hook for hook in hooks.get(None, []) if getattr(hook, "__name__", "") not in PER_REQUEST]
        hooks[None] = kept  # type: ignore[assignment]


def _load(key: str) -> User | None:
    set_request_attr("fs_authn_via", "session")
    return db.session.scalars(select(User).where(User.fs_uniquifier == key, User.active)).first()


def _on_signed_in(app: Flask, user: User, **extra: Any) -> None:
    for name in ("fs_cc", "fs_paa", "_id"):
        session.pop(name, None)
    sign_in.begin(user)


def _on_signed_out(app: Flask, user: Any, **extra: Any) -> None:
    known = isinstance(user._get_current_object() if hasattr(user, "_get_current_object") else user, User)
    sign_in.end(find_actor() or (as_actor(user) if known else None))
    session.clear()
