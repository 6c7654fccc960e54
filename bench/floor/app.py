"""One route for each measured page: its main query, the same audit insert, a bare page. No session, keys, guard or chain."""

import os
import secrets
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
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
CASE = text("select * from case_record c join young_person p on p.id = c.young_person_id where c.id = :id")
LINES = text("select * from timeline_entry where case_id = :id order by at desc limit 20")
NAMES = text(
    "select id, data_key_id, surname_sealed, forename_sealed, preferred_name_sealed, aliases_sealed,"
    " date_of_birth_sealed from young_person where area_id = :area"
)
COUNTS = text("select stage, count(*) from case_record where area_id = :area group by stage")
ENTRY = (
    "insert into floor_entry (chain, seq, at, event, outcome, actor_id, object_type, object_id, body)"
    " values ('floor', :seq, :at, :event, 'ok', :actor, 'case_record', :object, :body)"
)
SEAL = "insert into floor_seal (chain, seq, leaf, mac) values ('floor', :seq, :leaf, :mac)"
SUBJECTS = "insert into floor_subject (subject_id, chain, seq) values (:subject, 'floor', :seq)"
ALL = text(
    f"with entry as ({ENTRY}), seal as ({SEAL}) insert into floor_subject (subject_id, chain, seq)"
    " select unnest(cast(:subjects as text[])), 'floor', :seq"
)
CHECK = text("select id, area_id, young_person_id, data_key_id, is_open from case_record where id = :id")
NOTE = text("insert into floor_note (id, case_id, body) values (:id, :case, :body)")
LINE = text("insert into floor_line (id, case_id, at, kind, actor_id) values (:id, :case, :at, 'note', :actor)")
DRAFT = text("select * from floor_draft limit 1")
DONE = text("delete from floor_draft where id = :id")
SENT = text(
    "insert into floor_referral (id, reference, area_id, sent_by_id, status, sent_at, forename, surname, answers)"
    " values (:id, :reference, :area, :actor, 'new', :at, :name, :name, :answers)"
)
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
        found = list(connection.execute(CASE, {"id": case_id}))
        body = page(found + list(connection.execute(LINES, {"id": case_id})))
        entry(connection, "read", case_id, [case_id])
    return body


@app.post("/find")
def find() -> str:
    with engine.begin() as connection:
        body = page(connection.execute(NAMES, {"area": AREA}).all()[:5])
        entry(connection, "search")
    return body


@app.get("/oversight")
def dashboard() -> str:
    with engine.begin() as connection:
        body = page(connection.execute(COUNTS, {"area": AREA}).all())
        entry(connection, "report")
    return body


@app.post("/cases/<case_id>/notes")
def note(case_id: str) -> str:
    with engine.begin() as connection:
        connection.execute(CHECK, {"id": case_id}).first()
        new = {"id": secrets.token_hex(13), "case": case_id, "body": (request.form.get("text") or "")[:4000]}
        connection.execute(NOTE, new)
        connection.execute(
            LINE, {"id": secrets.token_hex(13), "case": case_id, "at": datetime.now(UTC), "actor": "a" * 26}
        )
        entry(connection, "write", case_id, [case_id])
    return "<!doctype html><title>Floor</title>"


@app.post("/submit")
def submit() -> str:
    """Read a finished draft, write it as a referral, delete the draft: the same three statements as the real page."""
    with engine.begin() as connection:
        draft = connection.execute(DRAFT).first()
        new = secrets.token_hex(13)
        connection.execute(
            SENT,
            {"id": new, "reference": new, "area": AREA, "actor": "a" * 26, "at": datetime.now(UTC), "name": b"n" * 40,
             "answers": draft.answers_sealed if draft else b"x" * 5000},
        )  # fmt: skip
        connection.execute(DONE, {"id": new})
        entry(connection, "write", new, [new])
    return "<!doctype html><title>Floor</title>"
