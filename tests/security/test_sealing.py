"""Sealed values belong to one place: moved, cut or changed they never open, and the answer says nothing (C2, C3)."""

from datetime import date

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from cohort.models import YoungPerson
from core.crypto import SealBroken, associated_data, seal, unseal
from core.db import db
from core.keyring import keyring
from referrals.models import Referral

KEY = AESGCM(bytes(32))
PLACE = associated_data("young_person", "surname_sealed", "a" * 26, "k" * 26, 1)


def make_people(acting, known):
    """One young person in each area, and a second in the first."""
    made = []
    for who in ("coordinator@reading", "coordinator@reading", "coordinator@slough"):
        with acting(who) as actor:
            person = YoungPerson(
                area_id=actor.area_id, created_from="test", forename="Kaya", surname="Sefton", school="Northbrook",
                date_of_birth=date(2011, 5, 4),
            )  # fmt: skip
            db.session.add(person)
            record(Event.PERSON_CREATED, actor, person)
            db.session.commit()
            made.append(person.id)
    return made


def paste(target, column, source, from_column=None):
    """Copy the bytes of one sealed value over another, as somebody with the database but no keys could."""
    db.session.execute(
        text(
            f"update young_person set {column} = (select {from_column or column} from young_person where id = :source)"
            " where id = :target"
        ),
        {"source": source, "target": target},
    )
    db.session.commit()
    db.session.expire_all()


@pytest.mark.catalogue("C2", part="values")
@pytest.mark.parametrize("swap", ["row", "area", "column", "key"])
def test_a_value_pasted_elsewhere_does_not_open(acting, known, swap):
    here, beside, elsewhere = make_people(acting, known)
    if swap == "column":
        paste(here, "surname_sealed", here, "forename_sealed")
    else:
        paste(here, "surname_sealed", elsewhere if swap == "area" else beside)
    if swap == "key":
        paste(here, "data_key_id", beside)
    with acting("coordinator@reading"), pytest.raises(SealBroken) as refusal:
        _ = db.session.get_one(YoungPerson, here).surname
    assert "Sefton" not in str(refusal.value)


@pytest.mark.catalogue("C2", part="keys")
def test_a_data_key_given_to_another_owner_or_area_does_not_unwrap(acting, known):
    here, _, elsewhere = make_people(acting, known)
    keys = {i: db.session.get_one(YoungPerson, i).data_key_id for i in (here, elsewhere)}
    with keyring().store.engine.connect() as connection:
        connection.execute(
            text("update data_key set area_id = :area where id = :id"),
            {"area": known.areas["slough"], "id": keys[here]},
        )
    with acting("coordinator@reading"), pytest.raises(LookupError):
        _ = db.session.get_one(YoungPerson, here).surname


@pytest.mark.catalogue("C2", part="answer")
def test_a_broken_seal_is_an_error_without_detail_and_an_entry(acting, known, sign_in):
    from tests.factories import referrals as make

    with acting("referrer@reading") as actor:
        sent = make.send_referral(actor).id
        db.session.commit()
    db.session.execute(
        text("update referral set surname_sealed = forename_sealed where id = :id"),
        {"id": sent},
    )
    db.session.commit()
    db.session.remove()
    answer = sign_in(Role.REFERRER).get(f"/referrals/{sent}")
    assert answer.status_code == 500
    db.session.remove()
    noted = select(func.count()).where(AuditEntry.event == Event.DENIED.value, AuditEntry.object_id == sent)
    assert db.session.scalar(noted) == 1
    assert db.session.get_one(Referral, sent).status


places = st.tuples(
    st.sampled_from(["young_person", "referral", "case_note"]), st.sampled_from(["surname_sealed", "text_sealed"]),
    st.sampled_from(["a" * 26, "b" * 26]), st.sampled_from(["k" * 26, "m" * 26]), st.integers(1, 3),
)  # fmt: skip


@pytest.mark.catalogue("C2", part="any place")
@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=60), places, places)
def test_a_value_opens_in_its_own_place_and_key_version_alone(value, here, there):
    sealed = seal(KEY, value, associated_data(*here))
    if here == there:
        assert unseal(KEY, sealed, associated_data(*there)) == value
    else:
        with pytest.raises(SealBroken):
            unseal(KEY, sealed, associated_data(*there))


@pytest.mark.catalogue("C3", part="values")
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(min_size=0, max_size=60),
    st.integers(0, 10_000),
    st.integers(1, 255),
    st.sampled_from(["flip", "cut", "extend"]),
)
def test_a_flipped_cut_or_extended_value_never_opens(value, place, mask, how):
    sealed = seal(KEY, value, PLACE)
    if how == "flip":
        at = place % len(sealed)
        changed = sealed[:at] + bytes([sealed[at] ^ mask]) + sealed[at + 1 :]
    elif how == "cut":
        changed = sealed[: place % len(sealed)]
    else:
        changed = sealed + bytes([mask])
    with pytest.raises(SealBroken):
        unseal(KEY, changed, PLACE)
    assert unseal(KEY, sealed, PLACE) == value


def test_the_same_value_is_sealed_differently_each_time():
    assert seal(KEY, b"Kaya", PLACE) != seal(KEY, b"Kaya", PLACE)
