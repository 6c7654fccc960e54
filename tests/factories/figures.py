"""Many referrals and cases with clear columns only, for figures: they are counted, never opened."""

from datetime import UTC, datetime, time, timedelta

from audit.loader import load
from cohort.models import YoungPerson
from core.clock import today
from core.db import db
from core.ids import new_id
from panels.models import Case, Plan
from referrals.models import Referral


def at(day, hour=10):
    return datetime.combine(day, time(hour), UTC)


def add(acting, known, *, area, count, sent_on=None, status="accepted", waited=2, engagement=None, plan=False,
        finished=False, acknowledged=True, lead=None):  # fmt: skip
    """So many referrals alike, with their cases where ``engagement`` is given."""
    sent_on = sent_on or today() - timedelta(days=10)
    rows = {YoungPerson: [], Referral: [], Case: [], Plan: []}
    for _ in range(count):
        referral, person, case, key = new_id(), new_id(), new_id(), new_id()
        base = {"created_at": at(sent_on), "row_version": 1, "data_key_id": key, "area_id": known.areas[area]}
        rows[YoungPerson].append(base | {"id": person, "created_from": "test"})
        decided = None if status in {"new", "in_triage"} else at(sent_on + timedelta(days=waited))
        rows[Referral].append(base | {
            "id": referral, "reference": referral[:12].upper(), "agency_id": known.agencies[f"school@{area}"],
            "sent_by_id": known.users[f"referrer@{area}"], "source_type": "professional", "young_person_id": person,
            "status": status, "sent_at": at(sent_on), "acknowledge_by": sent_on + timedelta(days=1),
            "acknowledged_at": at(sent_on, 12) if acknowledged else None, "decide_by": sent_on + timedelta(days=7),
            "decided_at": decided, "ready_at": decided,
        })  # fmt: skip
        if engagement:
            rows[Case].append(base | {
                "id": case, "reference": referral[:12].upper(), "young_person_id": person, "referral_id": referral,
                "episode": 1, "stage": "closed" if finished else "support" if plan else "assessing",
                "is_open": not finished, "engagement": engagement, "next_step": "ask",
                "lead_id": known.users[f"{lead}@{area}"] if lead else None,
                "next_due_on": sent_on + timedelta(days=1), "opened_at": at(sent_on),
            })  # fmt: skip
        if plan:
            rows[Plan].append(base | {
                "id": new_id(), "case_id": case, "young_person_id": person, "number": 1, "status": "agreed",
                "author_id": known.users[f"lead_practitioner@{area}"],
            })  # fmt: skip
    with acting(f"coordinator@{area}") as actor:
        load(rows, area_id=known.areas[area], actor=actor)
        db.session.commit()
