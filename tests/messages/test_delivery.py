"""Letters leave once, later, or never; what a server says, and what happens to a worker that dies, decides which."""

import logging
import os
import re
import signal
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from accounts.models import User
from accounts.services import links
from core import context, jobs
from core.clock import now
from core.db import db
from messages.kinds import RULES, MessageKind
from messages.letters import words_of
from messages.models import Message
from messages.services import delivery
from tests.security.test_fields import MARK, plant
from tests.support.working import WorkerProcess

K = MessageKind
SENT, WAITING, FAILED = "sent", "waiting", "failed"


def everything():
    while delivery.send_one():
        pass


def test_a_letter_says_what_kind_and_nothing_about_anyone(post, told, outbox, known):
    told(K.RECEIVED, by=date(2026, 11, 24), about=("referral", "a" * 26), area_id=known.areas["reading"])
    everything()
    [text] = post.texts
    assert text.startswith(
        "We have received what you sent\n"
        "Thank you. We will reply by Tuesday 24 November. Sign in to see your reference.\n"
    )
    assert re.findall(r"https://\S+", text) == ["https://localhost/"]
    assert text.rstrip().endswith("Do not reply to this e-mail.")
    assert post.letters[0]["X-To"] == "referrer@reading.example"
    assert not re.search(r"Reading|aaaa|Referrer Reading", text)
    assert outbox() == [(SENT, 1, None)]


@pytest.mark.parametrize(
    ("kind", "options", "subject", "body"),
    [
        (K.INFORMATION_NEEDED, {"by": date(2026, 12, 1)}, "We need something from you",
         "We cannot go on until you answer a question. Sign in to reply, if you can by Tuesday 1 December."),
        (K.DECISION, {}, "There is news on something you sent", "A decision has been made. Sign in to read it."),
        (K.INFORMATION_REQUEST, {"by": date(2026, 12, 1), "number": 3},
         "The panel needs your information by Tuesday 1 December",
         "You have 3 requests. Sign in to reply, or to say you hold nothing."),
        (K.OFFER, {"by": date(2026, 12, 1)}, "There is a new offer for you",
         "Sign in to see it and answer by Tuesday 1 December."),
        (K.URGENT, {}, "Something needs you now",
         "Sign in as soon as you can. If you cannot, call 0118 496 0100, or 0118 496 0101 outside office hours."),
        (K.DIGEST, {"number": 2, "overdue": 1}, "3 things for today", "2 due today, 1 overdue. Sign in to see them."),
    ],
)  # fmt: skip
def test_the_words_are_those_that_were_agreed(post, told, known, kind, options, subject, body):
    told(kind, area_id=known.areas["reading"], **options)
    everything()
    assert post.texts[0].startswith(f"{subject}\n{body}\n")


def test_an_urgent_letter_says_whom_to_call(post, told, known):
    told(K.STEP_UP, "coordinator", area_id=known.areas["reading"])
    everything()
    assert "Sign in as soon as you can. If you cannot, call 0118 496 0100, or 0118 496 0101" in post.texts[0]


def test_a_server_that_is_busy_is_asked_again_later_and_later(post, told, outbox, time_machine):
    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    told()
    post.answers["RCPT"] = ["451 Busy"] * 3
    for minutes in (1, 2, 4):
        everything()
        assert outbox()[0][0] == WAITING
        time_machine.shift(timedelta(minutes=minutes, seconds=-1))
        assert not delivery.send_one()
        time_machine.shift(timedelta(seconds=1))
    everything()
    assert outbox() == [(SENT, 4, None)]
    assert len(post.letters) == 1


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_an_address_that_does_not_exist_is_not_tried_again(post, told, outbox, step):
    told()
    post.answers[step] = ["550 No such user"]
    with capture_logs() as said:
        everything()
    assert outbox() == [(FAILED, 1, "smtp 550")]
    assert "referrer@reading.example" not in str(said)


def test_one_that_fails_does_not_hold_up_the_next(post, told, outbox):
    told()
    told(role="coordinator")
    post.answers["RCPT"] = ["550 No such user"]
    everything()
    assert sorted(row[0] for row in outbox()) == [FAILED, SENT]


