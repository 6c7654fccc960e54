"""Drafts: started after the danger question, saved page by page, kept 28 days, their owner's alone."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from accounts.models import Area, User
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import in_london, now, today
from core.context import current
from core.db import db
from core.drafts import FormDraft
from core.drafts import find as find_form_draft
from core.formats import moment
from core.ids import Id, new_id
from core.spent_keys import destroy_after_commit
from core.statements import columns_of, fetch_one, records_in
from files.services import keeping
from referrals.answers import ENTRY_SECTIONS, Answers, with_page
from referrals.models import ReferralDraft
from referrals.policies import OWN_DRAFTS, owner

KEPT_DAYS = 28
WARN_DAYS = 7
# What was said before there is a draft waits here, sealed, under the person's own system key.
START_KEY = "refer-start"
_ONE = (
    select(*columns_of(ReferralDraft, Area))
    .outerjoin(Area, Area.id == ReferralDraft.area_id)
    .where(cast(Any, OWN_DRAFTS.whereclause), ReferralDraft.id == bindparam("draft"))
)


def start_draft(actor: Actor, *, area_id: Id, start: Mapping[str, Any]) -> ReferralDraft:
    """Keep the first answers. The area's key seals it; the owner's own details are filled in."""
    answers = {
        "start": dict(start) | {"area_id": area_id},
        "person": {"date_of_birth": start.get("date_of_birth")},
        "you": own_details(actor),
    }
    draft = ReferralDraft(
        owner_id=actor.user_id, agency_id=actor.agency_id, area_id=area_id,
        kept_until=today() + timedelta(days=KEPT_DAYS), answers=answers,
    )  # fmt: skip
    db.session.add(draft)
    db.session.flush()
    record(Event.DRAFT_STARTED, actor, draft, detail={"danger": str(start.get("danger", ""))})
    return draft


def own_details(actor: Actor) -> dict[str, str]:
    """What the service knows of whoever refers."""
    user = db.session.get_one(User, actor.user_id)
    return {"name": user.name, "job": "", "agency": actor.agency_name, "email": user.email}


def find_draft(actor: Actor, draft_id: Id) -> ReferralDraft:
    """Raise NoResultFound for anyone but its owner."""
    row = fetch_one(_ONE, owner(actor) | {"draft": draft_id})
    draft, area = records_in(row, ReferralDraft, Area)
    set_committed_value(draft, "area", area)
    return cast(ReferralDraft, draft)


def answers_of(draft: ReferralDraft, *, noted: bool) -> Answers:
    """The answers so far. The first opening is noted for the trail; later ones are its owner's typing (SETTLED 20)."""
    if noted:
        current().looked_at("referral_draft", draft.id)
        return cast(Answers, dict(draft.answers or {}))
    with current().examining("own draft"):
        return cast(Answers, dict(draft.answers or {}))


def save_section(draft: ReferralDraft, answers: Answers, key: str, values: Mapping[str, Any]) -> int:
    """Replace one page's answers; returns how often it has been saved, which its form carries as its version."""
    return _keep(draft, with_page(answers, key, values), key)


def add_entry(draft: ReferralDraft, answers: Answers, key: str, values: Mapping[str, Any]) -> None:
    """Add one event or person to its list."""
    entries = [*entries_of(answers, key), dict(values) | {"id": new_id()}]
    _keep(draft, dict(answers) | {key: {"list": entries}}, key)


def remove_entry(draft: ReferralDraft, answers: Answers, key: str, entry_id: str) -> None:
    entries = [entry for entry in entries_of(answers, key) if entry["id"] != entry_id]
    _keep(draft, dict(answers) | {key: {"list": entries}}, key)


def entries_of(answers: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    assert key in ENTRY_SECTIONS
    return list((answers.get(key) or {}).get("list", []))


def not_duplicates(draft: ReferralDraft, answers: Answers, ids: list[Id]) -> None:
    """Its owner says that these earlier referrals are about someone else; they are not asked again."""
    _keep(draft, dict(answers) | {"not_duplicates": [*answers.get("not_duplicates", []), *ids]}, "not_duplicates")


def version_of(answers: Mapping[str, Any], key: str) -> int:
    return int((answers.get("saved") or {}).get(key, 0))


def _keep(draft: ReferralDraft, answers: dict[str, Any], key: str) -> int:
    version = version_of(answers, key) + 1
    answers["saved"] = dict(answers.get("saved") or {}) | {key: version}
    draft.answers = answers
    draft.saved_at = now()
    return version


def delete_draft(actor: Actor, draft: ReferralDraft) -> None:
    record(Event.DRAFT_DELETED, actor, draft)
    keeping.remove_all(actor, [draft.id])
    destroy_after_commit([draft.data_key_id])
    db.session.delete(draft)


def beginning(actor: Actor) -> dict[str, Any]:
    """What this person answered on the pages before a draft exists."""
    kept = find_form_draft(actor.user_id, START_KEY)
    if kept is None:
        return {}
    with current().examining("own draft"):
        return dict(kept.answers or {})


def keep_beginning(actor: Actor, answers: Mapping[str, Any]) -> None:
    kept = find_form_draft(actor.user_id, START_KEY)
    if kept is None:
        kept = FormDraft(user_id=actor.user_id, form_key=START_KEY)
        db.session.add(kept)
    kept.answers, kept.saved_at = dict(answers), now()


def forget_beginning(actor: Actor) -> None:
    """Once the draft holds it, or when this is not the right place and nothing is kept."""
    kept = find_form_draft(actor.user_id, START_KEY)
    if kept is not None:
        db.session.delete(kept)


def called(actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """Who was told that someone is in danger, when, and the reference they gave; with who wrote it down."""
    return dict(values) | {"noted_at": moment(in_london(now())), "noted_by": actor.name}
