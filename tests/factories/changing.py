"""Forms that change a record and that need something before them: who sends each, from where, and what it takes."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from accounts.roles import Role
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core.clock import today
from core.codes.sensitivity import Sensitivity
from core.db import db
from core.working_days import add_working_days
from messages.kinds import MessageKind
from messages.models import Notice
from messages.services import tell
from tests.factories import cohort, invited, meetings
from tests.factories.forms import Making, a_file, called, day_parts, triage
from tests.factories.triage import make_referral
from tests.support import installation
from tests.support.client import Page, form_values


def _planned(rest: str) -> Any:
    """A planned meeting with two items."""

    def path(place: Any, client: Any) -> str:
        two = [
            meetings.ready_referral(place.acting, place.known, forename=name, surname="Quarmby")
            for name in ("Ottilie", "Noor")
        ]
        return f"/meetings/{meetings.meeting(place.acting, place.known, referrals=tuple(two))}{rest}"

    return path


def _added(place: Any, client: Any) -> str:
    """The address that removes a file which was just added to the draft."""
    page = f"/referrals/{place.ids['draft_id']}/files"
    client.submit(page, {"file": a_file()["file"]()}, button="Upload file")
    return next(
        form.get("action") for form in client.page(page).all("form") if form.get("action", "").endswith("/remove")
    )


def _moved(place: Any, client: Any) -> str:
    agenda = _planned("/agenda")(place, client)
    forms = client.page(agenda).all("form")
    found: str = next(form.get("action") for form in forms if form.get("action", "").endswith("/down"))
    return found


def _agenda_of(place: Any, client: Any) -> str:
    return f"/meetings/{place.path.split('/')[2]}/agenda"


def _decision_that_was_read(place: Any) -> dict[str, Any]:
    """A decision is sent with the mark of the text that was shown for it."""
    given = {"outcome": "not_eligible", "not_eligible": "age", "words": "They turned 18 in May."}
    shown = place.sign_in(Role.COORDINATOR).submit(place.path, given)
    return given | {"seen": form_values(Page(shown.text).form(button="Save decision"))["seen"]}


def _meeting_fields(place: Any) -> dict[str, Any]:
    asked = [place.known.memberships[f"{role}@reading"] for role in ("panel_chair", "panel_member")]
    return {"at": "11am", "place": "Room 5", "chair": asked[0], "asked": asked,
            **day_parts("day", add_working_days(today(), 4))}  # fmt: skip


def _run(place: Any, client: Any) -> str:
    from cohort.services import runs

    with place.acting("analyst@reading") as actor:
        cohort.make_agreement(actor, place.agency("police"))
        extract = cohort.make_upload(actor, place.agency("police"), [cohort.event(ago=20), cohort.event(ago=100)])
        run = runs.start_run(actor, [extract.id]).id
        db.session.commit()
    return f"/cohort/runs/{run}/release"


def _checked(place: Any, client: Any) -> str:
    with place.acting("analyst@reading") as actor:
        cohort.make_agreement(actor, place.agency("police"))
        found = cohort.make_upload(actor, place.agency("police"), [cohort.event(ago=20)], accept=False).id
        db.session.commit()
    return f"/cohort/uploads/{found}/accept"


def _proposed(answer: str) -> Any:
    """A role that an administrator proposed and that waits for somebody else."""

    def path(place: Any, client: Any) -> str:
        from accounts.models import Membership

        administrator = place.sign_in(Role.ADMINISTRATOR)
        fields = {
            "role": "coordinator",
            "area_id": place.ids["area_id"],
            "agency_id": place.agency("childrens_social_care"),
        }
        sent = administrator.submit(f"/admin/users/{place.ids['user_id']}/role", fields, follow=False)
        assert sent.status_code in {302, 303}
        waits = Membership.user_id == place.ids["user_id"], Membership.role == "coordinator"
        found = db.session.scalars(select(Membership.id).where(*waits)).one()
        db.session.rollback()
        return f"/admin/grants/{found}/{answer}"

    return path


def _compared(place: Any, client: Any) -> str:
    return f"/triage/{place.ids['referral_id']}/compare/{place.ids['match_id']}"


def _stepped_up(place: Any, client: Any) -> str:
    referral = make_referral(place.acting, place.known, forename="Ottilie", surname="Quarmby")
    coordinator = place.sign_in(Role.COORDINATOR)
    raised = coordinator.submit(f"/triage/{referral}/step-up", called(), follow=False)
    return f"{raised.location}/call"


def _asked(place: Any, client: Any) -> str:
    """Something that somebody asked for and that waits for a second person."""
    from accounts.services import approvals

    approvals.KINDS.setdefault("disposal", approvals.Kind("disposal", "Dispose of a record", asks=()))
    return f"/approvals/{place.ids['approval_id']}"


def _vouched_for(place: Any, client: Any) -> str:
    """Somebody for whom this administrator vouches."""
    client.submit(f"/admin/users/{place.ids['user_id']}", button="Become their sponsor")
    return f"/admin/users/{place.ids['user_id']}/give-back"


def _hidden(place: Any, client: Any) -> str:
    """A referral that may be about somebody whose record is hidden."""
    person = db.session.get_one(YoungPerson, place.ids["person_id"])
    person.sensitivity = Sensitivity.HIDDEN.value
    record(Event.PERSON_CHANGED, None, person)
    db.session.commit()
    return f"/closed-records/matches/{place.ids['match_id']}"


def _told(place: Any) -> str:
    """Two things that the referrer has not read; the newer one's id."""
    for kind in (MessageKind.DECISION, MessageKind.NEWS):
        tell([place.known.users["referrer@reading"]], kind)
        db.session.commit()
    found = db.session.scalars(select(Notice.id).where(Notice.kind == MessageKind.NEWS.value)).one()
    db.session.rollback()
    return found


