"""Server-side sessions: the cookie holds 256 random bits, the database its hash; one statement says who is acting."""

import contextlib
import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import dump_cookie

from accounts.acting import actor_of, is_enough, who_on
from accounts.credentials import Proof
from accounts.looking import viewer_of
from accounts.models import SignInSession, User
from accounts.roles import rules_of
from accounts.server_session import ABSOLUTE, NOTICES, ServerSession, server_session
from core import submissions, systems
from core.access import writes_late
from core.clock import now, today
from core.db import db, is_writing, set_writing
from core.ending import at_commit
from core.row_security import NOBODY, see_as
from core.statements import fetch

AT_ONCE = 3
NOTICE_SECONDS = 600
_TOUCH = (
    "update sign_in_session set last_seen_at = :at, data = :data, membership_id = :membership where id_hash = :id_hash"
)
# A password is hashed here for a quarter of a second: these begin as readers so that nobody waits behind a hash.
READ_FIRST = (
    "/sign-in",
    "/forgotten-password",
    "/reset-password",
    "/invitation",
    "/account/password",
    "/policy-reports",
)


def hashed(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


class Sessions(SessionInterface):
    """A signed cookie for visitors (it holds the form token alone), a row for everyone who signed in."""

    def __init__(self, app: Flask) -> None:
        secure = app.config["SESSION_COOKIE_SECURE"]
        self.name = "__Host-session" if secure else "session"
        self.visit = "__Host-visit" if secure else "visit"
        self.notice = "__Host-notice" if secure else "notice"
        self.notices = URLSafeTimedSerializer(str(app.secret_key), salt="notices")
        self.secure = secure
        self.signer = SecureCookieSessionInterface().get_signing_serializer(app)

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        writes = request.method not in {"GET", "HEAD", "OPTIONS"} and not request.path.startswith(READ_FIRST)
        set_writing(writes and not writes_late(app, request))
        see_as(NOBODY)
        if systems.is_asking(request):
            return self._system(app, request)
        cookie = request.cookies.get(self.name)
        if cookie and len(cookie) < 100:
            try:
                row = self._find(cookie)
            except SQLAlchemyError:
                return self._unreachable(request)
            if row is not None and row.active:
                opened = self._signed_in(row)
                if opened.actor is None:
                    self._look_away()
                return self._with_notices(opened, request)
        return self._visitor(request, drop=bool(cookie))

    @staticmethod
    def _system(app: Flask, request: Request) -> ServerSession:
        """Another organisation's system says with each request who it is: no cookie is read, and none is given."""
        opened = ServerSession()
        try:
            opened.actor = systems.find(app, request)
        except SQLAlchemyError:
            db.session.rollback()
            opened.unreachable = True
        return opened

    @staticmethod
    def _find(cookie: str) -> Any:
        dialect, values = db.engine.dialect.name, {"id_hash": hashed(cookie), "day": today(), "now": now()}
        # SQLite knows no statement that inserts and selects: there the claim is one of its own.
        once = submissions.key_of_plain_form() if dialect == "postgresql" and is_writing() else ""
        if once:
            values["once"] = once
        return next(iter(fetch(who_on(dialect, bool(once)), values)), None)

    def _with_notices(self, opened: ServerSession, request: Request) -> ServerSession:
        """What the last page left to be said on this one."""
        signed = request.cookies.get(self.notice)
        if signed:
            with contextlib.suppress(BadData):
                opened.told = self.notices.loads(signed, max_age=NOTICE_SECONDS)
                dict.__setitem__(opened, NOTICES, [tuple(one) for one in opened.told])
        return opened

    @staticmethod
    def _look_away() -> None:
        """Nobody acts, so the transaction that was set up for them ends."""
        see_as(NOBODY)
        db.session.rollback()

    def _unreachable(self, request: Request) -> ServerSession:
        """The database does not answer: a visitor for the public pages, 503 for every other."""
        db.session.rollback()
        opened = self._visitor(request, drop=False)
        opened.unreachable = True
        return opened

    def _signed_in(self, row: Any) -> ServerSession:
        opened = ServerSession(json.loads(row.data), row)
        if now() - row.started_at > ABSOLUTE or opened.get("_user_id") != row.fs_uniquifier:
            return self._ended(row)
        if row.role is not None and self._in_date(row) and is_enough(opened.proof, row.role):
            opened.actor = actor_of(row)
            see_as(viewer_of(row.user_id, row.looking))
        idle = rules_of(row.role).idle_minutes if opened.actor else 15
        if now() - row.last_seen_at > timedelta(minutes=idle):
            return self._ended(row)
        return opened

    @staticmethod
    def _in_date(row: Any) -> bool:
        return bool(row.is_active) and row.valid_from <= today() and (row.valid_to is None or row.valid_to >= today())

    @staticmethod
    def _ended(row: Any) -> ServerSession:
        ended = ServerSession(None, row)
        ended["timed_out"] = True
        return ended

    def _visitor(self, request: Request, drop: bool) -> ServerSession:
        signed = request.cookies.get(self.visit)
        data: dict[str, Any] = {}
        if signed and self.signer is not None:
            try:
                data = self.signer.loads(signed, max_age=3600 * 12)
            except Exception:  # any broken or old cookie is simply not one of ours
                data = {}
        # Who signed in is only ever in a row: a signed cookie that says so is not believed.
        data.pop("_user_id", None)
        opened = ServerSession(data)
        opened.drop_cookie = drop
        return opened

    def persist(self, response: Response) -> bool:
        """A step of the gate: write the session in the transaction of the request, before its commit."""
        current = server_session()
        user_key = current.get("_user_id")
        if not user_key:
            if current.row is not None:
                db.session.execute(delete(SignInSession).where(SignInSession.id_hash == current.row.id_hash))
                current.drop_cookie = True
            return False
        if current.row is None or current.renew:
            self._begin(current, user_key)
        elif current.wants_row:
            at_commit(_TOUCH, {"id_hash": current.row.id_hash, "at": now(), "data": json.dumps(current.kept()),
                               "membership": current.membership_id})  # fmt: skip
        return True

    def _begin(self, current: ServerSession, user_key: str) -> None:
        """A new id at sign-in, step-up and change of role; the old one is dead at once."""
        user_id = db.session.scalar(select(User.id).where(User.fs_uniquifier == user_key))
        started = current.row.started_at if current.row and not current.began else now()
        if current.row is not None:
            db.session.execute(delete(SignInSession).where(SignInSession.id_hash == current.row.id_hash))
        current.cookie = secrets.token_urlsafe(32)
        agent = request.headers.get("User-Agent", "")[:80]
        db.session.execute(
            insert(SignInSession.__table__).values(
                id_hash=hashed(current.cookie), user_id=user_id, membership_id=current.membership_id,
                data=json.dumps(current.kept()), started_at=started, last_seen_at=now(),
                stepped_up_at=current.stepped_up_at, agent=agent, proof=current.proof.value,
            )
        )  # fmt: skip
        self._keep_newest(user_id, current.proof is Proof.FIRST)

    @staticmethod
    def _keep_newest(user_id: str | None, waiting: bool) -> None:
        """Three at once. Who has a password alone ends nobody's session: those that wait are counted by themselves."""
        older = (
            select(SignInSession.id_hash)
            .where(SignInSession.user_id == user_id, (SignInSession.proof == Proof.FIRST.value) == waiting)
            .order_by(SignInSession.started_at.desc())
            .offset(AT_ONCE)
        )
        ended = list(db.session.scalars(older))
        if ended:
            db.session.execute(delete(SignInSession).where(SignInSession.id_hash.in_(ended)))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Only cookies: the row was written by ``persist`` before the commit."""
        if not isinstance(session, ServerSession):
            return
        options: dict[str, Any] = {"httponly": True, "secure": self.secure, "samesite": "Lax", "path": "/"}
        if session.cookie:
            response.set_cookie(self.name, session.cookie, **options)
            response.delete_cookie(self.visit, path="/", secure=self.secure, httponly=True, samesite="Lax")
        elif session.drop_cookie:
            response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="Lax")
        self._leave_notices(session, response, options)
        # Also of someone whose session has just ended: the sign-in form on this very page needs its token.
        visiting = not session.cookie and not session.get("_user_id")
        if visiting and session and session.modified and self.signer is not None:
            response.set_cookie(self.visit, str(self.signer.dumps(dict(session))), **options)

    def _leave_notices(self, session: ServerSession, response: Response, options: dict[str, Any]) -> None:
        left = session.get(NOTICES) if session.get("_user_id") else None
        if left and left != session.told:
            signed = str(self.notices.dumps(left))
            # Max-Age alone, which every browser knows: to write the date beside it costs half as much as the signature.
            kept = dump_cookie(self.notice, signed, max_age=NOTICE_SECONDS, sync_expires=False, **options)
            response.headers.add("Set-Cookie", kept)
        elif session.told and not left:
            response.delete_cookie(self.notice, path="/", secure=self.secure, httponly=True, samesite="Lax")


def end_sessions(user_id: str, keep: str | None = None) -> int:
    """Sign a user out everywhere (but for the session ``keep``, a hash); returns how many ended."""
    statement = delete(SignInSession).where(SignInSession.user_id == user_id)
    if keep:
        statement = statement.where(SignInSession.id_hash != keep)
    return int(db.session.execute(statement).rowcount)  # type: ignore[attr-defined]
