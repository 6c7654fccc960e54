"""An agency's system for the tests: its credential, its token, and a referral as it would send one."""

import json
from copy import deepcopy

import pytest

from core.db import db
from interface.services import credentials
from tests.conftest import _client
from tests.factories.referrals import birthday

BODY = {
    "start": {"danger": "no", "area": "reading", "district": "not_known", "reason": "exploitation"},
    "person": {"forename": "Kaya", "surname": "Sefton", "preferred_name": "Kay"},
    "contact": {"methods": ["text", "school"], "phone": "07700 900123", "postcode": "rg12ab"},
    "needs": {"sex": "female", "ethnicity": "M1", "ethnicity_source": "self", "interpreter": "no", "send": "none"},
    "education": {"status": "school", "school": "Thamesmead Lane School", "attendance": "50_90"},
    "strengths": {"text": "She runs the lunchtime drama club.", "factors": ["interests"], "child": "Leave me alone."},
    "worries": {"text": "Older young people wait for her.", "concerns": {"cce": "suspected"}},
    "events": [{"type": "suspension", "on": "2026-03-02", "part": "with_others"}],
    "people": [{"name": "Mina Sefton", "relation": "mother"}],
    "tried": {"statutory": ["none"], "text": "A tutor meets her on Mondays."},
    "family": {"informed": "yes", "young_person_knows": "yes"},
    "sharing": {"basis": "safeguard"},
    "you": {"name": "Ira Moss", "email": "ira.moss@school.example"},
    "declared": True,
}


class System:
    """An agency's system at the door: ``post`` and ``get`` with its token, and the answers as JSON."""

    def __init__(self, app, credential_id, client_id, secret):
        self.client, self.credential_id, self.client_id, self.secret = _client(app), credential_id, client_id, secret
        self.keys = 0
        self.token = self.sign_in().json["access_token"]

    def sign_in(self, **changed):
        given = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.secret}
        return self.client.post("/api/token", data=given | changed)

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}

    def key(self):
        self.keys += 1
        return f"{self.client_id}-{self.keys}"

    def send(self, body, key=None, **headers):
        headers = self.headers | {"Idempotency-Key": key or self.key()} | headers
        sent = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.post("/api/v1/referrals", data=sent, content_type="application/json", headers=headers)

    def add_file(self, referral_id, files, key=None):
        headers = self.headers | {"Idempotency-Key": key or self.key()}
        return self.client.post(f"/api/v1/referrals/{referral_id}/files", data=files, headers=headers)

    def get(self, path, **headers):
        return self.client.get(path, headers=self.headers | headers)


@pytest.fixture
def system(app, known, acting):
    """``system(area, agency)`` gives an agency's system access, as an administrator would."""

    def go(area="reading", agency="school", days=90):
        with acting(f"administrator@{area}") as actor:
            made, secret = credentials.make(
                actor,
                agency_id=known.agencies[f"{agency}@{area}"],
                area_id=known.areas[area],
                name="Records",
                days=days,
            )
            found = made.id, made.client_id, secret
            db.session.commit()
        return System(app, *found)

    return go


def body(**sections):
    """A referral that may be sent; each section given replaces single answers of it."""
    made = deepcopy(BODY)
    made["person"]["date_of_birth"] = birthday(15)
    for key, values in sections.items():
        made[key] = made.get(key, {}) | values if isinstance(values, dict) else values
    return made
