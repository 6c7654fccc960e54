"""The session, the base of every record, and how a transaction begins on each database."""

import fcntl
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, DateTime, Engine, MetaData, String, event, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from core.clock import now
from core.ids import Id, new_id, type_length

WAIT_SECONDS = 5.0
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class OneDatabase(Session):
    """One database holds every record (keys have a store of their own), so no statement has to look for its engine."""

    _engine: Engine | None = None

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Engine | Connection | None = None, **kwargs: Any
    ) -> Engine | Connection:
        if bind is not None:
            return bind
        if self._engine is None:
            self._engine = self._db.engine
        return self._engine


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"class_": OneDatabase})


class Moment(TypeDecorator[datetime]):
    """A moment in UTC that comes back with its zone on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def id_type() -> String:
    return String(type_length)


class Sealing:
    """Turns each ``Encrypted`` attribute of a record into its own binary column before the class is mapped."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        from core.crypto import install_columns

        install_columns(cls)
        super().__init_subclass__(**kwargs)


class Record(Sealing, db.Model):  # type: ignore[name-defined]
    """Every stored thing: a random id, when it was made, and a version that a stale form is measured against."""

    __abstract__ = True

    id: Mapped[Id] = mapped_column(id_type(), primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    row_version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.row_version}

    def __init__(self, **kwargs: Any) -> None:
        """The id exists before the insert, because sealed fields are bound to it."""
        kwargs.setdefault("id", new_id())
        super().__init__(**kwargs)


class Audited:
    """Marks a record of personal data: a change of it without an audit entry does not commit."""


_writing: ContextVar[bool] = ContextVar("writing", default=True)
_lock_path: str | None = None


def is_writing() -> bool:
    return _writing.get()


def set_writing(value: bool) -> None:
    """Whether the next transaction begins as a writer. Only SQLite tells the two apart (SETTLED: Audit, 16)."""
    _writing.set(value)


def begin_writing() -> None:
    """End a reading transaction and let the next statement begin a writing one; nothing read stays loaded."""
    if not is_writing():
        db.session.rollback()
        set_writing(True)


@contextmanager
def reading() -> Iterator[None]:
    before = is_writing()
    set_writing(False)
    try:
        yield
    finally:
        set_writing(before)


def engine_options(url: str, *, owner: bool = False) -> dict[str, Any]:
    """Options for ``create_engine``: parameters never reach a log or an error; PostgreSQL gives up rather than hangs."""
    options: dict[str, Any] = {"hide_parameters": True, "echo": False}
    if make_url(url).get_backend_name() == "postgresql":
        settings = ["-c plan_cache_mode=force_generic_plan"]
        if not owner:
            settings += ["-c statement_timeout=5000", "-c lock_timeout=2000"]
            settings += ["-c idle_in_transaction_session_timeout=10000"]
        # The connection that was used last comes first: its server process still has at hand what a page asks for.
        options |= {"pool_size": 10, "max_overflow": 0, "pool_timeout": 2, "pool_use_lifo": True}
        options["connect_args"] = {"options": " ".join(settings), "connect_timeout": 3}
    else:
        options["connect_args"] = {"check_same_thread": False, "timeout": 5}
    return options


class WriteQueueFull(OperationalError):
    """Another writer held the SQLite file for longer than a request may wait; the page is 503."""

    def __init__(self) -> None:
        super().__init__("begin", None, TimeoutError("the write lock was not free"))


class _WriteQueue:
    """Writers of one SQLite file wait for each other on a file lock, across processes and threads, for at most 5 s."""

    def __init__(self, path: str) -> None:
        self.path = path

    def enter(self, info: dict[str, Any]) -> None:
        """Raise WriteQueueFull after five seconds. Waits in short steps, because ``flock`` knows no time-out."""
        if "write_lock" in info:
            return
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        given_up_at = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > given_up_at:
                    os.close(handle)
                    raise WriteQueueFull from None
                time.sleep(0.001)
            else:
                info["write_lock"] = handle
                return

    def leave(self, info: dict[str, Any]) -> None:
        handle = info.pop("write_lock", None)
        if handle is not None:
            os.close(handle)


def prepare_sqlite(engine: Engine) -> None:
    """WAL, full durability, foreign keys, and explicit transactions: writers begin IMMEDIATE behind a fair lock."""
    queue = _WriteQueue(f"{engine.url.database}.lock")

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        if is_writing():
            queue.enter(connection.info)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing() else "BEGIN")

    @event.listens_for(engine, "checkin")
    def returned(connection: Any, record: Any) -> None:
        queue.leave(record.info)


_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def forget_after_fork(engine: Engine) -> None:
    """A connection opened before a fork belongs to the parent: a worker process opens its own."""
    _engines.add(engine)


def _forget_connections() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)


def init_app(app: Flask) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", engine_options(url))
    db.init_app(app)
    with app.app_context():
        forget_after_fork(db.engine)
        if db.engine.dialect.name == "sqlite":
            prepare_sqlite(db.engine)
        else:
            from core.row_security import guard_engine

            guard_engine(db.engine)


class SealedRecord(Record):
    """A record with sealed fields: it names the data key they are sealed under and whom they are about."""

    __abstract__ = True

    data_key_id: Mapped[Id] = mapped_column(id_type(), index=True)

    @property
    def subject_id(self) -> Id:
        """The young person (or the referral not yet tied to one) whom "who has seen this child" should find."""
        tied: Id = getattr(self, "young_person_id", None) or getattr(self, "referral_id", None) or self.id
        return tied

    @property
    def key_area(self) -> str:
        """The area whose key wraps a data key made for this record; "system" for what belongs to no area."""
        return getattr(self, "area_id", None) or "system"
