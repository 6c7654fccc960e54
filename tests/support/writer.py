"""One of several processes that write at once: ``python -m tests.support.writer`` and one argument, a JSON object.

It does ``turns`` acts in the area ``here``, most of them entries of reading, every tenth in both areas (in an order that
depends on the number), the others what people do all day. It prints what the trail must hold of it: how many entries of
each area it wrote of reading, and the event and record of each change.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from audit.models import Event
from audit.services import record
from core import context
from core.clock import now, today
from core.db import db
from tests.conftest import _client, actor_for, build
from tests.support.installation import Known
from tests.support.patience import be_patient

WORK_EVERY, BOTH_EVERY, SIGN_INS = 8, 10, 3


class Writer:
    def __init__(self, app: Any, given: dict[str, Any]) -> None:
        self.app, self.given, self.known = app, given, Known(**given["known"])
        self.number, self.here, self.there = given["number"], given["here"], given["there"]
        self.reads: Counter[str] = Counter()
        self.changes: list[tuple[str, str]] = []
        self.item = self.step_up = ""
        self.work = [self.note, self.raise_step_up, self.put_on_agenda, self.take_step_up, self.take_off_agenda]

    def turn(self, number: int) -> None:
        if number % WORK_EVERY == 0:
            self.work[number // WORK_EVERY % len(self.work)]()
        else:
            both = [self.here, self.there] if self.number % 2 else [self.there, self.here]
            for area in both if number % BOTH_EVERY == 1 else [self.here]:
                record(Event.CASE_READ, None, area_id=area, detail={"turn": number})
                self.reads[area] += 1
            db.session.commit()
        db.session.remove()

    def changed(self, event: Event, thing: Any) -> str:
        key: str = thing.id
        db.session.commit()
        self.changes.append((event.value, key))
        return key

    def actor(self, role: str) -> Any:
        return actor_for(f"{role}@reading", self.known)

    def note(self) -> None:
        from panels.models import Case
        from panels.services import notes

        case = db.session.get_one(Case, self.given["case"])
        made = notes.add(
            self.actor("lead_practitioner"), case, kind="progress", happened_on=today(), text=f"Writer {self.number}"
        )
        self.changed(Event.NOTE_ADDED, made)

    def raise_step_up(self) -> None:
        from panels.models import Case
        from referrals.services import step_ups

        case = db.session.get_one(Case, self.given["case"])
        raised = step_ups.raise_step_up(
            self.actor("lead_practitioner"), area_id=self.here, why="They were afraid.", called_at=now(), case_id=case.id,
            young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        )  # fmt: skip
        self.step_up = self.changed(Event.STEPPED_UP_CASE, raised)

    def take_step_up(self) -> None:
        from referrals.models import StepUp
        from referrals.services import step_ups

        found = db.session.get_one(StepUp, self.step_up)
        step_ups.acknowledged(self.actor("coordinator"), found, by="Duty desk")
        self.changed(Event.STEP_UP_ANSWERED, found)

    def put_on_agenda(self) -> None:
        from panels.models import Meeting
        from panels.services import agenda

        meeting = db.session.get_one(Meeting, self.given["meeting"])
        self.item = self.changed(
            Event.AGENDA_CHANGED, agenda.add(self.actor("coordinator"), meeting, self.given["referral"])
        )

    def take_off_agenda(self) -> None:
        from panels.models import AgendaItem, Meeting
        from panels.services import agenda

        item, meeting = db.session.get_one(AgendaItem, self.item), db.session.get_one(Meeting, self.given["meeting"])
        agenda.remove(self.actor("coordinator"), meeting, item.id)
        self.changed(Event.AGENDA_CHANGED, item)

    def fail_to_sign_in(self) -> None:
        """At the door itself, with a password that is not theirs."""
        client = _client(self.app)
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{self.number}"
        email = list(self.known.emails.values())[self.number]
        answer = client.submit("/sign-in", {"email": email, "password": "not the password"})
        assert answer.status_code == 200, answer.status_code

    def all(self) -> None:
        turns = self.given["turns"]
        for number in range(turns):
            with context.acting_as(job=f"writer {self.number}"):
                self.turn(number)
            if number % (turns // SIGN_INS) == 5:
                self.fail_to_sign_in()
        json.dump({"reads": self.reads, "changes": self.changes}, sys.stdout)


def main() -> None:
    given = json.loads(sys.argv[1])
    app = build({"DATABASE_URL": given["data"], "KEYS_DATABASE_URL": given["keys"]}, Path(given["var"]))
    with pytest.MonkeyPatch.context() as patch, app.app_context():
        be_patient(patch)
        Writer(app, given).all()


if __name__ == "__main__":
    main()
