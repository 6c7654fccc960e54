"""One transaction a request, the gate that writes the trail before the first byte leaves, and quiet logs."""

import time
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from flask import Flask, Response, abort, current_app, g, render_template, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from core import context, headers, submissions, systems
from core.access import Door, find_actor, guard, requirement_of
from core.crypto import SealBroken
from core.db import begin_writing, db, set_writing
from core.formats import clock_time
from core.forms import GIVEN_BACK
from core.ids import new_id
from core.keyring import KeyDestroyed, KeysUnavailable
from core.logs import place_of
from core.row_security import NOBODY, see_as
from core.sensitivity import RestrictedRecord
from core.versions import StaleRecord

log = structlog.get_logger()
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# A form that answers with a page (200) has changed nothing: only these answers keep what the view did.
KEEPS = frozenset({201, 202, 204, 302, 303})


class Trail(Protocol):
    """What the gate needs of the audit trail; ``audit.services`` provides it (core imports nothing above itself)."""

    def note_reads(self, seen: context.AccessContext, *, kept: bool) -> None: ...
    def note_denied(self, reason: str) -> None: ...
    def note_failed(self, reason: str) -> None: ...


class Unavailable(RuntimeError):
    """Something that safety needs (trail, keys, database) is not there: 503, and nothing personal leaves."""


def start() -> None:
    g.started = time.perf_counter()
    g.request_id = new_id()
    g.actor = getattr(session, "actor", None)
    if getattr(session, "unreachable", False) and not _is_public():
        raise Unavailable("The database does not answer")


def refuse_foreign() -> None:
    """A form comes from our own pages. Old browsers and scripts send neither header; the form token holds for them."""
    if request.method not in UNSAFE:
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    ours = {current_app.extensions["settings"].public_url, f"{request.scheme}://{request.host}"}
    if (origin is not None and origin not in ours) or site not in {None, "same-origin", "none"}:
        log.warning("foreign_form", route=request.endpoint, request_id=g.get("request_id"))
        abort(400)


def _is_public() -> bool:
    needed = requirement_of(current_app, request.endpoint) if request.endpoint else None
    return needed is not None and needed.door is Door.PUBLIC


def open_context() -> None:
    """After the guard: the context of this request, with the read event that its route declares."""
    requirement = g.get("requirement")
    seen = context.AccessContext(find_actor(), reads=requirement.reads if requirement else None)
    seen.purpose = requirement.purpose if requirement else None
    g.context_token = context.enter(seen)


def claim_form() -> ResponseReturnValue | None:
    """Before the view, unless it writes late: then ``write_late`` claims the form's one-time key."""
    requirement = g.get("requirement")
    return None if requirement is not None and requirement.writes_late else submissions.claim()


def write_late() -> ResponseReturnValue | None:
    """In a view marked ``writes_late``, when its long reading is done: from here on it writes, and nothing read stays.

    Returns where the first sending of this form led, if this is the second: the view answers with that.
    """
    begin_writing()
    return submissions.claim()


def gate(response: Response) -> Response:
    """After everything else: commit or roll back, write what was read, and only then let the answer go."""
    if not g.get("gate_passed"):
        g.gate_passed = True
        response = _settled(response)
    headers.add_to(response, is_secure=request.is_secure)
    _log(response)
    return response


def _settled(response: Response) -> Response:
    seen = context.find_current()
    try:
        _settle(response, seen)
    except StaleDataError:
        db.session.rollback()
        _tell_of_failure("stale")
        return error_response(409)
    except Exception as error:  # whatever stopped the trail, the answer must not leave
        db.session.rollback()
        log.error("answer_withheld", error=type(error).__name__, request_id=g.get("request_id"), **_cause(error))
        _tell_of_failure("not_kept")
        return error_response(503)
    finally:
        if seen is not None:
            seen.closed = True
    return response


def _tell_of_failure(reason: str) -> None:
    """The change was rolled back with its entry: one that says so, in a transaction of its own, if that can be."""
    if request.method not in UNSAFE or find_actor() is None:
        return
    try:
        begin_writing()
        _extension("trail").note_failed(reason)
        db.session.commit()
    except Exception as error:  # the trail itself may be what is broken; nothing was shown and nothing changed
        db.session.rollback()
        log.error("failure_unrecorded", error=type(error).__name__, request_id=g.get("request_id"))


def _cause(error: BaseException) -> dict[str, str]:
    cause = error.__cause__ or getattr(error, "orig", None)
    return {"cause": type(cause).__name__} if cause is not None else {}


def _keeps(response: Response) -> bool:
    """A form that is only shown again changes nothing, whatever its view does with it."""
    return request.method in UNSAFE and response.status_code in KEEPS and GIVEN_BACK not in request.form


