"""Inviting, giving and ending roles: two people where records are read, nobody for themselves, at the next click."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts.models import Membership, User
from accounts.roles import Role
from accounts.services import grants, users
from accounts.services.grants import Grant, NotAllowed
from audit.models import Event
from audit.services import record
from core import context
from core.clock import now, today
from core.db import db
from tests.accounts.conftest import NEW, enter, events
from tests.support.client import form_values, words
from tests.support.installation import PASSWORD

PERSON = {"name": "Ottoline Marsh", "email": "ottoline.marsh@agency.example"}


def invite(client, known, role="coordinator", **more):
    fields = PERSON | {
        "role": role, "area_id": known.areas["reading"], "agency_id": known.agencies["childrens_social_care@reading"],
    } | more  # fmt: skip
    return client.submit("/admin/users/invite", fields)


def membership_of(email=PERSON["email"]):
    found = db.session.scalars(
        select(Membership).join(User, User.id == Membership.user_id).where(User.email == email)
    ).one()
    db.session.expunge(found)
    db.session.rollback()
    return found


def force_wide(known, key):
    """Make the holder of a membership work for the whole force."""
    member = db.session.get_one(Membership, known.memberships[key])
    member.area_id = None
    record(Event.GRANT_APPROVED, None, member)
    db.session.commit()


def with_password(acting, user_id):
    from accounts.services.passwords import hashed

    user = db.session.get_one(User, user_id)
    user.password, user.password_set_at = hashed(NEW), now()
    record(Event.INVITATION_USED, None, user)
    db.session.commit()


def test_a_role_that_reads_records_takes_two_people(sign_in, known, another, acting):
    page = invite(sign_in("administrator"), known)
    assert "Invitation sent" in words(page)
    assert "Waiting for a second person" in words(page)
    member = membership_of()
    with_password(acting, member.user_id)
    person = another()
    enter(person, email=PERSON["email"], password=NEW)
    assert "You have no active role" in words(person.get("/", follow_redirects=True))
    lead = sign_in("partnership_lead")
    done = lead.submit("/approvals", button="Approve")
    assert "Role approved" in words(done)
    assert person.get("/account", follow_redirects=True).status_code == 200
    assert "Panel coordinator" in words(person.submit("/account/choose-role?next=/account", {"way": member.id}))
    assert membership_of().approved_by_id == known.users["partnership_lead@reading"]
    assert [e for e in events() if "grant" in e] == ["config:grant_proposed", "config:grant_approved"]


def test_an_administrator_does_not_make_another_alone(sign_in, known):
    page = invite(sign_in("administrator"), known, "administrator")
    assert "Waiting for a second person" in words(page)
    assert not membership_of().is_active
    assert "Role approved" in words(sign_in("partnership_lead").submit("/approvals", button="Approve"))
    assert membership_of().is_active


def test_a_role_that_reads_none_counts_at_once(sign_in, known):
    assert "Active" in words(invite(sign_in("administrator"), known, role="referrer"))
    assert membership_of().is_active


def test_a_declined_role_is_gone_from_the_list(sign_in, known):
    invite(sign_in("administrator"), known)
    lead = sign_in("partnership_lead")
    assert "Role declined" in words(lead.submit("/approvals", button="Decline"))
    assert not membership_of().is_active
    assert membership_of().valid_to < today()


def test_nobody_approves_what_they_proposed_or_what_is_for_them(acting, known):
    for own in (True, False):
        with acting("partnership_lead@reading") as lead:
            member = Membership(
                user_id=known.users[f"{'partnership_lead' if own else 'analyst'}@reading"], role="coordinator",
                agency_id=known.agencies["police@reading"], area_id=known.areas["reading"], valid_from=today(),
                proposed_by_id=known.users["administrator@reading"] if own else lead.user_id,
            )  # fmt: skip
            db.session.add(member)
            record(Event.GRANT_PROPOSED, lead, member)
            db.session.flush()
            assert grants.why_not(lead, member)
            with pytest.raises(NotAllowed):
                grants.approve(lead, member)
            with pytest.raises(NotAllowed):
                grants.decline(lead, member)
            db.session.rollback()


def test_the_database_itself_refuses_one_person_twice(acting, known):
    with acting("administrator@reading") as actor:
        member = db.session.get_one(Membership, known.memberships["analyst@reading"])
        member.proposed_by_id = member.approved_by_id = actor.user_id
        record(Event.GRANT_APPROVED, actor, member)
        with pytest.raises(IntegrityError):
            db.session.commit()
        db.session.rollback()


def test_nobody_gives_themselves_a_role(sign_in, acting, known):
    with acting("administrator@reading") as actor:
        myself = db.session.get_one(User, actor.user_id)
        grant = Grant("referrer", known.agencies["school@reading"], known.areas["reading"])
        with pytest.raises(NotAllowed):
            grants.propose(actor, myself, grant)
    client = sign_in("administrator")
    answer = client.submit(
        f"/admin/users/{known.users['administrator@reading']}/role",
        {"role": "referrer", "area_id": known.areas["reading"], "agency_id": known.agencies["school@reading"]},
    )
    assert "You cannot give yourself a role" in answer.text
    with acting("administrator@reading") as actor, pytest.raises(NotAllowed):
        grants.end(actor, known.memberships["administrator@reading"])


def test_an_approver_of_another_area_neither_sees_nor_decides(sign_in, known):
    invite(sign_in("administrator"), known)
    other = sign_in("partnership_lead", area="slough")
    page = words(other.get("/admin/grants"))
    assert "Ottoline Marsh" not in page
    token = other.page("/admin/roles").root.find(".//input[@name='csrf_token']").get("value")
    answer = other.post(f"/admin/grants/{membership_of().id}/approve", data={"csrf_token": token})
    assert answer.status_code == 404
    assert not membership_of().is_active


def test_an_administrator_of_one_area_stays_in_it(sign_in, acting, known):
    client = sign_in("administrator")
    assert known.emails["coordinator@slough"] not in words(client.get("/admin/users"))
    assert client.get(f"/admin/users/{known.users['coordinator@slough']}").status_code == 404
    with acting("administrator@reading") as actor:
        analyst = db.session.get_one(User, known.users["analyst@reading"])
        for area in (known.areas["slough"], None):
            with pytest.raises(NotAllowed):
                grants.propose(actor, analyst, Grant("administrator", known.agencies["school@reading"], area))
        db.session.rollback()


def test_one_who_also_works_elsewhere_is_not_suspended_from_one_area(acting, known):
    with acting("administrator@reading") as actor:
        both = Membership(
            user_id=known.users["analyst@reading"], role="analyst", area_id=known.areas["slough"],
            agency_id=known.agencies["police@slough"], valid_from=today(), is_active=True,
        )  # fmt: skip
        db.session.add(both)
        record(Event.GRANT_APPROVED, None, both)
        db.session.flush()
        with pytest.raises(NotAllowed):
            users.suspend(actor, db.session.get_one(User, known.users["analyst@reading"]))
        db.session.rollback()


def test_the_last_administrator_cannot_be_removed(acting, known):
    force_wide(known, "administrator@reading")
    with acting("administrator@reading") as actor:
        other = db.session.get_one(User, known.users["administrator@slough"])
        users.suspend(actor, other)
        db.session.commit()
    with acting("administrator@slough") as actor:
        mine = db.session.get_one(User, known.users["administrator@reading"])
        with pytest.raises(NotAllowed):
            grants.keep_an_administrator(without_user=mine.id)
        with pytest.raises(NotAllowed):
            grants.keep_an_administrator(without_membership=known.memberships["administrator@reading"])


@pytest.mark.parametrize(("changes", "said"), [
    ({"email": "not an address"}, "Enter an email address like"),
    ({"email": "coordinator@reading.example"}, "There is an account with this email address"),
    ({"name": ""}, "Enter their name"),
    ({"role": None}, "Choose their role"),
    ({"agency_id": ""}, "Choose their agency"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(sign_in, known, changes, said):
    answer = invite(sign_in("administrator"), known, **changes)
    assert said in answer.text
    assert "Error: Invite someone" in answer.text
    if "name" not in changes:
        assert "Ottoline Marsh" in answer.text
    assert events().count("config:user_invited") == 2 * len(Role)


def test_places_must_fit_together(acting, known):
    force_wide(known, "administrator@reading")
    with acting("administrator@reading") as actor:
        actor = replace(actor, area_id=None)
        analyst = db.session.get_one(User, known.users["analyst@reading"])
        for role, agency, area in (
            ("coordinator", "police@reading", None), ("coordinator", "police@slough", "reading"),
        ):  # fmt: skip
            with pytest.raises(NotAllowed):
                grants.propose(actor, analyst, Grant(role, known.agencies[agency], area and known.areas[area]))
        grant = Grant("analyst", known.agencies["childrens_social_care@reading"], known.areas["reading"])
        with pytest.raises(NotAllowed):
            grants.propose(actor, analyst, grant)
        db.session.rollback()


def test_suspending_and_ending_bite_at_once(sign_in, known):
    lead, admin = sign_in("lead_practitioner"), sign_in("administrator")
    path = f"/admin/users/{known.users['lead_practitioner@reading']}"
    assert "Account suspended" in words(admin.submit(path, button="Suspend account"))
    assert "/sign-in" in lead.get("/account").location
    assert "Account opened again" in words(admin.submit(path, button="Open account again"))
    chair = sign_in("panel_chair")
    admin.submit(f"/admin/users/{known.users['panel_chair@reading']}", button="End role")
    assert "/account/choose-role" in chair.get("/account").location
    analyst = sign_in("analyst")
    admin.submit(f"/admin/users/{known.users['analyst@reading']}", button="Sign out everywhere")
    assert "/sign-in" in analyst.get("/account").location


def test_inviting_twice_makes_one_account(sign_in, known):
    client = sign_in("administrator")
    values = form_values(client.page("/admin/users/invite").form()) | PERSON | {
        "role": "referrer", "area_id": known.areas["reading"], "agency_id": known.agencies["school@reading"],
    }  # fmt: skip
    first = client.post("/admin/users/invite", data=values)
    second = client.post("/admin/users/invite", data=values)
    assert first.location == second.location
    assert events().count("config:user_invited") == 2 * len(Role) + 1


def test_giving_and_approving_ask_for_the_password_again(sign_in, known, time_machine):
    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    admin, lead = sign_in("administrator"), sign_in("partnership_lead")
    invite(admin, known)
    time_machine.shift(6 * 60)
    assert admin.get("/admin/users/invite").location == "/sign-in/again?next=/admin/users/invite"
    page = lead.page("/admin/grants")
    time_machine.shift(10 * 60)
    form = page.form(button="Approve")
    answer = lead.post(form.get("action"), data=form_values(form))
    assert answer.location == "/sign-in/again?next=/admin/grants"
    assert not membership_of().is_active


def test_ending_and_opening_again_ask_for_the_password_again_and_suspending_does_not(sign_in, known, time_machine):
    """What shuts somebody out is done at once; the second factor leads back to the page that the button stands on."""
    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    admin, chair = sign_in("administrator"), sign_in("panel_chair")
    page = f"/admin/users/{known.users['panel_chair@reading']}"
    time_machine.shift(6 * 60)
    again = f"/sign-in/again?next={page}"
    assert admin.submit(page, button="End role", follow=False).location == again
    assert chair.get("/account").status_code == 200
    assert "Account suspended" in words(admin.submit(page, button="Suspend account"))
    assert admin.submit(page, button="Open account again", follow=False).location == again
    assert "Suspended" in words(admin.get(page))
    admin.submit(again, {"password": PASSWORD})
    assert "Role ended" in words(admin.submit(page, button="End role"))
    assert "Account opened again" in words(admin.submit(page, button="Open account again"))


@pytest.mark.parametrize("role", ["coordinator", "analyst", "partnership_lead", "referrer"])
def test_only_administrators_open_the_users_pages(sign_in, known, role):
    client = sign_in(role)
    assert client.get("/admin/users").status_code == 403
    assert client.get(f"/admin/users/{known.users['analyst@reading']}").status_code == 404
    assert client.get("/admin/users/invite").status_code == 403
    assert client.get("/admin/grants").status_code == (200 if role == "partnership_lead" else 403)


def test_lists_read_in_plain_words(sign_in):
    client = sign_in("administrator")
    roles = words(client.get("/admin/roles"))
    assert "Gives roles" not in roles
    assert "Decide about referrals at triage" in roles
    assert "Reading front door" in words(client.get("/admin/areas"))
    assert "Reading police" in words(client.get("/admin/agencies"))
    assert "Suspended" in words(client.get("/admin/users?state=suspended"))


def test_every_permission_has_words():
    from accounts.permission_words import WORDS
    from core.access import Permission

    assert set(WORDS) == set(Permission)


def test_the_users_list_takes_as_many_statements_for_many(app, sign_in, acting, known, statements):
    client = sign_in("administrator")
    client.get("/admin/users")
    with statements() as few:
        client.get("/admin/users")
    with acting("administrator@reading") as actor:
        for n in range(40):
            grant = Grant("referrer", known.agencies["school@reading"], known.areas["reading"])
            users.invite(actor, name=f"Person {n}", email=f"person{n}@agency.example", grant=grant)
        db.session.commit()
    with statements() as many:
        client.get("/admin/users")
    assert len(many) == len(few) <= 6


def test_the_command_makes_the_first_approver_and_no_second(app, known):
    """Somebody must be first; after that, roles that approve need two people like roles that read."""
    with context.acting_as(job="test"):
        for member in db.session.scalars(
            select(Membership).where(Membership.role.in_(("partnership_lead", "data_protection_officer")))
        ):
            member.is_active = False
            record(Event.GRANT_ENDED, None, member)
        db.session.commit()
    run = app.test_cli_runner().invoke
    for email in ("first@agency.example", "second@agency.example"):
        result = run(
            args=[
                "accounts",
                "invite",
                email,
                "--role",
                "data_protection_officer",
                "--agency",
                "reading-police",
                "--area",
                "reading",
            ]
        )
        assert result.exit_code == 0, result.output
    active = db.session.execute(
        select(User.email, Membership.is_active)
        .join(User, User.id == Membership.user_id)
        .where(User.email.endswith("@agency.example"))
    ).all()
    assert dict(active) == {"first@agency.example": True, "second@agency.example": False}