def _system(place: Any, client: Any) -> str:
    """The address that ends the access of an agency's system."""
    from interface.services import credentials

    with place.acting("administrator@reading") as actor:
        made, _ = credentials.make(
            actor, agency_id=place.agency(), area_id=place.ids["area_id"], name="Records", days=90
        )
        found = made.id
        db.session.commit()
    return f"/admin/systems/{found}/end"


def _moving(place: Any, client: Any, asks: str = "slough", answers: str = "reading") -> str:
    """A record that one area asks the other to take over."""
    from core.codes.transfers import MoveAnswer
    from rights import transfers
    from tests.factories.cases import open_case

    case_id = open_case(place.acting, place.known, area=asks)
    with place.acting(f"coordinator@{asks}") as actor:
        wanted = transfers.Asked(place.known.areas[answers], MoveAnswer.AGREE, "They moved on Monday", "")
        found = transfers.ask(actor, case_id, wanted).id
        db.session.commit()
    return f"/transfers/{found}"


def _over(place: Any, client: Any) -> str:
    """A record whose time is over."""
    from rights.models import RetentionReview

    made = RetentionReview(
        young_person_id=place.ids["person_id"], area_id=place.ids["area_id"], reference=place.ids["reference"],
        rule="case", due_on=today(), state="due",
    )  # fmt: skip
    db.session.add(made)
    record(Event.RETENTION_DUE, None, made)
    db.session.commit()
    return f"/rights/retention/{made.id}"


HOME = {"postcode": "RG1 2AB"}


def _home_given(place: Any, client: Any) -> str:
    client.submit("/account/home", HOME)
    return "/account/home/remove"


