"""`flask drafts sweep`: what has ended goes with its keys, what stands stays, and a strange copy is left alone."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from accounts.roles import Role
from audit.models import AuditEntry
from core.clock import now, today
from core.db import db
from core.drafts import FormDraft
from core.keyring import keyring
from core.keystore import data_key
from core.spent_keys import destroy_after_commit
from desk import sweeping
from desk.models import StoredSearch
from referrals.models import Referral, ReferralDraft
from referrals.services import drafts
from tests.factories.triage import make_referral


def draft(acting, known, *, ended):
    with acting("referrer@reading") as actor:
        made = drafts.start_draft(actor, area_id=known.areas["reading"], start={"danger": "no"})
        made.kept_until = today() - timedelta(days=1) if ended else today()
        db.session.commit()
        return made.id, made.data_key_id


def stands(key_id):
    return bool(keyring().unwrap([key_id]))


def an_old_key(area, days=2):
    key_id, _ = keyring().new_data_key("young_person", "nobody", area)
    with keyring().store.engine.connect() as connection:
        made = now() - timedelta(days=days)
        connection.execute(data_key.update().where(data_key.c.id == key_id).values(created_at=made))
    return key_id


def test_ended_drafts_go_with_their_keys(app, acting, known):
    (_, ended), (kept_id, kept) = draft(acting, known, ended=True), draft(acting, known, ended=False)
    with acting("referrer@reading") as actor:
        for key, days in (("note-a", 40), ("note-b", 1)):
            db.session.add(FormDraft(user_id=actor.user_id, form_key=key, saved_at=now() - timedelta(days=days),
                                     answers={"text": ["x"]}))  # fmt: skip
        for hours in (-1, 1):
            db.session.add(StoredSearch(owner_id=actor.user_id, membership_id=actor.membership_id, typed="Kaya",
                                        kept_until=now() + timedelta(hours=hours)))  # fmt: skip
        db.session.commit()
    db.session.remove()
    answer = app.test_cli_runner().invoke(args=["drafts", "sweep"])
    assert answer.exit_code == 0, answer.output
    assert "Deleted 1 drafts of referrals, 1 of forms, 1 searches and 0 held forms. Destroyed 3 keys." in answer.output
    db.session.remove()
    assert db.session.scalars(select(ReferralDraft.id)).all() == [kept_id]
    assert db.session.scalars(select(FormDraft.form_key)).all() == ["note-b"]
    assert db.session.scalar(select(func.count()).select_from(StoredSearch)) == 1
    assert (stands(ended), stands(kept)) == (False, True)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "key:changed")).one()
    assert entry.actor_id == "job:sweep"


def test_only_old_keys_that_no_row_uses_are_destroyed(acting, known):
    referral = make_referral(acting, known)
    used = db.session.scalars(select(Referral.data_key_id).where(Referral.id == referral)).one()
    with keyring().store.engine.connect() as connection:
        connection.execute(data_key.update().values(created_at=now() - timedelta(days=9)))
    old, young = an_old_key(known.areas["reading"]), an_old_key(known.areas["reading"], days=0)
    db.session.remove()
    assert sweeping.sweep().keys == 1
    assert (stands(used), stands(old), stands(young)) == (True, False, True)


def test_a_strange_copy_is_left_alone(app, known, monkeypatch):
    monkeypatch.setattr(sweeping, "ORDINARY", 1)
    made = [an_old_key(known.areas["reading"]) for _ in range(3)]
    answer = app.test_cli_runner().invoke(args=["drafts", "sweep"])
    assert answer.exit_code == 1
    assert "Nothing was done" in answer.output
    assert all(stands(key) for key in made)
    db.session.remove()
    assert sweeping.sweep(even_many=True).keys == 3


def test_a_key_is_kept_where_the_deletion_is_not(acting, known):
    _, key = draft(acting, known, ended=False)
    destroy_after_commit([key])
    db.session.rollback()
    db.session.commit()
    assert stands(key)
    destroy_after_commit([key])
    db.session.execute(select(ReferralDraft.id))
    db.session.commit()
    assert not stands(key)


@pytest.mark.only("sqlite")
def test_deleting_a_draft_destroys_its_key(sign_in, acting, known):
    draft_id, key = draft(acting, known, ended=False)
    sign_in(Role.REFERRER).submit(f"/referrals/{draft_id}/delete")
    assert db.session.scalars(select(ReferralDraft.id)).all() == []
    assert not stands(key)
