"""What is the demonstration's alone: the mark in the database, its accounts, and refusing both everywhere else."""

from flask import Flask, current_app
from sqlalchemy import select

from accounts.models import Installation, Membership, User
from accounts.roles import ROLES, rules_of
from config.settings import Settings, SettingsError
from core.db import db, reading

PASSWORD = "ripe-lanterns-for-geese"  # noqa: S105 - it is printed for everyone who tries the demonstration


def is_demonstration() -> bool:
    """Whether this database carries the demonstration's mark (SETTLED 25)."""
    return bool(db.session.scalar(select(Installation.is_demonstration)))


def check_database(app: Flask) -> None:
    """Raise SettingsError where the mode and the database do not belong together. Call it before serving."""
    settings: Settings = app.extensions["settings"]
    with app.app_context(), reading():
        marked, any_mark = is_demonstration(), db.session.scalar(select(Installation.id)) is not None
        db.session.remove()
    if marked and not settings.demonstration:
        raise SettingsError("This database holds the demonstration. Set DEMONSTRATION=1, or use another database")
    if any_mark and not marked and settings.demonstration:
        raise SettingsError("This database is not marked as a demonstration. Unset DEMONSTRATION, or use another one")


def is_refused(password: str) -> bool:
    """Everyone knows the demonstration's password: outside the mode no account opens with it."""
    settings: Settings = current_app.extensions["settings"]
    return password == PASSWORD and not settings.demonstration


def accounts_by_role() -> list[dict[str, str]]:
    """One account of each role, in the roles' order, for the sign-in page and ``flask demo accounts``."""
    rows = db.session.execute(
        select(Membership.role, User.email)
        .join(User, User.id == Membership.user_id)
        .where(Membership.is_active, User.active)
        .order_by(User.email)
    ).all()
    first: dict[str, str] = {}
    for role, email in rows:
        first.setdefault(role, email)
    return [
        {"role": rules_of(role).name, "email": first[role], "password": PASSWORD} for role in ROLES if role in first
    ]
