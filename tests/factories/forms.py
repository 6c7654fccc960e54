"""Every form that makes a record: who sends it, from where, and the least that it takes."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from accounts.roles import Role
from core.clock import today
from core.db import db
from core.working_days import add_working_days
from tests.factories import cohort
from tests.factories import referrals as referral_factory
from tests.factories.files import pdf


def day_parts(name, day):
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


class Place:
    """An installation with one record of everything (``ids``), and the tests' own tools."""

    def __init__(self, known, acting, sign_in, ids) -> None:
        self.known, self.acting, self.sign_in, self.ids = known, acting, sign_in, ids

    def first(self, model, *where):
        """The id of one record of Reading."""
        found = db.session.scalars(select(model.id).where(model.area_id == self.ids["area_id"], *where)).first()
        db.session.rollback()
        assert found, f"no {model.__tablename__} like that"
        return found

    def agency(self, kind="school"):
        return self.known.agencies[f"{kind}@reading"]


@dataclass(frozen=True)
class Making:
    """``path`` and ``fields`` are made from the place and the client; ``button`` names the form on the page."""

    role: Role
    path: Callable[[Place, Any], str]
    fields: Callable[[Place], dict[str, Any]] = field(default=lambda place: {})
    button: str | None = None
    # Where the form stands, when that is another page than the one it is sent to.
    opened_at: Callable[[Place, Any], str] | None = None


def of_case(rest, **where):
    """A path under the case of the world that has support, or another one as ``where`` says."""

    def path(place, client):
        from panels.models import Case

        case = place.first(Case, *(getattr(Case, k) == v for k, v in where.items())) if where else place.ids["case_id"]
        return f"/cases/{case}/{rest}".rstrip("/")

    return path


def like_another(place, client):
    """The page that compares the young person of the world with another record of their area."""
    from panels.models import Case
    from tests.factories.cases import open_case

    case_id = open_case(place.acting, place.known)
    other = db.session.scalars(select(Case.young_person_id).where(Case.id == case_id)).one()
    db.session.rollback()
    return f"/people/{place.ids['person_id']}/merge/{other}"


def danger_answered(place, client):
    client.submit("/refer/danger", {"danger": "no"})
    return "/refer/eligible"


def finished_draft(place, client):
    with place.acting("referrer@reading") as actor:
        draft = referral_factory.a_draft(actor, forename="Ottilie", surname="Quarmby").id
        db.session.commit()
    return f"/referrals/{draft}/check"


def decided_referral(place, client):
    from referrals.models import Referral

    return f"/referrals/{place.first(Referral, Referral.status == 'accepted')}/feedback"


def asked(place, client):
    from referrals.models import Referral

    return f"/referrals/{place.first(Referral, Referral.status == 'information_needed')}/reply"


def more_files(place, client):
    return asked(place, client).replace("/reply", "/add-file")


def sent_file(place, client):
    """The address that removes a file which its referrer added after sending."""
    path = more_files(place, client)
    place.sign_in(Role.REFERRER).submit(path, {"file": a_file()["file"]()})
    return f"/triage/{path.split('/')[2]}/files/{_newest_file()}/remove"


def document(place, client):
    path = of_case("documents")(place, client)
    place.sign_in(Role.LEAD).submit(path, {"file": a_file()["file"]()}, button="Add file")
    return f"{path}/{_newest_file()}/remove"


def _newest_file():
    from files.models import StoredFile

    found = db.session.scalars(select(StoredFile.id).order_by(StoredFile.added_at.desc())).first()
    db.session.rollback()
    return found


def candidate(place, client):
    from cohort.models import Candidate

    cohort.make_released(place.acting, place.known, [cohort.event(ago=20), cohort.event(ago=100)])
    return f"/refer/candidates/{place.first(Candidate)}"


def uploads(place, client):
    with place.acting("analyst@reading") as actor:
        cohort.make_agreement(actor, place.agency("police"))
        db.session.commit()
    return "/cohort/uploads"


def file(place):
    raw = cohort.as_csv([cohort.event(ago=20), cohort.event(ago=100)])
    return {"kind": "police", "agency": place.agency("police"), "file": lambda: (io.BytesIO(raw), "list.csv")}


def a_list(place):
    from tests.factories import imports

    raw = imports.as_csv([imports.row(300), imports.row(301)])
    return {"file": lambda: (io.BytesIO(raw), "list.csv")}