def test_a_server_that_is_away_for_a_day_is_given_up_and_the_operator_can_try_again(
    app, post, told, outbox, time_machine
):
    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    told()
    away = app.extensions["settings"]
    app.extensions["settings"] = replace(away, smtp_port=1)
    while outbox()[0][0] == WAITING:
        everything()
        time_machine.shift(timedelta(hours=1))
    status, attempts, error = outbox()[0]
    assert (status, error) == (FAILED, "ConnectionRefusedError")
    assert attempts < 40
    assert delivery.stuck() == (0, 1)
    app.extensions["settings"] = away
    assert "1 e-mails will be tried again" in app.test_cli_runner().invoke(args=["messages", "again"]).output
    everything()
    assert outbox()[0][0] == SENT


def test_without_a_server_letters_wait_and_the_doctor_says_so(app, told, outbox, time_machine):
    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    told()
    everything()
    assert outbox() == [(WAITING, 1, "not_set_up")]
    time_machine.shift(timedelta(hours=2))
    assert delivery.stuck() == (1, 0)


def test_who_was_suspended_meanwhile_is_not_written_to(post, told, outbox, known):
    from audit.models import Event
    from audit.services import record

    told()
    user = db.session.get_one(User, known.users["referrer@reading"])
    user.active = False
    record(Event.USER_SUSPENDED, None, user)
    db.session.commit()
    everything()
    assert outbox() == [(FAILED, 1, "not_in_use")]
    assert post.letters == []


def test_a_worker_that_is_asked_to_stop_finishes_the_letter_in_hand(app, post, told, outbox):
    told()
    told(role="coordinator")
    worker = WorkerProcess(app, post.environment)
    # The server has the letter and has not yet said so: the worker is in the middle of it.
    post.before_thanking = lambda: worker.process.send_signal(signal.SIGTERM)
    assert worker.end() == 0
    assert sorted(row[0] for row in outbox()) == [SENT, WAITING]
    assert len(post.letters) == 1
    assert "worker_stopped" in worker.said


def test_a_worker_killed_between_sending_and_noting_it_shows_its_letter_once(app, post, told, outbox):
    """The letter goes again when the lease runs out, under the same Message-ID: a mailbox has it once."""
    told()
    worker = WorkerProcess(app, post.environment)
    post.before_thanking = lambda: os.kill(worker.process.pid, signal.SIGKILL)
    assert worker.end() == -signal.SIGKILL
    assert outbox() == [("sending", 1, None)]
    post.before_thanking = lambda: None
    assert not delivery.send_one(), "the lease of the dead worker still runs"
    db.session.execute(update(Message).values(next_at=now()))
    db.session.commit()
    everything()
    assert outbox() == [(SENT, 2, None)]
    assert len(post.shown) == 1


def test_a_worker_whose_lease_ran_out_does_not_write_over_the_next_one(post, told, outbox):
    told()
    late = delivery._claim()
    db.session.execute(update(Message).values(next_at=now()))
    db.session.commit()
    everything()
    delivery._settle(late, WAITING, "late")
    assert outbox() == [(SENT, 2, None)]


def test_two_workers_share_the_outbox_and_send_each_letter_once(app, post, told, outbox):
    for number in range(12):
        told(role="coordinator" if number % 2 else "referrer")
    both = [WorkerProcess(app, post.environment, "--once") for _ in range(2)]
    assert [worker.end() for worker in both] == [0, 0]
    assert outbox() == [(SENT, 1, None)] * 12
    assert len(post.letters) == len(post.shown) == 12


def test_notify_carries_the_words_in_one_template(notify, told, outbox):
    told(K.DECISION)
    everything()
    [sent] = notify.accepted
    assert sent["email_address"] == "referrer@reading.example"
    assert sent["template_id"] == "a-template"
    assert sent["personalisation"]["subject"] == "There is news on something you sent"
    assert "A decision has been made. Sign in to read it." in sent["personalisation"]["body"]
    assert outbox() == [(SENT, 1, None)]


@pytest.mark.parametrize(
    ("answer", "status"),
    [((400, "ValidationError"), FAILED), ((400, "BadRequestError"), WAITING), ((403, "AuthError"), WAITING),
     ((429, "RateLimitError"), WAITING), ((500, "Exception"), WAITING)],
)  # fmt: skip
def test_what_notify_answers_decides_whether_to_try_again(notify, told, outbox, answer, status, caplog):
    told()
    notify.answers = [answer]
    with caplog.at_level(logging.DEBUG):
        everything()
    assert outbox() == [(status, 1, f"notify {answer[0]}")]
    assert "referrer@reading.example" not in caplog.text


