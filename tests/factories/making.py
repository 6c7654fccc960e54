"""Which forms make a record, with who sends each and what it takes; and which make none."""

from datetime import timedelta

from accounts.roles import Role
from core.clock import today
from core.working_days import add_working_days
from tests.factories import forms as f
from tests.factories.forms import Making, called, day_parts, decided_meeting, of_case
from tests.referrals import walk

NEXT_WEEK = timedelta(days=7)
MAKING: dict[str, Making] = {
    "referrals.eligible": Making(
        Role.REFERRER, f.danger_answered, lambda p: walk.answers_about(p.known, "reading", 15)
    ),
    "referrals.entries": Making(
        Role.REFERRER, lambda p, c: f"/referrals/{p.ids['draft_id']}/events", lambda p: dict(walk.PAGES)["events"],
        "add another",
    ),
    "referrals.files": Making(
        Role.REFERRER, lambda p, c: f"/referrals/{p.ids['draft_id']}/files", lambda p: f.a_file(), "Upload file"
    ),
    "referrals.add_file": Making(Role.REFERRER, f.more_files, lambda p: f.a_file()),
    "referrals.remove_sent_file": Making(Role.COORDINATOR, f.sent_file, lambda p: {"reason": "too_much"}),
    "panels.remove_document": Making(Role.COORDINATOR, f.document, lambda p: {"reason": "wrong_person"}),
    "panels.case_documents": Making(Role.LEAD, of_case("documents"), lambda p: f.a_file(), "Add file"),
    "referrals.check": Making(Role.REFERRER, f.finished_draft, lambda p: {"declared": "y"}, "Send"),
    "referrals.give_feedback": Making(
        Role.REFERRER, f.decided_referral, lambda p: {"useful": "partly", "clear": "yes", "words": "Say it sooner"}
    ),
    "referrals.reply": Making(Role.REFERRER, f.asked, lambda p: {"text": "Year 9."}),
    "referrals.nominate": Making(
        Role.COORDINATOR, f.candidate,
        lambda p: {"words": "Two events.", "informed": "yes", "basis": "prevent_offending"}, "Nominate",
    ),
    "referrals.start_triage": Making(
        Role.COORDINATOR, f.like_someone, button="Start triage", opened_at=lambda p, c: p.path.removesuffix("/start")
    ),
    "referrals.create_record": Making(
        Role.COORDINATOR, f.triage("record"), button="Make a new record", opened_at=lambda p, c: p.path.removesuffix("/record")
    ),
    "referrals.step_up_referral": Making(Role.COORDINATOR, f.triage("step-up"), called),
    "cohort.add_agreement": Making(
        Role.ANALYST, lambda p, c: "/cohort/agreements/new",
        lambda p: {"agency": p.agency("police"), "kind": "sharing", "reference": "ISA-9", "fields": ["forename"],
                   **day_parts("valid_from", today()), **day_parts("valid_to", today() + NEXT_WEEK)},
    ),
    "cohort.upload_list": Making(Role.ANALYST, f.uploads, f.file, "Check this file"),
    "imports.upload": Making(Role.REFERRER, lambda p, c: "/imports", f.a_list, "Check this list"),
    "cohort.run_list": Making(Role.ANALYST, f.extract, lambda p: {"extracts": [p.ids["extract_id"]]}, "Start run"),
    "accounts.invite": Making(
        Role.ADMINISTRATOR, lambda p, c: "/admin/users/invite",
        lambda p: f.person(p) | {"name": "Robin Ash", "email": "robin.ash@school.example"},
    ),
    "accounts.give_role": Making(
        Role.ADMINISTRATOR, lambda p, c: f"/admin/users/{p.ids['user_id']}/role", f.person
    ),
    "accounts.add_agreement": Making(
        Role.ADMINISTRATOR, lambda p, c: "/admin/agreements/add",
        lambda p: {"place": f"{p.agency()}:{p.ids['area_id']}", "reference": "ISA-7",
                   **day_parts("valid_from", today()), **day_parts("valid_to", today() + NEXT_WEEK)},
    ),
    "accounts.move_user": Making(
        Role.ADMINISTRATOR, lambda p, c: f"/admin/users/{p.ids['user_id']}/move",
        lambda p: f.person(p) | {"leaves": p.ids["membership_id"]},
    ),
    "interventions.add": Making(
        Role.COORDINATOR, lambda p, c: "/interventions/add",
        lambda p: {"name": "Boxing club", "category": "mentoring", "provider_id": p.agency("vcs"), "description": "Boxing."},
        "Add intervention",
    ),
    "panels.note_new": Making(
        Role.LEAD, of_case("notes/new"),
        lambda p: {"kind": "contact", "text": "Rang their aunt.", **day_parts("happened_on", today())},
    ),
    "panels.new_session": Making(
        Role.PROVIDER, of_case("sessions/new"),
        lambda p: {"at": "4pm", "place": "Library", **day_parts("on", today() + NEXT_WEEK)}, "Plan session",
    ),
    "panels.session_page": Making(
        Role.PROVIDER, f.planned_session,
        lambda p: {"attendance": "yes", "minutes": "45", "what_happened": "Drew.", "concern": "tell_lead",
                   "concern_words": "They looked tired.", "next_at": "4pm", "next_place": "Library",
                   **day_parts("next_on", today() + NEXT_WEEK)},
        "Save session",
    ),
    "panels.plan_wants": Making(
        Role.LEAD, lambda p, c: f"{f.no_plan_yet(p)}/plan/wants", lambda p: {"what_they_want": "Back to art"}, "Save"
    ),
    "panels.new_goal": Making(
        Role.LEAD, lambda p, c: f"{f.draft_plan(p, c)}/goals/new",
        lambda p: {"their_words": "Art", "steps": "Ring the club", "who": "Nan", **day_parts("due_on", today() + NEXT_WEEK)},
        "Save goal",
    ),
    "panels.change_plan": Making(
        Role.LEAD, of_case("plan/change"), button="Change the plan", opened_at=lambda p, c: p.path.removesuffix("/change")
    ),
    "panels.new_review": Making(
        Role.LEAD, of_case("reviews/new"),
        lambda p: {"what_changed": "More sleep.", "their_view": "It is OK", "decision": "keep",
                   **day_parts("next_on", today() + NEXT_WEEK)},
        "Finish review",
    ),
    "panels.case_engagement": Making(
        Role.LEAD, of_case("engagement"),
        lambda p: {"method": "visit", "answer": "thinking", "notice_version": "3", **day_parts("made_on", today())},
    ),
    "panels.make_offer": Making(
        Role.LEAD, lambda p, c: of_case(f"interventions/choose/{p.ids['intervention_id']}")(p, c),
        lambda p: {"goal": "Back to art"}, "Make offer",
    ),
    "panels.offer_page": Making(
        Role.PROVIDER, lambda p, c: f"/offers/{f.open_offer(p)}",
        lambda p: {"answer": "accept", **day_parts("start_on", today())}, "Send answer",
    ),
    "rights.transfer_case": Making(
        Role.COORDINATOR, of_case("transfer"),
        lambda p: {"to_area_id": p.known.areas["slough"], "reason": "They moved there on Monday", "said": "agree"},
    ),
    "rights.merge_pair": Making(
        Role.COORDINATOR, f.like_another, lambda p: {"case_stays": "kept"}, "Merge records"
    ),
    "rights.erase": Making(
        Role.DATA_PROTECTION_OFFICER, lambda p, c: f"/rights/erasures/{p.ids['person_id']}",
        lambda p: {"decision": "erase", "why": "objected", "reason": "They asked us to, and nothing weighs more"},
    ),
    "panels.case_step_up": Making(Role.LEAD, of_case("step-up"), called),
    "panels.case_close": Making(Role.LEAD, of_case("close"), f.closing),
    "panels.case_reopen": Making(
        Role.COORDINATOR, of_case("reopen", is_open=False), lambda p: {"reason": "new_event", "words": "It began again."}
    ),
    "panels.share_of_case": Making(Role.COORDINATOR, of_case("sharing/new"), f.sharing, "Record sharing"),
    "panels.plan_meeting": Making(
        Role.COORDINATOR, lambda p, c: "/meetings/new",
        lambda p: {"at": "10am", "place": "Room 4", "chair": p.known.memberships["panel_chair@reading"], "weeks": "1",
                   "asked": [p.known.memberships[f"{r}@reading"] for r in ("panel_chair", "panel_member")],
                   **day_parts("day", add_working_days(today(), 3))},
        "Plan meeting",
    ),
    "panels.add_to_agenda": Making(
        Role.COORDINATOR, f.meeting("agenda/add", agenda=False), lambda p: {"referral_id": p.ids["ready_id"]},
        "Add", opened_at=lambda p, c: p.path.removesuffix("/add"),
    ),
    "panels.set_sensitivity": Making(
        Role.SAFEGUARDING_LEAD, lambda p, c: f"/young-people/{p.ids['person_id']}/sensitivity",
        lambda p: {"level": "restricted", "closing": "witness", "named": [p.known.users["lead_practitioner@reading"]],
                   "ask": p.known.users["lead_practitioner@reading"]},
    ),
    "panels.declare_conflict": Making(Role.COORDINATOR, f.meeting("conflicts/new"), f.item_of),
    "panels.share_at_meeting": Making(
        Role.COORDINATOR, f.meeting("items/1/sharing/new"), f.sharing, "Record sharing"
    ),
    "panels.emergency_ask": Making(
        Role.LEAD, f.closed_to_the_lead,
        lambda p: {"reference": p.ids["theirs"], "reason_code": "missing", "reason": "Missing since school, the police ask."},
    ),
    "panels.live": Making(Role.PANEL_CHAIR, f.meeting("live/1", started=True), f.decision, "Save and next"),
    "invited.invite": Making(
        Role.COORDINATOR, lambda p, c: "/triage/links/new",
        lambda p: {"agency_id": p.agency(), "email": "tutor@school.example", "email_again": "tutor@school.example"}, "Send link",
    ),
    "invited.accept": Making(
        Role.COORDINATOR, lambda p, c: f"/triage/arrivals/{p.ids['arrival_id']}/accept", button="Accept as a new referral",
        opened_at=lambda p, c: p.path.removesuffix("/accept"),
    ),
    "panels.confirm": Making(Role.PANEL_CHAIR, decided_meeting, button="Confirm decisions"),
}  # fmt: skip