CHANGING: dict[str, Making] = {
    "accounts.own_home": Making(Role.COORDINATOR, lambda p, c: "/account/home", lambda p: HOME),
    "accounts.remove_own_home": Making(
        Role.COORDINATOR, _home_given, button="Remove home postcode", opened_at=lambda p, c: "/account/home"
    ),
    "accounts.user_home": Making(
        Role.ADMINISTRATOR, lambda p, c: f"/admin/users/{p.ids['user_id']}/home", lambda p: HOME
    ),
    "imports.send": Making(
        Role.REFERRER, lambda p, c: f"/imports/{p.ids['import_id']}/send",
        lambda p: {"declared": "y", "makes": "referrals", "again": "leave"}, "Continue",
        opened_at=lambda p, c: p.path.removesuffix("/send"),
    ),
    "imports.throw_away": Making(
        Role.REFERRER, lambda p, c: f"/imports/{p.ids['import_id']}/throw-away", button="Throw this list away",
        opened_at=lambda p, c: p.path.removesuffix("/throw-away"),
    ),
    "rights.transfer": Making(Role.COORDINATOR, _moving, lambda p: {"decision": "decline", "answer": "They live here"}),
    "rights.withdraw_transfer": Making(
        Role.COORDINATOR, lambda p, c: _moving(p, c, "reading", "slough") + "/withdraw", button="Withdraw",
        opened_at=lambda p, c: p.path.removesuffix("/withdraw"),
    ),
    "rights.retention_decide": Making(
        Role.DATA_PROTECTION_OFFICER, _over, lambda p: {"decision": "keep", "keep_reason": "court", "years": "1"}
    ),
    "panels.cancel_meeting": Making(Role.COORDINATOR, _planned("/cancel"), button="Cancel meeting"),
    "panels.edit_meeting": Making(Role.COORDINATOR, _planned("/edit"), _meeting_fields, "Save meeting"),
    "panels.move_on_agenda": Making(Role.COORDINATOR, _moved, button="Down", opened_at=_agenda_of),
    "cohort.release_run": Making(
        Role.ANALYST, _run, button="Release", opened_at=lambda p, c: p.path.removesuffix("/release")
    ),
    "cohort.settle_upload": Making(
        Role.ANALYST, _checked, button="Accept", opened_at=lambda p, c: p.path.removesuffix("/accept")
    ),
    "accounts.approve": Making(
        Role.PARTNERSHIP_LEAD, _proposed("approve"), button="Approve", opened_at=lambda p, c: "/admin/grants"
    ),
    "accounts.decline": Making(
        Role.PARTNERSHIP_LEAD, _proposed("decline"), button="Decline", opened_at=lambda p, c: "/admin/grants"
    ),
    "referrals.compare_match": Making(
        Role.COORDINATOR, _compared, lambda p: {"answer": "different", "why": "Another school."}, "Save answer"
    ),
    "referrals.decide": Making(Role.COORDINATOR, triage("decide"), _decision_that_was_read, "Check what"),
    "referrals.record_call": Making(
        Role.COORDINATOR, _stepped_up,
        lambda p: {**day_parts("called_on", today() - timedelta(days=1)), "called_time": "9:15am"}, "Save the call",
    ),
    "referrals.delete_draft": Making(
        Role.REFERRER, lambda p, c: f"/referrals/{p.ids['draft_id']}/delete", button="Delete draft"
    ),
    "accounts.approval": Making(
        Role.SAFEGUARDING_LEAD, _asked, lambda p: {"decision": "decline", "answer": "Not before the inspection."},
        "Save your answer",
    ),
    "panels.hidden_match": Making(
        Role.SAFEGUARDING_LEAD, _hidden, lambda p: {"answer": "different", "why": "Rang the school."}
    ),
    "panels.other_panel": Making(
        Role.COORDINATOR, lambda p, c: f"/other-panels/{p.ids['contact_id']}", lambda p: {"outcome": "same"}
    ),
    "messages.read_one": Making(
        Role.REFERRER, lambda p, c: f"/account/notices/{_told(p)}/read", button="Mark as read",
        opened_at=lambda p, c: "/account/notices",
    ),
    "referrals.remove_file": Making(
        Role.REFERRER, _added, button="Remove", opened_at=lambda p, c: f"/referrals/{p.ids['draft_id']}/files"
    ),
    "messages.read_all": Making(
        Role.REFERRER, lambda p, c: _told(p) and "/account/notices/read", button="Mark all as read",
        opened_at=lambda p, c: "/account/notices",
    ),
    "accounts.change_password": Making(
        Role.REFERRER, lambda p, c: "/account/password",
        lambda p: {"old_password": installation.PASSWORD, "new_password": "violet kettle marmalade 9"}, "Change password",
    ),
    "accounts.review_role": Making(
        Role.PARTNERSHIP_LEAD, lambda p, c: f"/admin/review/{p.ids['membership_id']}/keep", button="Keep",
        opened_at=lambda p, c: "/admin/review?show=all",
    ),
    "interface.end_credential": Making(Role.ADMINISTRATOR, _system, lambda p: {"sure": "y"}, "End access"),
    "invited.end_link": Making(
        Role.COORDINATOR, lambda p, c: f"/triage/links/{p.ids['link_id']}/end", button="End link",
        opened_at=lambda p, c: "/triage/links",
    ),
    "invited.turn_away": Making(
        Role.COORDINATOR, lambda p, c: f"/triage/arrivals/{p.ids['arrival_id']}/turn-away",
        lambda p: {"reason": "duplicate", "why": "Sent on Monday too."}, "Turn it away",
    ),
    "invited.take_back": Making(
        Role.COORDINATOR, lambda p, c: f"/triage/arrivals/{invited.turned_away(p.known)}/take-back",
        button="Put it back", opened_at=lambda p, c: p.path.removesuffix("/take-back"),
    ),
    "accounts.give_back": Making(Role.ADMINISTRATOR, _vouched_for, lambda p: {"proof": "video"}),
}  # fmt: skip
