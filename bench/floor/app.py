"""One route for each measured page: its main query, the same audit insert, a bare page. No session, keys, guard or chain."""

import os
import secrets
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from flask import Flask, Response, redirect, request
from sqlalchemy import create_engine, event, text

URL, AREA = os.environ["FLOOR_URL"], os.environ["FLOOR_AREA"]
engine = create_engine(URL, pool_size=10)
if URL.startswith("sqlite"):

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")


LIST = text(
    "select c.id, c.reference, c.stage, c.next_step, c.next_due_on, c.last_contact_on, u.name, p.surname_sealed,"
    " p.preferred_name_sealed, p.forename_sealed, p.date_of_birth_sealed from case_record c"
    " join young_person p on p.id = c.young_person_id left join user_account u on u.id = c.lead_id"
    " where c.area_id = :area and c.is_open order by c.next_due_on, c.id limit 50"
)
# What the page of a case shows, part by part: who, the plan, the support, how it went, the last events, what waits.
CASE = [
    text(statement)
    for statement in (
        "select * from case_record c join young_person p on p.id = c.young_person_id join referral r on r.id ="
        " c.referral_id left join user_account u on u.id = c.lead_id where c.id = :id",
        "select * from plan p left join goal g on g.plan_id = p.id where p.case_id = :id order by p.number desc",
        "select o.*, i.name, a.name, u.name, (select count(*) from support_session s where s.offer_id = o.id)"
        " from offer o join intervention i on i.id = o.intervention_id join agency a on a.id = o.provider_id"
        " left join user_account u on u.id = o.practitioner_id where o.case_id = :id order by o.created_at",
        "select status, count(*) from support_session where case_id = :id group by status",
        "select t.*, u.name, a.name from timeline_entry t left join user_account u on u.id = t.actor_id"
        " left join agency a on a.id = t.agency_id where t.case_id = :id order by t.at desc limit 5",
        "select * from engagement_attempt where case_id = :id order by made_on desc limit 1",
        "select id, status, chase_on, called_at from step_up where case_id = :id limit 5",
    )
]
NAMES = [
    text("select id, data_key_id, surname_sealed, forename_sealed, preferred_name_sealed, aliases_sealed"
         " from young_person where area_id = :area"),
    text("select id, data_key_id, surname_sealed, forename_sealed from referral"
         " where area_id = :area and young_person_id is null"),
]  # fmt: skip
FOUND = [
    text("select * from young_person where id = :id"),
    text("select id, reference, status, sent_at from referral where young_person_id = :id order by sent_at desc"),
    text("select id, reference, stage, opened_at from case_record where young_person_id = :id order by opened_at desc"),
]
KEPT = text("select * from floor_stored_search where id = :id")
COUNTS = text("select stage, count(*) from case_record where area_id = :area group by stage")
ENTRY = (
    "insert into floor_audit_entry (chain, seq, at, event, outcome, actor_id, object_type, object_id, body)"
    " values ('floor', :seq, :at, :event, 'ok', :actor, 'case_record', :object, :body)"
)
SEAL = "insert into floor_audit_seal (chain, seq, leaf, mac) values ('floor', :seq, :leaf, :mac)"
SUBJECTS = "insert into floor_audit_subject (subject_id, chain, seq) values (:subject, 'floor', :seq)"
ALL = text(
    f"with entry as ({ENTRY}), seal as ({SEAL}) insert into floor_audit_subject (subject_id, chain, seq)"
    " select unnest(cast(:subjects as text[])), 'floor', :seq"
)
CHECK = text("select id, area_id, young_person_id, data_key_id, lead_id, is_open from case_record where id = :id")
DRAFT = text(
    "select d.*, a.name, a.prefix, a.targets from floor_referral_draft d join area a on a.id = d.area_id where d.id = :id"
)
DONE = text("delete from floor_referral_draft where id = :id")
FREE = text("select reference from referral where reference = :reference")
app = Flask(__name__)


PAGE = app.jinja_env.from_string(
    "<!doctype html><html lang=en><title>Floor</title><h1>Floor</h1><table>{% for row in rows %}<tr>"
    "{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</table>"
)


def entry(connection: Any, what: str, object_id: str = "", subjects: list[str] | None = None) -> None:
    """The same rows as an entry of the trail: its body, its seal, and one row a young person."""
    values = {
        "seq": secrets.randbits(60), "at": datetime.now(UTC), "event": what, "actor": "a" * 26, "object": object_id,
        "body": b"x" * (600 + 29 * len(subjects or ())), "leaf": b"l" * 32, "mac": b"m" * 32, "subjects": subjects or [],
    }  # fmt: skip
    if engine.dialect.name == "postgresql":
        connection.execute(ALL, values)
        return
    connection.execute(text(ENTRY), values)
    connection.execute(text(SEAL), values)
    if subjects:
        connection.execute(text(SUBJECTS), [{"subject": one, "seq": values["seq"]} for one in subjects])