# Forms that make nothing: they change a record that is there (its version or its state answers the second sending),
# sign somebody in or out, or only read.
NOT_MAKING = {
    "accounts.choose_role", "accounts.end_device", "accounts.change_password", "accounts.change_role",
    "accounts.sign_out_everywhere", "accounts.approve", "accounts.decline", "accounts.end_role", "accounts.act_on_user",
    "accounts.forgotten_password", "accounts.invitation", "accounts.reset_password", "accounts.enter", "accounts.again",
    "accounts.leave", "audit.trail_page", "audit.export", "audit.check_now", "desk.find", "drafts.save", "held.throw_away",
    "panels.finish_action", "panels.case_list", "panels.case_allocate", "panels.change_leads", "panels.case_close_answer",
    "imports.send", "imports.throw_away",
    "panels.choose_harmful", "panels.note_page", "panels.agree_plan", "panels.change_goal", "panels.goals_now",
    "panels.move_on_agenda", "panels.remove_from_agenda", "panels.agenda_minutes", "panels.attendance",
    "panels.cancel_meeting", "panels.remove_conflict", "panels.edit_meeting", "panels.start_meeting", "panels.end_offer",
    "cohort.do_not_nominate", "cohort.release_run", "cohort.settle_upload", "interventions.change", "referrals.call_now",
    "referrals.danger", "referrals.remove_entry", "referrals.section", "referrals.autosave", "referrals.delete_draft",
    "referrals.duplicate", "referrals.change", "referrals.withdraw", "referrals.step_up", "referrals.chase_step_up",
    "referrals.return_step_up", "referrals.record_call", "referrals.acknowledge", "referrals.compare_match",
    "referrals.decide", "referrals.take_referral", "referrals.remove_file",
    # Proofs of who somebody is: an app, a passkey or a name of theirs is one's own, and shown once to oneself.
    "accounts.add_app", "accounts.add_passkey", "accounts.enter_by_passkey", "accounts.go_to_organisation",
    "accounts.make_codes", "accounts.name_factor", "accounts.recovery", "accounts.remove_factor", "accounts.remove_identity",
    "accounts.second", "accounts.other_contact", "accounts.own_home", "accounts.remove_own_home", "accounts.user_home",
    "accounts.approval", "accounts.withdraw_approval", "accounts.give_back", "accounts.record_training",
    "accounts.review_role", "accounts.user_leaves", "messages.emails", "messages.read_all", "messages.read_one",
    "rights.erasures", "rights.merge_with", "rights.split", "rights.retention_decide", "rights.transfer",
    "rights.withdraw_transfer",
    "panels.emergency_end", "panels.emergency_review", "panels.hidden_match", "panels.other_panel",
    "referrals.look_elsewhere", "panels.agreed_export", "desk.old_keys_page", "panels.case_export_file",
    "audit.alert_page", "audit.end_decoy", "audit.new_decoy",
    # The secret is shown once, in the answer that makes it; systems send with a key of their own (tests/interface).
    "interface.new_credential", "interface.end_credential", "interface.export_referral_file",
    "interface_api.give_token", "interface_api.send", "interface_api.add_file",
    # Browsers send it, not people, and nothing of it is stored.
    "policy_reports.take",
    "invited.end_link", "invited.turn_away", "invited.take_back",
    # What a visitor writes is one row, under their link or under the number of their form: tests/invited.
    "invited.open_link", "invited.confirm", "invited.new_code", "invited.danger", "invited.call_now", "invited.eligible",
    "invited.tasks", "invited.page", "invited.ask_danger", "invited.ask_questions",
}  # fmt: skip
