"""Joiners, movers, leavers, lost devices, unused accounts and the quarterly review."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from accounts.credentials import Factor, Identity, RecoveryCode
from accounts.models import AccountLink, Membership, SignInSession, User
from accounts.roles import Role
from accounts.services import links, reviews
from accounts.services.unused import suspend_unused
from audit.models import Event
from audit.services import record
from core import context
from core.clock import today
from core.db import db
from tests.accounts.conftest import EMAIL, NEW, add_app, enter, events
from tests.factories.forms import day_parts
from tests.support.client import words

START = "2026-11-23 09:00:00Z"
WHO = "coordinator@reading"


@pytest.fixture
def environment():
    """A real installation."""
    return {}


@pytest.fixture
def admin(sign_in):
    return sign_in(Role.ADMINISTRATOR)


@pytest.fixture
def worker(another, known):
    """A coordinator with an app, recovery codes, an organisation's account and an open link."""
    client = another()
    enter(client)
    client.app = add_app(client)
    client.submit("/account/recovery-codes", button="Make my recovery codes")
    user = db.session.get_one(User, known.users[WHO])
    identity = Identity(user_id=user.id, provider="council", issuer="https://council.example", subject="x")
    db.session.add(identity)
    record(Event.IDENTITY_LINKED, None, identity)
    client.reset = links.make(user, links.RESET).removeprefix("https://localhost")
    db.session.commit()
    return client


def page_of(known, who=WHO):
    return f"/admin/users/{known.users[who]}"


def count(model, known, who=WHO):
    return db.session.scalar(select(func.count()).select_from(model).where(model.user_id == known.users[who]))


def vouch(admin, known):
    admin.submit(page_of(known), button="Become their sponsor")


# ---- leaving


def test_leaving_ends_everything_at_once(worker, admin, known, another):
    assert worker.get("/account").status_code == 200
    answer = admin.submit(f"{page_of(known)}/leave", {"sure": "y"})
    assert "Everything of this account has ended" in words(answer)
    assert worker.get("/account").location.startswith("/sign-in")
    for model in (Factor, Identity, RecoveryCode, SignInSession):
        assert count(model, known) == 0, model
    open_links = select(func.count()).where(AccountLink.user_id == known.users[WHO], AccountLink.used_at.is_(None))
    assert db.session.scalar(open_links) == 0
    assert another().get(worker.reset).status_code == 410
    assert "Check your email address" in enter(another()).text
    member = db.session.get_one(Membership, known.memberships[WHO])
    assert (member.is_active, member.valid_to) == (False, today() - timedelta(days=1))
    assert "config:user_left" in events()


def test_leaving_is_confirmed(worker, admin, known):
    assert "Confirm that they have left" in admin.submit(f"{page_of(known)}/leave").text
    assert worker.get("/account").status_code == 200


def test_nobody_closes_their_own_account_or_the_last_administrators(admin, known):
    own = admin.submit(f"{page_of(known, 'administrator@reading')}/leave", {"sure": "y"})
    assert own.status_code == 409


def test_who_comes_back_is_invited_again(worker, admin, known, letters):
    admin.submit(f"{page_of(known)}/leave", {"sure": "y"})
    admin.submit(page_of(known), button="Open account again")
    assert "Invitation not answered" in words(admin.get(page_of(known)))


# ---- moving


def test_moving_ends_the_old_role_now(worker, admin, known):
    values = {
        "leaves": known.memberships[WHO], "role": "referrer", "area_id": known.areas["reading"],
        "agency_id": known.agencies["school@reading"],
    }  # fmt: skip
    answer = admin.submit(f"{page_of(known)}/move", values)
    assert "Moved." in words(answer)
    assert db.session.get_one(Membership, known.memberships[WHO]).is_active is False
    held = db.session.scalars(
        select(Membership.role).where(Membership.user_id == known.users[WHO], Membership.is_active)
    )
    assert held.all() == ["referrer"]
    assert worker.get("/triage").status_code != 200


def test_a_move_that_is_not_allowed_ends_nothing(admin, known):
    values = {
        "leaves": known.memberships[WHO], "role": "referrer", "area_id": known.areas["reading"],
        "agency_id": known.agencies["school@slough"],
    }  # fmt: skip
    assert admin.submit(f"{page_of(known)}/move", values).status_code in {200, 400}
    assert db.session.get_one(Membership, known.memberships[WHO]).is_active is True


# ---- a lost device


