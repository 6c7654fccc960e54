"""The token of a link and the code that confirms an address: worked out when their letter leaves, kept nowhere.

As with account links (accounts/services/links.py): both come from the row's id with a key of the keys' database, so that a
letter that waits in the outbox, or is tried again, needs no secret in it.
"""

import base64
import hmac
from datetime import datetime

from flask import current_app

from core.clock import now
from core.db import db
from core.ids import Id
from core.keyring import SYSTEM, keyring
from core.row_security import everything
from invited.models import ReferralLink
from messages.kinds import MessageKind
from messages.services.delivery import carries
from messages.services.telling import tell_address

FIGURES = 6


def token_of(link_id: Id) -> str:
    """256 bits that nobody without the system's key can work out."""
    return base64.urlsafe_b64encode(_made("referral-links", link_id)).decode().rstrip("=")


def code_of(link_id: Id, until: datetime) -> str:
    """Six figures, others for each code that is asked for: no two have the same end."""
    made = int.from_bytes(_made("referral-codes", _key(link_id, until)))
    return f"{made % 10**FIGURES:0{FIGURES}d}"


def _made(purpose: str, value: str) -> bytes:
    return hmac.digest(keyring().derived(SYSTEM, purpose), value.encode(), "sha256")


def send_link(link: ReferralLink) -> None:
    tell_address(link.email, MessageKind.REFERRAL_LINK, area_id=link.area_id, key=f"link:{link.id}")


def send_code(link: ReferralLink, until: datetime) -> None:
    tell_address(link.email, MessageKind.REFERRAL_CODE, area_id=link.area_id, key=f"code:{_key(link.id, until)}")


def _key(link_id: Id, until: datetime) -> str:
    return f"{link_id}:{int(until.timestamp() * 1_000_000)}"


def _link_in_letter(key: str) -> str | None:
    link = _link(key)
    if link is None or not link.works:
        return None
    return f"{current_app.extensions['settings'].public_url}/refer-by-link/{token_of(link.id)}"


def _code_in_letter(key: str) -> str | None:
    """None where the code has run out, was used, or another took its place."""
    link = _link(key)
    if link is None or not link.code_hash or not link.code_until or link.code_until <= now():
        return None
    return code_of(link.id, link.code_until) if key == f"code:{_key(link.id, link.code_until)}" else None


def _link(key: str) -> ReferralLink | None:
    link_id = key.partition(":")[2].partition(":")[0]
    with everything():
        return db.session.get(ReferralLink, link_id)


carries(MessageKind.REFERRAL_LINK, _link_in_letter)
carries(MessageKind.REFERRAL_CODE, _code_in_letter)
