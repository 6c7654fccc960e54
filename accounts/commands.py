"""What an operator types: `flask areas sync`, `flask accounts invite`."""

import sys
from pathlib import Path

import click
from email_validator import EmailNotValidError, validate_email
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from tqdm import tqdm

from accounts.models import Agency, Area
from accounts.roles import Role
from accounts.services import directory, unused, users
from accounts.services.grants import Grant, NotAllowed
from config.directory import ConfigError
from core import context, mail
from core.db import db

areas = AppGroup("areas", help="Areas, districts and agencies.")
accounts = AppGroup("accounts", help="People who sign in.")


@areas.command()
@click.option(
    "--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another areas.toml."
)
def sync(path: Path | None) -> None:
    """Bring areas, districts and agencies to what config/areas.toml says, and make each area's keys.

    Example: flask areas sync
    """
    try:
        found = directory.read(path or current_app.extensions["settings"].areas_file)
    except ConfigError as error:
        click.echo("areas.toml is not right:\n" + "\n".join(f"  {problem}" for problem in error.problems), err=True)
        sys.exit(1)
    directory.check_keys()
    with context.acting_as(job="areas"):
        changed = directory.sync(found)
        db.session.commit()
    current_app.extensions["organisation"] = directory.organisation(found)
    words = ", ".join(f"{count} {what}" for what, count in changed.items())
    click.echo(f"New or changed: {words}. Each of {len(found.areas)} areas has its keys.")


@accounts.command()
@click.argument("email")
@click.option("--name", default="", help="Their name. Without it, the part of the address before the @.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.ADMINISTRATOR.value)
@click.option("--area", default=None, help="The area's slug; without it the role is held for the whole force.")
@click.option("--agency", default=None, help="The agency's slug; without it the first agency of the force.")
def invite(email: str, name: str, role: str, area: str | None, agency: str | None) -> None:
    """Invite someone. This is how the first administrator gets in; later ones are invited on the Users page.

    A role that reads records still waits for a second person on the page of roles to approve.

    Example: flask accounts invite ada@agency.example --name "Ada Brook" --role administrator
    """
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise click.BadParameter("Give an address like name@agency.org.uk", param_hint="EMAIL") from None
    try:
        with context.acting_as(job="accounts"):
            grant = Grant(role, _agency(agency), _area(area))
            user, link = users.invite(None, name=name or email.partition("@")[0], email=email, grant=grant)
            db.session.commit()
    except (NotAllowed, LookupError) as error:
        click.echo(f"{error}.", err=True)
        sys.exit(1)
    if mail.is_configured():
        mail.hurry()
        click.echo(f"The invitation is on its way to {user.email}. It works for 72 hours.")
    else:
        click.echo(f"Give this link to {user.email}. It works once, for 72 hours:\n{link}")


@accounts.command("suspend-unused")
def suspend_unused() -> None:
    """Suspend accounts that nobody has used for 45 days; their owners are told a week before. Run it each night.

    Example: flask accounts suspend-unused
    """
    with context.acting_as(job="accounts"):
        done = unused.suspend_unused(lambda found: tqdm(found, unit="account", disable=None))
    click.echo(f"Told: {done.told}. Suspended: {done.suspended}.")
    if done.kept:
        click.echo(
            "The last administrator has not signed in for 45 days and was kept. Make someone else one.", err=True
        )


def _area(slug: str | None) -> str | None:
    if slug is None:
        return None
    try:
        return db.session.scalars(select(Area.id).where(Area.slug == slug)).one()
    except NoResultFound:
        raise LookupError(f"There is no area {slug}. Run: flask areas sync") from None


def _agency(slug: str | None) -> str:
    statement = select(Agency.id).order_by(Agency.area_id.is_not(None), Agency.slug)
    found = db.session.scalars(statement.where(Agency.slug == slug) if slug else statement).first()
    if found is None:
        raise LookupError(f"There is no agency {slug or 'yet'}. Run: flask areas sync")
    return found


def init_app(app: Flask) -> None:
    app.cli.add_command(areas)
    app.cli.add_command(accounts)