def put(connection: Any, table: str, **values: Any) -> None:
    """One row of a table, with what every record has."""
    row = {"id": secrets.token_hex(13), "created_at": datetime.now(UTC), "row_version": 1} | values
    connection.execute(insertion(table, tuple(row)), row)


@cache
def insertion(table: str, columns: tuple[str, ...]) -> Any:
    places = ", ".join(f":{column}" for column in columns)
    return text(f"insert into floor_{table} ({', '.join(columns)}) values ({places})")


def page(rows: Any) -> str:
    return PAGE.render(rows=rows)


@app.get("/help")
def alive() -> str:
    return "ok"


@app.get("/cases")
def cases() -> str:
    with engine.begin() as connection:
        rows = connection.execute(LIST, {"area": AREA}).all()
        body = page(rows)
        entry(connection, "list", subjects=[row[0] for row in rows])
    return body


@app.get("/cases/<case_id>")
def case(case_id: str) -> str:
    with engine.begin() as connection:
        body = page([row for part in CASE for row in connection.execute(part, {"id": case_id})])
        entry(connection, "read", case_id, [case_id])
    return body


@app.post("/find")
def find() -> Response:
    """As the real one: what was found is kept, and shown at an address of its own, which says nothing."""
    with engine.begin() as connection:
        people, _waiting = (connection.execute(part, {"area": AREA}).all() for part in NAMES)
        kept = secrets.token_hex(13)
        put(connection, "stored_search", id=kept, owner_id="a" * 26, membership_id="m" * 26, kept_until=datetime.now(UTC),
            examined=len(people), data_key_id=people[0][0], typed_sealed=b"t" * 40, found_sealed=b"f" * 900)  # fmt: skip
        entry(connection, "search")
    return redirect(f"/find/{kept}", 303)


@app.get("/find/<kept>")
def found(kept: str) -> str:
    with engine.begin() as connection:
        row = connection.execute(KEPT, {"id": kept}).one()
        body = page([one for part in FOUND for one in connection.execute(part, {"id": row.data_key_id})])
        entry(connection, "found", kept, [row.data_key_id])
    return body


@app.get("/oversight")
def dashboard() -> str:
    with engine.begin() as connection:
        body = page(connection.execute(COUNTS, {"area": AREA}).all())
        entry(connection, "report")
    return body


@app.post("/cases/<case_id>/notes")
def note(case_id: str) -> str:
    """See that the case is there, write the note and the line of the timeline."""
    with engine.begin() as connection:
        case = connection.execute(CHECK, {"id": case_id}).one()
        of_case = {
            "case_id": case_id,
            "area_id": AREA,
            "young_person_id": case.young_person_id,
            "data_key_id": case.data_key_id,
        }
        words = (request.form.get("text") or "").encode()[:4000]
        put(connection, "case_note", kind="progress", happened_on=date.today(), author_id="a" * 26, text_sealed=words,
            **of_case)  # fmt: skip
        put(connection, "timeline_entry", at=datetime.now(UTC), kind="note", object_id="n" * 26, actor_id="a" * 26,
            agency_id="g" * 26, **of_case)  # fmt: skip
        entry(connection, "write", case_id, [case_id])
    return "<!doctype html><title>Floor</title>"


@app.post("/submit")
def submit() -> str:
    """Read a finished draft, see that the number is free, write the referral, delete the draft, tell its sender."""
    with engine.begin() as connection:
        draft = connection.execute(DRAFT, {"id": request.form["draft"]}).one()
        reference, at, day = secrets.token_hex(8), datetime.now(UTC), date.today()
        connection.execute(FREE, {"reference": reference}).first()
        connection.execute(DONE, {"id": draft.id})
        put(connection, "referral", id=draft.id, reference=reference, area_id=AREA, agency_id="g" * 26, sent_by_id="a" * 26,
            source_type="professional", status="new", sent_at=at, acknowledge_by=day, decide_by=day,
            data_key_id=draft.data_key_id, forename_sealed=b"n" * 40, surname_sealed=b"n" * 40,
            date_of_birth_sealed=b"d" * 40, answers_sealed=draft.answers_sealed)  # fmt: skip
        told = {"kind": "received", "area_id": AREA, "user_id": "a" * 26, "by_on": day}
        put(connection, "notice", object_type="referral", object_id=draft.id, once_key=reference, **told)
        put(connection, "message", status="waiting", attempts=0, next_at=at, once_key=reference, **told)
        entry(connection, "write", draft.id, [draft.id])
    return "<!doctype html><title>Floor</title>"
