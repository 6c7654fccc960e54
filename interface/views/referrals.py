"""What a system does with its token: send a referral, add a file to it, ask how it stands."""

import json
import re
from datetime import timedelta
from typing import Any

from flask import Response, abort, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from accounts.services import throttle
from audit.models import Event
from core.access import Door, Limit, find_actor, held_back, requires, signed_in
from core.context import current
from core.db import begin_writing
from core.ids import Id
from core.requests import Unavailable
from core.systems import problem
from files.limits import LARGEST, NotAccepted
from files.services.examining import Examined, examine
from files.storage import StoreUnavailable
from interface.reading import Read, read
from interface.services import once, taking
from interface.views import api
from interface.views.token import too_many
from referrals.services.sending import NotReady

URGENT = (Limit.AGREEMENT,)
LARGEST_BODY = 256 * 1024
# Of one credential, whatever it asks for.
MOST, WINDOW = 120, timedelta(minutes=1)
# Warnings of one credential in an hour. Who tries names to hear which were sent before then hears no more: what is
# sent twice after that is sent, and triage finds it.
ALIKE, MOST_ALIKE = "system-alike", 20
_KEY = re.compile(rf"[A-Za-z0-9._~-]{{1,{once.LONGEST_KEY}}}")
CALL_FIRST = "Call 999 now, or the front door where nobody is in danger this minute. Then send who was called and when."


@api.before_request
def count() -> Response | None:
    """Every request of a credential counts, also one that comes to nothing."""
    actor = find_actor()
    if actor is None:
        return None
    wait = throttle.one_more("system", MOST, WINDOW, actor.membership_id)
    return too_many(wait) if wait else None


@api.post("/v1/referrals")
@requires(Door.SYSTEM, reads=Event.DRAFT_OPENED, despite=URGENT)
def send() -> ResponseReturnValue:
    """The same key and body get the same answer, at the same moment too: the second waits for the first."""
    actor = signed_in()
    key, body = _key(), _body()
    found = _claimed(key, json.dumps(body, sort_keys=True).encode())
    if isinstance(found, Response) or found.earlier is not None:
        return found if isinstance(found, Response) else _made(found.earlier or {}, replayed=True)
    asked = read(actor, body)
    if asked.is_held_back:
        return held_back()
    if asked.errors:
        return _to_put_right(asked)
    alike = taking.alike(actor, asked.sections, asked.not_duplicates)
    # Counted before it is answered: a rival's count waits for this one's end.
    if alike and throttle.bump(ALIKE, actor.membership_id) <= MOST_ALIKE:
        once.give_up(actor, found)
        return _alike(alike)
    return _sent(found, asked)


def _sent(found: once.Claim, asked: Read) -> ResponseReturnValue:
    actor = signed_in()
    try:
        referral = taking.send(actor, start=asked.start, sections=asked.sections, not_duplicates=asked.not_duplicates)
    except NotReady as waiting:
        errors = [{"pointer": f"/{section.key}", "detail": "This is not finished"} for section in waiting.sections]
        return problem(422, errors=errors)
    answer = taking.receipt(referral)
    once.settle(actor, found, answer)
    return _made(answer)


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        words = f"Send the header Idempotency-Key: 1 to {once.LONGEST_KEY} letters, digits, dots, dashes, tildes or underscores"
        abort(problem(400, kind="no-key", detail=words))
    return key


def _body() -> dict[str, Any]:
    """The JSON object that was sent. Numbers that JSON does not know, and nests without end, are no JSON."""
    if request.mimetype != "application/json":
        abort(problem(415, detail="Send application/json"))
    raw = b"" if (request.content_length or 0) > LARGEST_BODY else request.get_data()
    if (request.content_length and not raw) or len(raw) > LARGEST_BODY:
        abort(413)
    try:
        found = json.loads(raw, parse_constant=_no_number, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):
        abort(problem(400, detail="The body is not JSON"))
    if not isinstance(found, dict):
        abort(problem(400, detail="Send a JSON object"))
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values under one name: readers disagree about which counts."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def _claimed(key: str, *body: bytes) -> once.Claim | Response:
    try:
        return once.claim(signed_in(), key, *body)
    except once.OtherBody:
        return problem(422, kind="key-reused", detail="This idempotency key was used for something else. Use a new one")


def _made(answer: dict[str, Any], *, replayed: bool = False, location: bool = True) -> ResponseReturnValue:
    made = jsonify(answer)
    if location:
        made.headers["Location"] = url_for("interface_api.status", referral_id=answer["id"])
    if replayed:
        made.headers["Idempotency-Replayed"] = "true"
    return made, 201


def _to_put_right(asked: Read) -> Response:
    errors = [{"pointer": where, "detail": words} for where, words in asked.errors]
    if asked.needs_call:
        return problem(
            422, kind="call-first", title="Someone may be in danger: call first", detail=CALL_FIRST, errors=errors
        )
    return problem(422, errors=errors)


def _alike(found: list[Any]) -> Response:
    earlier = [{"id": one.id, "reference": one.reference, "sent_at": one.sent_at.isoformat()} for one in found]
    words = "If one of these is about the same young person, do not send again. If not, name them in not_duplicates."
    return problem(
        409, kind="possible-duplicate", title="Your agency may have sent this young person before", detail=words,
        earlier=earlier,
    )  # fmt: skip


@api.get("/v1/referrals/<id:referral_id>")
@requires(Door.SYSTEM, reads=Event.REFERRAL_STATUS_READ)
def status(referral_id: Id) -> ResponseReturnValue:
    found = taking.find(signed_in(), referral_id)
    current().looked_at("referral", found.id)
    return jsonify(taking.status(found))


@api.post("/v1/referrals/<id:referral_id>/files")
@requires(Door.SYSTEM, despite=URGENT, writes_late=True)
def add_file(referral_id: Id) -> ResponseReturnValue:
    """Examined as on the pages before it is kept, and by then nobody waits for us."""
    actor, key = signed_in(), _key()
    taking.find(actor, referral_id)
    sent = _file()
    content = sent.read(LARGEST + 1)
    try:
        examined = examine(sent.filename or "", content)
        return _kept(referral_id, key, (sent.filename or "").encode(), content, examined)
    except NotAccepted as reason:
        return problem(422, errors=[{"pointer": "/file", "detail": str(reason)}])
    except StoreUnavailable as error:
        raise Unavailable("The file store does not answer") from error


def _file() -> FileStorage:
    if request.mimetype != "multipart/form-data":
        abort(problem(415, detail="Send multipart/form-data with one part, called file"))
    if request.form or list(request.files) != ["file"] or len(request.files.getlist("file")) != 1:
        abort(problem(400, detail="Send multipart/form-data with one part, called file"))
    return request.files["file"]


def _kept(referral_id: Id, key: str, name: bytes, content: bytes, examined: Examined) -> ResponseReturnValue:
    """From here on it writes; what was read before is looked up again."""
    begin_writing()
    actor = signed_in()
    found = _claimed(key, referral_id.encode(), name, content)
    if isinstance(found, Response) or found.earlier is not None:
        return found if isinstance(found, Response) else _made(found.earlier or {}, replayed=True, location=False)
    referral = taking.find(actor, referral_id)
    if not taking.is_open(referral):
        g.denied = "action"
        return problem(409, kind="decided", detail="There is a decision, so nothing can be added. Call the coordinator")
    answer = taking.add_file(actor, referral, examined)
    once.settle(actor, found, answer)
    return _made(answer, location=False)
