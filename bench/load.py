"""Fill a database with many cases for the benchmark, in batches and with a progress bar."""

import random
import time
from typing import Any

from accounts.models import Installation, User
from accounts.services import directory
from config.catalogue import load_interventions
from core import context
from core.clock import today
from core.db import db
from core.ids import new_id
from core.keyring import SYSTEM, keyring
from core.migrate import upgrade_all
from demo import installation
from demo.story import Story
from interventions.services import sync as sync_catalogue
from referrals.models import ReferralDraft

STAGES = {"asking": 40, "plan_draft": 20, "support": 20, "closed": 20}
DRAFTS = 8000  # more than eight clients can send while one figure is measured


def load(app: Any, cases: int) -> float:
    """Make the schema and ``cases`` cases over the areas of the configuration; returns the seconds it took."""
    started = time.monotonic()
    with app.app_context():
        upgrade_all()
        found = directory.read(app.extensions["settings"].areas_file)
        with context.acting_as(job="bench"):
            db.session.add(Installation(is_demonstration=True))
            keyring().ensure_scope(SYSTEM)
            directory.sync(found)
            db.session.flush()
            sync_catalogue(load_interventions())
            installation._add_staff(found)
            installation._add_agreements(found)
            db.session.commit()
            rng = random.Random(1)
            places = [installation.place_of(area.slug, rng) for area in found.areas]
            # Every area alike: beyond 20,000 records in one area a search by name alone is not offered.
            installation.add_people(places, found, cases, rng, today(), shares=STAGES, fullest="")
            db.session.connection().exec_driver_sql("analyze")
            db.session.commit()
    return time.monotonic() - started


def ready_drafts(app: Any, email: str, area_slug: str, how_many: int = DRAFTS) -> list[str]:
    """Drafts of one person with every answer given, so that the benchmark can send them one by one."""
    from datetime import timedelta

    from sqlalchemy import select

    from accounts.models import Area
    from demo.batch import Batch
    from demo.people import people

    with app.app_context(), context.acting_as(job="bench"):
        owner = db.session.scalars(select(User).where(User.email == email)).one()
        area = db.session.scalars(select(Area).where(Area.slug == area_slug)).one()
        place = installation.place_of(area_slug, random.Random(2))
        person = next(iter(people(3, 1, on=today(), area_slug=area_slug, schools=["Northbrook Academy"], districts=[])))
        batch = Batch(area.id)
        ids = []
        for _ in range(how_many):
            draft_id = new_id()
            key = batch.key("referral_draft", draft_id)
            told = Story(batch, random.Random(4), place, person, today(), "")
            told.sent_on = today()
            batch.add(
                ReferralDraft, key, id=draft_id, owner_id=owner.id, agency_id=place.referrers[0].agency_id, area_id=area.id,
                kept_until=today() + timedelta(days=28), saved_at=installation.at(today()), answers=told.answers(),
            )  # fmt: skip
            ids.append(draft_id)
        batch.save((ReferralDraft,))
        db.session.commit()
        return ids