def test_only_who_vouches_for_them_gives_an_account_back(worker, admin, known):
    assert "They lost their device" not in words(admin.get(page_of(known)))
    refused = admin.submit(f"{page_of(known)}/give-back", {"proof": "in_person"})
    assert (refused.status_code, "become their sponsor first" in words(refused)) == (409, True)
    assert worker.get("/account").status_code == 200


def test_an_account_given_back_is_set_up_from_the_beginning(worker, admin, known, another, letters):
    worker.submit("/account/other-contact", {"other_email": "manager@reading.example"})
    vouch(admin, known)
    letters.clear()
    answer = admin.submit(f"{page_of(known)}/give-back", {"proof": "video"})
    assert "Account given back" in words(answer)
    assert worker.get("/account").status_code == 302
    assert "Check your email address" in enter(another()).text
    assert count(Factor, known) == count(RecoveryCode, known) == count(Identity, known) == 0
    mine, other = letters
    assert (mine.to, other.to) == (EMAIL, "manager@reading.example")
    assert "/invitation/" in mine.text
    assert "/invitation/" not in other.text
    path = "/invitation/" + mine.text.partition("/invitation/")[2].split()[0]
    client = another()
    client.submit(path, {"new_password": NEW})
    enter(client, password=NEW)
    add_app(client)
    assert client.get("/account").status_code == 200
    assert {"config:sponsor", "config:account_given_back"} <= set(events())


def test_how_it_was_made_sure_is_asked_for(worker, admin, known):
    vouch(admin, known)
    assert "Choose how you made sure" in admin.submit(f"{page_of(known)}/give-back").text
    assert worker.get("/account").status_code == 200


def test_risky_pages_ask_for_the_second_factor_again(admin, known, time_machine):
    from core.clock import now

    time_machine.move_to(now() + timedelta(minutes=6), tick=False)
    for page in ("leave", "move", "give-back"):
        path = f"{page_of(known)}/{page}"
        assert admin.get(path).location == f"/sign-in/again?next={path}"


# ---- training and agreements


def test_training_is_recorded_and_opens_everything_again(admin, sign_in, known):
    user = db.session.get_one(User, known.users[WHO])
    user.training_until = None
    record(Event.TRAINING_RECORDED, None, user)
    db.session.commit()
    client = sign_in(Role.COORDINATOR)
    assert client.get("/triage").status_code == 403
    assert "Panel coordinator Reading" in words(admin.get("/admin/training"))
    admin.submit(f"{page_of(known)}/training", day_parts("until", today() + timedelta(days=300)))
    assert client.get("/triage").status_code == 200
    assert "config:training" in events()


def test_nobody_records_their_own_training(admin, known):
    own = page_of(known, "administrator@reading")
    assert admin.submit(f"{own}/training", day_parts("until", date(2099, 1, 1))).status_code == 409


def test_an_agreement_is_recorded(admin, known):
    assert "None recorded" not in words(admin.get("/admin/training"))
    place = f"{known.agencies['police@reading']}:{known.areas['reading']}"
    values = {"place": place, "reference": "PA-2027"} | day_parts("valid_from", today())
    wrong = admin.submit("/admin/agreements/add", values | day_parts("valid_to", today() - timedelta(days=1)))
    assert "must be after the date it begins" in wrong.text
    right = admin.submit("/admin/agreements/add", values | day_parts("valid_to", today() + timedelta(days=365)))
    assert "Agreement recorded" in words(right)


def test_an_administrator_of_one_area_sees_its_agencies_alone(admin, known):
    page = words(admin.get("/admin/training"))
    assert "Reading police" in page
    assert "Slough police" not in page


# ---- unused accounts


@pytest.fixture
def job():
    with context.acting_as(job="accounts"):
        yield


def used_all_but(known, who):
    """Everyone else signed in just now."""
    from core.clock import now

    for user in db.session.scalars(select(User)).all():
        user.last_sign_in_at = None if user.id == known.users[who] else now()
        record(Event.USER_CHANGED, None, user)
    db.session.commit()


def nightly(days, time_machine):
    time_machine.shift(timedelta(days=days))
    return suspend_unused()


def test_unused_accounts_are_told_then_suspended(app, known, letters, job, time_machine):
    from core.clock import now

    time_machine.move_to(now(), tick=False)
    used_all_but(known, WHO)
    assert (nightly(37, time_machine).told, len(letters)) == (0, 0)
    used_all_but(known, WHO)
    assert nightly(2, time_machine).told == 1
    assert [letter.to for letter in letters] == [EMAIL]
    assert (nightly(0, time_machine).told, nightly(5, time_machine).suspended) == (0, 0)
    assert nightly(2, time_machine).suspended == 1
    assert db.session.get_one(User, known.users[WHO]).active is False
    assert events().count("config:user_suspended") == 1


