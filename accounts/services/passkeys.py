"""Passkeys (WebAuthn Level 2): a challenge for the browser, and the check of what comes back. The user is always verified."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from flask import current_app
from sqlalchemy import select, update
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.credentials import Factor, FactorKind
from accounts.models import User
from accounts.services import challenges, factors, letters
from core.clock import now
from core.db import begin_writing, db
from core.ids import Id, new_id

ADD, ENTER, AGAIN = "passkey-add", "passkey-enter", "passkey-again"
BROKEN = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


class Unproved(ValueError):
    """The browser's answer does not prove a passkey of ours; the message is a code for the trail."""


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a form carries to the browser's script: its options as JSON, and the signed challenge that comes back."""

    options: str
    token: str


def _origin() -> str:
    return str(current_app.extensions["settings"].public_url)


def _place() -> str:
    return urlsplit(_origin()).hostname or "localhost"


def _described(found: list[Factor]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=factor.credential_id or b"") for factor in found]


def to_add(user: User) -> Ceremony:
    """For a new passkey: any authenticator that verifies its user and keeps the key, in the device or outside it."""
    token = challenges.make(ADD, user.id)
    options = webauthn.generate_registration_options(
        rp_id=_place(), rp_name=letters.service_name(), user_id=user.id.encode(), user_name=user.email,
        user_display_name=user.name, challenge=_bytes(token, ADD, user.id),
        exclude_credentials=_described(factors.passkeys_of(user.id)),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )  # fmt: skip
    return Ceremony(options_to_json(options), token)


def to_enter(user_id: Id | None = None, purpose: str = ENTER) -> Ceremony:
    """For signing in (anyone's passkey, or only this person's) or for proving it again."""
    token = challenges.make(purpose, user_id or "")
    options = webauthn.generate_authentication_options(
        rp_id=_place(), challenge=_bytes(token, purpose, user_id or ""),
        allow_credentials=_described(factors.passkeys_of(user_id)) if user_id else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return Ceremony(options_to_json(options), token)


def _bytes(token: str, purpose: str, who: str) -> bytes:
    return challenges.read(token, purpose, who).encode()


def _spent(token: str, purpose: str, who: str) -> bytes:
    value = challenges.read(token, purpose, who)
    challenges.spend(value)
    return value.encode()


def add(user: User, *, token: str, credential: str, name: str) -> Factor:
    """Keep a new passkey. Raise Unproved. The caller's reading is over: this spends the challenge and begins to write."""
    user_id = user.id
    try:
        found = webauthn.verify_registration_response(
            credential=credential, expected_challenge=_spent(token, ADD, user_id), expected_rp_id=_place(),
            expected_origin=_origin(), require_user_verification=True,
        )  # fmt: skip
    except BROKEN as error:
        raise Unproved(type(error).__name__) from None
    begin_writing()
    if len(factors.passkeys_of(user_id)) >= factors.MOST_PASSKEYS:
        raise Unproved("too many")
    factor = Factor(
        id=new_id(), user_id=user_id, kind=FactorKind.PASSKEY.value, name=name, credential_id=found.credential_id,
        public_key=found.credential_public_key, signature_count=found.sign_count, last_used_at=now(),
    )  # fmt: skip
    factors.add(db.session.get_one(User, user_id), factor)
    return factor


def enter(*, token: str, credential: str, user_id: Id | None = None, purpose: str = ENTER) -> User:
    """Whose passkey this is. Raise Unproved: unknown, not verified, another's, copied, or an answer to something else."""
    try:
        challenge = _spent(token, purpose, user_id or "")
        raw_id = base64url_to_bytes(str(json.loads(credential)["rawId"]))
    except BROKEN as error:
        raise Unproved(type(error).__name__) from None
    begin_writing()
    factor = _find(raw_id, user_id)
    count = _verified(factor, credential, challenge)
    if not _take(factor, count):
        raise Unproved("counter")
    return db.session.get_one(User, factor.user_id)


def _find(raw_id: bytes, user_id: Id | None) -> Factor:
    statement = select(Factor).join(User, User.id == Factor.user_id)
    statement = statement.where(Factor.credential_id == raw_id, Factor.kind == FactorKind.PASSKEY.value, User.active)
    if user_id:
        statement = statement.where(Factor.user_id == user_id)
    factor = db.session.scalars(statement).first()
    if factor is None:
        raise Unproved("unknown")
    return factor


def _verified(factor: Factor, credential: str, challenge: bytes) -> int:
    """The authenticator's signature counter, once everything about its answer is right."""
    try:
        _check_owner(factor, json.loads(credential))
        found = webauthn.verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=_place(), expected_origin=_origin(),
            credential_public_key=factor.public_key or b"", credential_current_sign_count=factor.signature_count,
            require_user_verification=True,
        )  # fmt: skip
    except BROKEN as error:
        raise Unproved(type(error).__name__) from None
    return int(found.new_sign_count)


def _check_owner(factor: Factor, answer: Any) -> None:
    """A discoverable passkey says whose it is: it must be who we know as its owner."""
    handle = answer.get("response", {}).get("userHandle")
    if handle and base64url_to_bytes(handle) != factor.user_id.encode():
        raise Unproved("owner")


def _take(factor: Factor, count: int) -> bool:
    """Move the counter on, unless another answer did so meanwhile."""
    table = Factor.__table__
    same = update(table).where(table.c.id == factor.id, table.c.signature_count == factor.signature_count)
    moved = db.session.execute(same.values(signature_count=count, last_used_at=now()).execution_options(loader=True))
    return bool(moved.rowcount)  # type: ignore[attr-defined]