def _settle(response: Response, seen: context.AccessContext | None) -> None:
    keeps = _keeps(response)
    if keeps:
        submissions.settle(response.location)
    elif request.method in UNSAFE:
        db.session.rollback()
    trail: Trail = _extension("trail")
    steps: list[Callable[[Response], bool]] = _extension("gate_steps")
    wants_reads = seen is not None and seen.has_reads and response.status_code < 500
    denied = g.get("denied")
    failed = request.method in UNSAFE and response.status_code >= 500
    needs_session = getattr(session, "wants_row", session.modified)
    if not (keeps or wants_reads or denied or failed or needs_session):
        db.session.rollback()
        return
    if not keeps and db.engine.dialect.name == "sqlite":
        begin_writing()
    if wants_reads and seen is not None:
        trail.note_reads(seen, kept=keeps)
    _note_trouble(trail, denied, failed)
    for step in steps:
        step(response)
    db.session.commit()


def _note_trouble(trail: Trail, denied: str | None, failed: bool) -> None:
    if denied:
        trail.note_denied(denied)
    elif failed:
        trail.note_failed("error")


def _extension(name: str) -> Any:
    return current_app.extensions[name]


def _log(response: Response) -> None:
    log.info(
        "request", method=request.method, route=request.endpoint, status=response.status_code,
        ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        request_id=g.get("request_id"),
    )  # fmt: skip


def finish(error: BaseException | None) -> None:
    token = g.pop("context_token", None)
    if token is not None:
        context.leave(token)
    db.session.remove()
    see_as(NOBODY)
    set_writing(True)


def error_response(code: int, **words: Any) -> Response:
    """A plain-words error page; it must work when database and keys do not. A system gets a problem document."""
    if systems.is_asking():
        return systems.problem(code)
    g.plain_frame = code >= 500
    page = Response(render_template(f"errors/{code}.html", request_id=g.get("request_id"), **words), code)
    if code == 503:
        page.headers["Retry-After"] = "30"
    return page


def _on_http(error: HTTPException) -> Response:
    code = error.code or 500
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    known = code if code in {400, 403, 404, 409, 410, 413, 429, 500, 503} else 400 if code < 500 else 500
    if code == 405:
        known = 404
    response = error_response(code if systems.is_asking() else known)
    response.status_code = code
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _on_missing_row(error: NoResultFound) -> Response:
    g.denied = g.get("denied") or "row"
    return error_response(404)


def _on_restricted(error: RestrictedRecord) -> Response:
    """The record is there; what is in it is for named people. What the page had read so far does not leave."""
    g.denied = "restricted"
    seen = context.find_current()
    if seen is not None:
        seen.forget()
    return Response(render_template("errors/restricted.html", request_id=g.get("request_id"), ask=error.ask), 403)


def _on_stale(error: StaleRecord) -> Response:
    at = clock_time(error.at) if error.at else ""
    return error_response(
        409, theirs=error.theirs, yours=error.yours, again_url=request.path, what=error.what, changed_at=at
    )


def _on_broken_seal(error: SealBroken) -> Response:
    g.denied = "seal"
    log.error("seal_broken", request_id=g.get("request_id"))
    return error_response(500)


def _on_destroyed(error: KeyDestroyed) -> Response:
    return error_response(410)


def _on_unavailable(error: Exception) -> Response:
    log.error("unavailable", error=type(error).__name__, request_id=g.get("request_id"))
    return error_response(503)


def _on_unexpected(error: Exception) -> Response:
    original = getattr(error, "original_exception", None) or error
    log.error("unexpected", error=type(original).__name__, where=place_of(original), request_id=g.get("request_id"))
    return error_response(500)


def register_before(app: Flask) -> None:
    """First in the factory, so that the gate is the last of all after-request functions."""
    app.before_request(start)
    app.before_request(refuse_foreign)
    app.before_request(guard)
    app.before_request(open_context)
    app.before_request(claim_form)
    app.after_request(gate)
    app.teardown_request(finish)
    app.extensions.setdefault("gate_steps", [])
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(NoResultFound, _on_missing_row)
    app.register_error_handler(RestrictedRecord, _on_restricted)
    app.register_error_handler(StaleRecord, _on_stale)
    app.register_error_handler(StaleDataError, lambda error: error_response(409))
    app.register_error_handler(SealBroken, _on_broken_seal)
    app.register_error_handler(KeyDestroyed, _on_destroyed)
    for unreachable in (KeysUnavailable, Unavailable, OperationalError, PoolTimeout):
        app.register_error_handler(unreachable, _on_unavailable)
    app.register_error_handler(Exception, _on_unexpected)