def test_a_letter_does_not_follow_where_notify_says_it_moved(notify, told, outbox):
    told()
    notify.moved = True
    everything()
    assert notify.accepted == []
    assert outbox()[0][:2] == (WAITING, 1)


def test_what_notify_took_without_saying_so_is_not_sent_twice(notify, told, outbox):
    told()
    notify.hang_up = 1
    everything()
    assert outbox()[0][0] == WAITING
    db.session.execute(update(Message).values(next_at=now()))
    db.session.commit()
    everything()
    assert outbox()[0][:2] == (SENT, 2)
    assert len(notify.accepted) == 1


def test_the_demonstration_keeps_letters_in_a_folder_and_prints_no_address(app, told, outbox, capsys):
    app.extensions["settings"] = replace(app.extensions["settings"], demonstration=True)
    told(K.DECISION)
    everything()
    [file] = (app.extensions["settings"].var / "mail").iterdir()
    assert b"A decision has been made" in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    printed = "".join(capsys.readouterr())
    assert "There is news on something you sent" in printed
    assert "referrer@reading.example" not in printed


def test_old_letters_and_notices_are_forgotten(post, told, outbox, time_machine):
    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    told()
    everything()
    time_machine.shift(timedelta(days=91))
    told()
    delivery.tidy()
    assert [row[0] for row in outbox()] == [WAITING]


@pytest.mark.only("sqlite")
def test_no_letter_has_room_for_a_reference_or_a_name(app):
    """Whatever is told, a letter is made of a day, two counts and a telephone number."""
    from messages.letters import Facts

    for rule in RULES.values():
        if rule.letter:
            subject, text = words_of(rule.letter, Facts())
            assert subject
            assert text
            assert not re.search(r"\{|\}|[A-Z]{3}-\d", subject + text)


def test_a_job_runs_when_it_is_due_and_again_after_a_failure(app, time_machine):
    from messages.worker import Worker

    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    ran = []

    def run():
        ran.append(now())
        if len(ran) == 1:
            raise ValueError("what a library said about somebody")

    before = dict(jobs.PERIODIC)
    jobs.PERIODIC.clear()
    try:
        jobs.every("try", timedelta(hours=6), run)
        jobs.announce()
        worker = Worker()
        with capture_logs() as said:
            assert worker._periodic()
        assert "somebody" not in str(said)
        assert not worker._periodic()
        time_machine.shift(timedelta(minutes=1))
        assert worker._periodic()
        time_machine.shift(timedelta(hours=6, seconds=-1))
        assert not worker._periodic()
        time_machine.shift(timedelta(seconds=1))
        assert worker._periodic()
    finally:
        jobs.PERIODIC.clear()
        jobs.PERIODIC.update(before)
    assert len(ran) == 3


@pytest.mark.only("sqlite")
def test_a_daily_job_keeps_its_time_on_the_clock_when_the_clocks_change(app):
    from datetime import UTC, datetime, time

    job = jobs.Periodic("digest", lambda: None, at=time(7))
    before, after = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert [job.next_after(day).astimezone(UTC).hour for day in (before, after)] == [7, 7]
    assert job.next_after(datetime(2026, 7, 1, tzinfo=UTC)).astimezone(UTC).hour == 6


@pytest.mark.catalogue("W2", part="mails")
def test_what_was_typed_is_in_no_letter(app, post, told, known):
    """Elements and script in every name of the installation, and one letter of each kind: none holds any of it.

    But the invitation, which names the agency that asked for it (PAGES 5.6), as plain text.
    """
    with context.acting_as(job="test"):
        plant()
    user = db.session.get_one(User, known.users["referrer@reading"])
    for kind in (links.INVITATION, links.RESET):
        links.make(user, kind)
    db.session.commit()
    # Letters to people without an account go to no user: tests/invited reads them.
    with_letter = [
        kind for kind, rule in RULES.items() if rule.letter and kind not in {K.REFERRAL_LINK, K.REFERRAL_CODE}
    ]
    for kind in with_letter:
        told(kind, by=date(2026, 11, 24), about=("referral", "a" * 26), area_id=known.areas["reading"], number=1)
    everything()
    assert len(post.letters) == len(with_letter) > 10
    for letter, text in zip(post.letters, post.texts, strict=True):
        assert letter.get_content_type() == "text/plain"
        if not text.startswith("You have been invited"):
            assert MARK not in letter.as_string() + text
            assert not re.search(r"<[a-z!/]", text)