def extract(place, client):
    with place.acting("analyst@reading") as actor:
        cohort.make_agreement(actor, place.agency("police"))
        extract = cohort.make_upload(actor, place.agency("police"), [cohort.event(ago=20), cohort.event(ago=100)])
        place.ids["extract_id"] = extract.id
        db.session.commit()
    return "/cohort/runs"


def person(place):
    return {"role": "referrer", "area_id": place.ids["area_id"], "agency_id": place.agency()}


def draft_plan(place, client):
    path = of_case("plan")(place, client)
    client.submit(path, button="Change the plan")
    return path


def no_plan_yet(place):
    """A case without a plan."""
    from tests.factories.cases import open_case

    return f"/cases/{open_case(place.acting, place.known)}"


def meeting(rest, *, started=False, agenda=True):
    def path(place, client):
        from tests.factories import meetings

        sent = meetings.ready_referral(place.acting, place.known, forename="Ottilie", surname="Quarmby")
        place.ids["ready_id"] = sent
        on_it = (sent,) if agenda else ()
        return f"/meetings/{meetings.meeting(place.acting, place.known, referrals=on_it, started=started)}/{rest}"

    return path


def decided_meeting(place, client):
    path = meeting("confirm", started=True)(place, client)
    decided = client.submit(path.replace("confirm", "live/1"), decision(place), button="Save and next", follow=False)
    assert decided.status_code == 302
    return path


def decision(place):
    return {"decision": "accept_assess", "rationale": "They like drama.", "what_1": "Ring the school",
            "lead": place.known.users["lead_practitioner@reading"], "who_1": place.known.users["panel_member@reading"],
            **day_parts("by_1", add_working_days(today(), 5))}  # fmt: skip


def item_of(place):
    from panels.models import AgendaItem

    item = db.session.scalars(select(AgendaItem.id).where(AgendaItem.referral_id == place.ids["ready_id"])).one()
    db.session.rollback()
    return {"item": item, "who": place.known.users["panel_member@reading"], "kind": "other", "note": "A neighbour."}


def triage(rest, status="in_triage"):
    def path(place, client):
        from tests.factories.triage import make_referral

        sent = make_referral(place.acting, place.known, status=status, forename="Ottilie", surname="Quarmby",
                             reference="RDG-26-7001X")  # fmt: skip
        return f"/triage/{sent}/{rest}".rstrip("/")

    return path


def like_someone(place, client):
    """A new referral about somebody whose record is held: starting triage proposes it."""
    from cohort.services import people

    data = {"forename": "Ottilie", "surname": "Quarmby", "date_of_birth": date(2011, 5, 4)}
    with place.acting("coordinator@reading") as actor:
        people.create_person(actor, area_id=place.ids["area_id"], data=data, created_from="referral")
        db.session.commit()
    return triage("start", "new")(place, client)


def called(place=None):
    return {**day_parts("called_on", today() - timedelta(days=1)), "called_time": "10:30am", "is_nrm": "no",
            "why": "They told their tutor that they are made to carry things."}  # fmt: skip


def sharing(place):
    return {"from_agency": place.agency("police"), "to_whom": "The panel", "purpose": "panel", "data_class": "identity",
            "what": "Two visits.", "gateway": "children-act-2004-s10", "why_needed": "To plan.", "is_emergency": "y"}  # fmt: skip


def planned_session(place, client):
    from panels.models import SupportSession

    return f"/sessions/{place.first(SupportSession, SupportSession.status == 'planned')}"


def closing(place):
    return {"reason": "goals_met", "goal_1": "achieved", "goal_2": "achieved", "goal_3": "achieved",
            "exit_plan": "Their aunt.", "feedback": "Support has ended."}  # fmt: skip


def closed_to_the_lead(place, client):
    """A case that the coordinator leads."""
    from panels.models import Case
    from tests.factories.cases import open_case

    case = open_case(place.acting, place.known, lead="coordinator")
    place.ids["theirs"] = db.session.scalar(select(Case.reference).where(Case.id == case))
    db.session.rollback()
    return "/emergency"


def open_offer(place):
    from tests.factories import support
    from tests.factories.cases import open_case

    return support.offer(
        place.acting, place.known, open_case(place.acting, place.known), place.ids["intervention_id"],
        practitioner_id=place.known.users["provider_practitioner@reading"],
    )  # fmt: skip


def a_file():
    """A sound PDF, opened anew for each sending."""
    return {"file": lambda: (io.BytesIO(pdf()), "plan.pdf")}
