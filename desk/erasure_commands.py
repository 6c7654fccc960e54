"""`flask erasures`: ask that a young person be erased (a second person agrees on the page "Approvals"), and legal holds."""

from dataclasses import replace

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from accounts.models import Membership, User
from accounts.roles import rules_of
from accounts.services.approvals import NotAllowed
from accounts.services.memberships import as_actor, in_date
from core import context
from core.access import Actor, Permission
from core.db import db
from desk import erasing

erasures = AppGroup("erasures", help="Erasing a young person, and what must not be erased.")
REASONS = ("court", "inquiry", "complaint", "safeguarding_review")


@erasures.command()
@click.argument("reference")
@click.option("--by", "email", required=True, help="Who asks: their e-mail address. Someone else agrees.")
def ask(reference: str, email: str) -> None:
    """Ask, in someone's name, that the young person of this case or referral be erased. The reason is asked for.

    Example: flask erasures ask RDG-26-0417K --by dpo@agency.example
    """
    reason = click.prompt("Why? Without the young person's name")
    try:
        with context.acting_as(job="erasure"):
            erasing.ask(_actor(email), reference, reason)
            db.session.commit()
    except NoResultFound:
        raise click.ClickException("There is no young person with this reference") from None
    except NotAllowed as refused:
        raise click.ClickException(str(refused)) from None
    click.echo('Asked. It waits for a second person on the page "Approvals".')


def _actor(email: str) -> Actor:
    """This person under a role that may ask. Raise NotAllowed."""
    user = db.session.scalars(select(User).where(User.email == email.lower(), User.active)).first()
    for member in db.session.scalars(in_date().where(Membership.user_id == user.id)) if user else ():
        permissions = rules_of(member.role).permissions
        if Permission.APPROVAL_ASK in permissions and user:
            return replace(as_actor(user, member), permissions=permissions)
    raise NotAllowed("Nobody with this address holds a role that may ask for this")


@erasures.command()
@click.argument("reference")
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why it must be kept.")
def hold(reference: str, reason: str) -> None:
    """Place a legal hold: nobody may erase this young person until it is released.

    Example: flask erasures hold RDG-26-0417K --reason inquiry
    """
    with context.acting_as(job="erasure"):
        try:
            erasing.hold(erasing.find_by_reference(reference), reason)
        except NoResultFound:
            raise click.ClickException("There is no young person with this reference") from None
        db.session.commit()
    click.echo("A legal hold stands on this record.")


@erasures.command()
@click.argument("reference")
def release(reference: str) -> None:
    """End the legal holds on a young person's record.

    Example: flask erasures release RDG-26-0417K
    """
    with context.acting_as(job="erasure"):
        try:
            ended = erasing.release(erasing.find_by_reference(reference))
        except NoResultFound:
            raise click.ClickException("There is no young person with this reference") from None
        db.session.commit()
    click.echo(f"{ended} legal holds ended.")


def init_app(app: Flask) -> None:
    app.cli.add_command(erasures)