def test_signing_in_or_being_let_back_in_begins_the_count_again(app, known, letters, job, time_machine, acting):
    from accounts.services import users
    from core.clock import now

    time_machine.move_to(now(), tick=False)
    used_all_but(known, WHO)
    nightly(39, time_machine)
    used_all_but(known, WHO)
    nightly(8, time_machine)
    with acting("administrator@reading") as actor:
        users.restore(actor, db.session.get_one(User, known.users[WHO]))
        db.session.commit()
    assert nightly(1, time_machine).suspended == 0
    assert nightly(30, time_machine).suspended == 0


def test_nobody_is_suspended_untold(app, known, letters, job, time_machine):
    """The command did not run for months: first it tells."""
    from core.clock import now

    time_machine.move_to(now(), tick=False)
    used_all_but(known, WHO)
    done = nightly(200, time_machine)
    assert (done.told > 0, done.suspended) == (True, 0)
    assert nightly(6, time_machine).suspended == 0


def test_the_last_administrator_stays(app, known, letters, job, time_machine):
    from core.clock import now

    time_machine.move_to(now(), tick=False)
    nightly(100, time_machine)
    done = nightly(8, time_machine)
    assert done.kept == 1
    left = db.session.scalars(
        select(Membership.role).join(User, User.id == Membership.user_id).where(User.active)
    ).all()
    assert left == ["administrator"]


def test_the_command_says_what_it_did(app, known, letters):
    result = app.test_cli_runner().invoke(args=["accounts", "suspend-unused"])
    assert result.exit_code == 0, result.output
    assert "Told: 0. Suspended: 0." in result.output


# ---- the review


def make_due(known, *keys):
    for key in keys:
        member = db.session.get_one(Membership, known.memberships[key])
        member.created_at = member.created_at - timedelta(days=100)
        record(Event.MEMBERSHIP_REVIEWED, None, member)
    db.session.commit()


def test_roles_come_up_after_three_months_and_are_kept(sign_in, known):
    lead = sign_in(Role.PARTNERSHIP_LEAD)
    assert "No role needs to be looked at" in words(lead.get("/admin/review"))
    make_due(known, WHO, "coordinator@slough")
    page = words(lead.get("/admin/review"))
    assert "Panel coordinator Reading" in page
    assert "Slough" not in page
    answer = lead.submit("/admin/review", button="Keep Panel coordinator of Panel coordinator Reading")
    assert "Role kept" in words(answer)
    assert "No role needs to be looked at" in words(lead.get("/admin/review"))
    member = db.session.get_one(Membership, known.memberships[WHO])
    assert member.reviewed_by_id == known.users["partnership_lead@reading"]
    assert events().count("review:membership") == 2 + 1


def test_a_role_ended_in_the_review_is_gone_at_the_next_request(sign_in, known):
    worker, lead = sign_in(Role.COORDINATOR), sign_in(Role.PARTNERSHIP_LEAD)
    make_due(known, WHO)
    assert worker.get("/triage").status_code == 200
    lead.submit("/admin/review", button="End Panel coordinator of")
    assert worker.get("/triage").status_code == 302
    assert "config:grant_ended" in events()


def test_nobody_reviews_their_own_role(sign_in, known):
    lead = sign_in(Role.PARTNERSHIP_LEAD)
    make_due(known, "partnership_lead@reading")
    assert "Somebody else reviews your own role" in words(lead.get("/admin/review"))
    token = next(i.get("value") for i in lead.page("/admin/review").all("input") if i.get("name") == "csrf_token")
    path = f"/admin/review/{known.memberships['partnership_lead@reading']}/keep"
    assert lead.post(path, data={"csrf_token": token}).status_code == 409


def test_another_areas_roles_cannot_be_reviewed(sign_in, known):
    lead = sign_in(Role.PARTNERSHIP_LEAD)
    token = next(i.get("value") for i in lead.page("/admin/review").all("input") if i.get("name") == "csrf_token")
    path = f"/admin/review/{known.memberships['coordinator@slough']}/end"
    assert lead.post(path, data={"csrf_token": token}).status_code == 404
    assert db.session.get_one(Membership, known.memberships["coordinator@slough"]).is_active


def test_the_review_has_pages(sign_in, known):
    assert "Showing 1 to" in words(sign_in(Role.PARTNERSHIP_LEAD).get("/admin/review?show=all"))
    assert reviews.EVERY.days <= 92
