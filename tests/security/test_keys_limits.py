"""Many names take few calls, an outage makes nobody wait twice, and no nonce comes twice (C8, C9, C6)."""

import itertools
import random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from accounts.roles import Role
from cohort.models import YoungPerson
from core import context
from core.clock import today
from core.crypto import associated_data, seal
from core.db import db
from core.keyring import KeyDestroyed, KeyRing, keyring, wrap
from core.keystore import WrappedKey
from demo.batch import Batch
from demo.people import people
from demo.story import ORDER, Story
from tests.conftest import ROOT_KEY
from tests.factories import world
from tests.factories.counting import reads_sent
from tests.support.client import words
from tests.support.keys import Clock, Counted
from tests.support.visitor import at_once

MANY, FRAME, LIST = 1000, 1, 3


@pytest.fixture
def counted(app):
    """The installation's root key behind a provider that notes its calls; the ring's clock."""
    provider, clock = Counted({1: ROOT_KEY}), Clock()
    app.extensions["keyring"] = KeyRing(keyring().store, provider, clock)
    return provider, clock


@pytest.mark.catalogue("C8")
def test_a_thousand_names_take_three_statements_and_one_call_of_the_provider(app, known, sign_in, counted):
    _many_cases(known)
    provider, clock = counted
    client = sign_in(Role.COORDINATOR)
    client.get("/cases?sort=name")
    clock.now += 16 * 60
    provider.calls.clear()
    fetched, opened = [], keyring().unwrap
    keyring().unwrap = lambda ids: (fetched.append(len(ids := list(ids))), opened(ids))[1]
    with reads_sent(app) as sent:
        page = client.get("/cases?sort=name")
    assert page.status_code == 200
    assert "1,000" in words(page) or "1000" in words(page)
    assert sum(fetched) >= MANY
    assert len(fetched) == 1
    assert len(sent) <= FRAME + LIST + scopes_asked(sent), "\n".join(sent)
    assert provider.calls.count(f"scope-key|{known.areas['reading']}|1") == 1
    assert len(provider.calls) == len(set(provider.calls))


def _many_cases(known):
    with context.acting_as(job="test"):
        place = world.place_in(known)
        batch, rng = Batch(place.area_id), random.Random(7)
        world._meetings(batch, place, known, "reading")
        told = people(5, MANY, on=today(), area_slug="reading", schools=["Northbrook Academy"], districts=[])
        for number, person in enumerate(told):
            Story(batch, rng, place, person, today(), f"RDG-26-{number:04d}A").write("asking")
        batch.save(ORDER)
        db.session.commit()


def scopes_asked(sent):
    """The statements that fetch a scope's wrapped key, once a quarter of an hour; none of them is the list's."""
    return sum("from scope_key" in " ".join(statement.lower().split()) for statement in sent)


def test_while_the_provider_is_silent_a_request_waits_once(known, sign_in, counted):
    ids = world.make(known)
    provider, clock = counted
    client = sign_in(Role.COORDINATOR)
    assert client.get(f"/cases/{ids['case_id']}").status_code == 200
    clock.now += 16 * 60
    provider.silent = True
    provider.calls.clear()
    answer = client.post(f"/cases/{ids['case_id']}/notes/new", data={"kind": "contact"})
    assert answer.status_code in {400, 503}
    assert client.get(f"/cases/{ids['case_id']}").status_code == 503
    assert len(provider.calls) <= 1
    provider.silent = False
    clock.now += 1
    assert client.get(f"/cases/{ids['case_id']}").status_code == 200


def test_threads_that_waited_for_one_failure_do_not_each_wait_again(app, known):
    provider = Counted({1: ROOT_KEY})
    provider.silent = True
    ring = KeyRing(keyring().store, provider)

    def ask(number):
        try:
            ring.scope_key(known.areas["reading"])
        except RuntimeError as error:
            return type(error).__name__

    assert at_once(8, ask) == ["KeysUnavailable"] * 8
    assert len(provider.calls) == 1


# ---- nonces


@pytest.mark.catalogue("C9")
def test_a_million_values_under_one_key_have_a_million_nonces():
    cipher, bound = AESGCM(bytes(32)), associated_data("young_person", "surname_sealed", "a" * 26, "k" * 26, 1)
    nonces = {seal(cipher, b"", bound)[2:14] for _ in range(1_000_000)}
    assert len(nonces) == 1_000_000


def test_wraps_have_nonces_of_their_own():
    nonces = {wrap(bytes(32), bytes(32), b"bound")[:12] for _ in range(100_000)}
    assert len(nonces) == 100_000


def test_processes_that_were_forked_do_not_share_nonces():
    """A generator that was copied by a fork would give both processes the same nonces."""
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(4) as pool:
        found = list(itertools.chain.from_iterable(pool.map(_nonces, range(8), chunksize=1)))
    assert len(found) == len(set(found)) == 8000


def _nonces(_):
    return [seal(AESGCM(bytes(32)), b"", b"")[2:14] for _ in range(1000)]


# ---- changed wraps, and changed values at the door (C3)


@pytest.mark.only("sqlite")
@pytest.mark.catalogue("C3", part="data keys")
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, 200), mask=st.integers(1, 255), how=st.sampled_from(["flip", "cut", "extend"]))
def test_a_changed_data_key_never_opens(app, known, at, mask, how):
    ring = keyring()
    wrapped, _ = ring.prepare_data_key("test", "o" * 26, known.areas["reading"])
    raw = wrapped.wrapped
    place = at % len(raw)
    changed = {
        "flip": raw[:place] + bytes([raw[place] ^ mask]) + raw[place + 1 :], "cut": raw[:place],
        "extend": raw + bytes([mask]),
    }[how]  # fmt: skip
    row = WrappedKey(wrapped.id, wrapped.owner_kind, wrapped.owner_id, wrapped.area_id, 1, changed)
    with pytest.raises(KeyDestroyed):
        ring.rewrapped(row)
    assert ring.rewrapped(wrapped).wrapped != raw


@pytest.mark.catalogue("C3", part="answer")
def test_a_changed_value_at_the_door_shows_nothing_and_the_server_lives(known, acting, sign_in):
    """Each kind of change, in the place of a stored value: never its name, never another answer than an error."""
    ids = world.make(known)
    client, path = sign_in(Role.COORDINATOR), f"/cases/{ids['case_id']}"
    person = ids["person_id"]
    kept = db.session.scalar(text("select surname_sealed from young_person where id = :id").bindparams(id=person))
    kept = bytes(kept)
    db.session.rollback()
    name = shown_name(acting, person)
    for changed in (
        b"",
        b"x",
        kept[:14],
        kept[:-1],
        kept + b"x",
        bytes([9]) + kept[1:],
        kept[:1] + bytes([9]) + kept[2:],
        kept[:5] + bytes([kept[5] ^ 1]) + kept[6:],
        kept[:-3] + bytes([kept[-3] ^ 128]) + kept[-2:],
    ):
        put(person, changed)
        answer = client.get(path)
        assert answer.status_code == 500
        assert name not in answer.text
    put(person, kept)
    assert client.get(path).status_code == 200


def shown_name(acting, person):
    with acting("coordinator@reading"):
        name = db.session.get_one(YoungPerson, person).surname
        db.session.rollback()
    return name


def put(person, value):
    db.session.execute(text("update young_person set surname_sealed = :v where id = :id"), {"v": value, "id": person})
    db.session.commit()
