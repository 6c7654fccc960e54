"""Areas, districts, agencies, people who sign in, and the role each holds where."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment, Record, SealedRecord, db, id_type
from core.ids import Id


class Installation(db.Model):  # type: ignore[name-defined]
    """One row: what this database is. A database without the demonstration mark is never seeded (SETTLED 25)."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(Moment(), default=now)


class Area(Record):
    """A local area with its panel. Areas are reorganised: they have dates and a successor (DOMAIN 2.2)."""

    __tablename__ = "area"

    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    gss_code: Mapped[str] = mapped_column(String(9))
    prefix: Mapped[str] = mapped_column(String(3), unique=True)
    panel_name: Mapped[str] = mapped_column(String(120))
    front_door_name: Mapped[str] = mapped_column(String(120))
    front_door_day: Mapped[str] = mapped_column(String(40))
    front_door_night: Mapped[str] = mapped_column(String(40))
    targets: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    exclusions: Mapped[list[str]] = mapped_column(JSON, default=list)
    quorum: Mapped[int] = mapped_column(default=4)
    # Whether young people and families may ask for help themselves, on the public page.
    takes_families: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))


class District(Record):
    """A district of an area, for its community safety partnership's figures. Districts are reorganised as areas are."""

    __tablename__ = "district"

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    gss_code: Mapped[str] = mapped_column(String(9))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_id: Mapped[Id | None] = mapped_column(ForeignKey("district.id"))


class Agency(Record):
    """An organisation. Its kind decides lawful gateways; without an area it works across the force."""

    __tablename__ = "agency"

    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    is_provider: Mapped[bool] = mapped_column(default=False)
    # Where its people's addresses end, if that is known: a link to refer by goes nowhere else.
    email_domains: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))


# The panel's own agreement, which every agency signs; others ("isa") are for extracts, and name their columns.
PARTNERSHIP = "partnership"


class Agreement(Audited, Record):
    """An information-sharing agreement (or impact assessment) with dates and the fields it allows."""

    __tablename__ = "agreement"

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    agency_id: Mapped[Id] = mapped_column(ForeignKey("agency.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(60))
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    allowed_fields: Mapped[list[Any]] = mapped_column(JSON, default=list)


class User(Audited, Record):
    """Someone who signs in. Names and work e-mails of staff are clear, with a reason (SETTLED 12)."""

    __tablename__ = "user_account"

    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    sponsor_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    password_set_at: Mapped[datetime | None] = mapped_column(Moment())
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Moment())
    training_until: Mapped[date | None]
    other_email: Mapped[str | None] = mapped_column(String(254))
    restored_at: Mapped[datetime | None] = mapped_column(Moment())
    unused_warned_at: Mapped[datetime | None] = mapped_column(Moment())
    # A keyed hash of the home postcode, which is not kept. What an administrator gave, its owner cannot take away.
    home_token: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    home_given_on: Mapped[date | None]
    home_is_confirmed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # An agency's system acts as this user. It is never active, so nobody signs in as it and nothing is posted to it.
    is_system: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="user", foreign_keys="Membership.user_id", viewonly=True
    )


class Membership(Audited, Record):
    """Role x agency x area. A grant that reads records counts only once a second person has approved it (SETTLED 7)."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint("approved_by_id is null or approved_by_id <> proposed_by_id", name="two_people"),)

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[str] = mapped_column(String(40))
    agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"), index=True)
    district_id: Mapped[Id | None] = mapped_column(ForeignKey("district.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    is_active: Mapped[bool] = mapped_column(default=False)
    proposed_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    approved_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    approved_at: Mapped[datetime | None] = mapped_column(Moment())
    reviewed_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment())

    user: Mapped[User] = relationship(back_populates="memberships", foreign_keys=[user_id])


class SignInSession(db.Model):  # type: ignore[name-defined]
    """One signed-in device. The cookie's value is kept only as a hash; ``data`` holds no personal data."""

    __tablename__ = "sign_in_session"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    membership_id: Mapped[Id | None] = mapped_column(ForeignKey("membership.id"))
    data: Mapped[str] = mapped_column(Text, default="{}")
    started_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    last_seen_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    stepped_up_at: Mapped[datetime | None] = mapped_column(Moment())
    agent: Mapped[str] = mapped_column(String(80), default="")
    # What has been proved: a ``Proof``. With the first factor alone nobody acts.
    proof: Mapped[str] = mapped_column(String(16), default="first")


class Throttle(db.Model):  # type: ignore[name-defined]
    """Tries counted before they are checked, by account, device or address (hashed).

    ``free_at``: when the next try will be looked at, in whole seconds since 1970; 0 where nothing is in the way.
    """

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_started_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    tries: Mapped[int] = mapped_column(default=0)
    free_at: Mapped[int] = mapped_column(BigInteger, default=0)


class AccountLink(Record):
    """A one-time link by e-mail: an invitation (72 hours) or a password reset (1 hour). The token is kept hashed."""

    __tablename__ = "account_link"

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(Moment())
    used_at: Mapped[datetime | None] = mapped_column(Moment())


class Approval(Audited, SealedRecord):
    """An act that takes two people: asked by one, agreed by another (SECURITY-DESIGN 5).

    ``terms`` are the codes, counts and ids that the act needs to run as it was agreed. ``young_person_id`` is whom it
    is about, where it is about one; its data key then seals the reason and ``details`` (what the act needs that is about
    them), so that erasing them erases it too.
    """

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("decided_by_id is null or decided_by_id <> asked_by_id", name="two_people"),
        Index("ix_approval_waiting", "state", "area_id"),
    )

    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))
    kind: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(12))
    object_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    young_person_id: Mapped[Id | None] = mapped_column(id_type())
    terms: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    asked_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    decided_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment())
    expires_at: Mapped[datetime] = mapped_column(Moment())
    reason = Encrypted(max_length=2000)
    answer = Encrypted(max_length=2000)
    details = Encrypted(kind="json", max_length=20_000)
