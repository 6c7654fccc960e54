"""A referral that was sent, and a record that the area holds already."""

from datetime import date

import pytest

from cohort.services import people
from core.db import db
from tests.factories.triage import make_referral

KAYA = {"forename": "Kaia", "surname": "Seften", "date_of_birth": date(2011, 5, 4), "school": "Northbrook Academy"}


@pytest.fixture
def referral(acting, known):
    return make_referral(acting, known)


@pytest.fixture
def record_held(acting, known):
    """A young person whom the area knows already, under a slightly different spelling."""
    with acting("coordinator@reading") as actor:
        person = people.create_person(actor, area_id=known.areas["reading"], data=KAYA, created_from="referral")
        db.session.commit()
        return person.id
