"""One route for each measured page: its main query, one audit insert, a bare page. No session, no keys, no template engine."""

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
ENTRY = text(
    "insert into floor_entry (id, at, event, actor_id, object_id, body) values (:id, :at, :event, :actor, :object, :body)"
)
NOTE = text("insert into floor_note (id, case_id, body) values (:id, :case, :body)")
app = Flask(__name__)


def entry(connection: Any, what: str, object_id: str = "") -> None:
    connection.execute(
        ENTRY,
        {"id": secrets.token_hex(13), "at": datetime.now(UTC).isoformat(), "event": what, "actor": "a" * 26,
         "object": object_id, "body": b"x" * 600},
    )  # fmt: skip


def page(rows: Any) -> str:
    cells = "".join("<tr>" + "".join(f"<td>{value!r:.60}</td>" for value in row) + "</tr>" for row in rows)
    return f"<!doctype html><title>Floor</title><table>{cells}</table>"


@app.get("/help")
def alive() -> str:
    return "ok"


@app.get("/cases")
def cases() -> str:
    with engine.begin() as connection:
        body = page(connection.execute(LIST, {"area": AREA}).all())
        entry(connection, "list")
    return body


@app.get("/cases/<case_id>")
def case(case_id: str) -> str:
    with engine.begin() as connection:
        found = connection.execute(CASE, {"id": case_id}).all()
        body = page(found + connection.execute(LINES, {"id": case_id}).all())
        entry(connection, "read", case_id)
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


@app.post("/write")
def write() -> str:
    with engine.begin() as connection:
        written = {"id": secrets.token_hex(13), "case": "c" * 26, "body": (request.form.get("text") or "")[:4000]}
        connection.execute(NOTE, written)
        entry(connection, "write")
    return "<!doctype html><title>Floor</title>"
