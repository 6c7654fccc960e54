"""A referring professional's walk through the pages, for tests."""

from typing import Any

from core.ids import Id
from tests.factories.referrals import birthday

PAGES: list[tuple[str, dict[str, Any]]] = [
    ("person", {"forename": "Kaya", "surname": "Sefton", "preferred_name": "Kay"}),
    ("contact", {"methods": ["text", "school"], "phone": "07700 900123", "postcode": "rg12ab"}),
    ("needs", {"sex": "female", "ethnicity": "M1", "ethnicity_source": "self", "interpreter": "no", "send": "none"}),
    ("education", {"status": "school", "school": "Thamesmead Lane School", "attendance": "50_90"}),
    ("strengths", {"text": "She runs the lunchtime drama club.", "factors": ["interests"],
                   "child": "I want them to leave me alone."}),
    ("worries", {"text": "Older young people wait for her.", "concern_cce": "suspected"}),
    ("events", {"type": "suspension", "on-day": "2", "on-month": "3", "on-year": "2026", "part": "with_others"}),
    ("family", {"informed": "yes", "young_person_knows": "yes"}),
    ("people", {}),
    ("tried", {"statutory": ["none"], "text": "A tutor meets her on Mondays."}),
    ("sharing", {"basis": "safeguard"}),
]  # fmt: skip


def born(years: int = 15) -> dict[str, str]:
    year, month, day = birthday(years).split("-")
    return {"date_of_birth-day": day, "date_of_birth-month": month, "date_of_birth-year": year}


def begin(client: Any, known: Any, area: str = "reading", years: int = 15, **changed: Any) -> Any:
    """Past the danger question and "Check this is the right place"; answers with the last response, not followed."""
    client.submit("/refer/danger", {"danger": "no"})
    return client.submit("/refer/eligible", answers_about(known, area, years) | changed, follow=False)


def answers_about(known: Any, area: str, years: int) -> dict[str, Any]:
    return born(years) | {"area_id": known.areas[area], "district_id": "not_known", "reason": "exploitation"}


def draft_id_of(response: Any) -> Id:
    found: str = response.location.split("/")[2]
    return found


def fill(client: Any, draft_id: Id) -> list[str]:
    """Fill every page by "Save and continue", following where it leads; the addresses seen, in order."""
    answers, seen = dict(PAGES), []
    where = f"/referrals/{draft_id}/person"
    while where.rsplit("/", 1)[1] in answers:
        seen.append(where.rsplit("/", 1)[1])
        where = client.submit(where, answers[seen[-1]], button="Save and continue", follow=False).location
    seen.append(where.rsplit("/", 1)[1])
    return seen
