"""The access context: the only way to open a sealed field. It remembers what was opened and hands it to the trail."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.crypto import KEY_VERSION, Encrypted, associated_data, decode, unseal
from core.ids import Id
from core.keyring import KeyDestroyed, keyring
from core.row_security import EVERYTHING, Viewer, seeing, viewer
from core.sensitivity import instead_of, is_restricted, must_open

if TYPE_CHECKING:
    from core.access import Actor


class NoAccessContext(RuntimeError):
    """Sealed fields open only for a signed-in person's request or a named job."""


class UndeclaredRead(RuntimeError):
    """The route opened personal data without naming its audit event: ``@requires(P, reads=Event.X)``."""


class ContextClosed(RuntimeError):
    """The read entry has been written; nothing more may be opened for this answer."""


class AccessContext:
    """What one request, or one job, opened. Subjects are young people's ids; fields are names, never values."""

    def __init__(self, actor: "Actor | None" = None, *, reads: str | None = None, job: str | None = None) -> None:
        self.actor, self.reads, self.job = actor, reads, job
        self.subjects: dict[Id, None] = {}
        self.fields: set[str] = set()
        self.object: tuple[str, Id] | None = None
        self.purpose: str | None = None
        # Who writes without an account, for the entry: ``link:`` or ``public:`` and an opaque id.
        self.visitor: str | None = None
        self.detail: dict[str, str | int] = {}
        self.examined = 0
        self.closed = False
        self._examining = False
        self._ciphers: dict[Id, AESGCM] = {}

    @property
    def has_reads(self) -> bool:
        return bool(self.subjects or self.examined or self.object)

    def forget(self) -> None:
        """The page that was being made is not shown."""
        self.subjects, self.fields, self.object, self.examined = {}, set(), None, 0

    def load_keys(self, ids: Iterable[Id | None]) -> None:
        """Fetch the data keys of many rows in one statement; a list calls this before it opens its rows."""
        missing = {key_id for key_id in ids if key_id and key_id not in self._ciphers}
        if missing:
            self._ciphers |= {key_id: AESGCM(key) for key_id, key in keyring().unwrap(missing).items()}

    def cipher(self, key_id: Id) -> AESGCM:
        """Raise KeyDestroyed where the person was erased."""
        found = self._ciphers.get(key_id)
        if found is None:
            self.load_keys([key_id])
            found = self._ciphers.get(key_id)
        if found is None:
            raise KeyDestroyed("The key of this record was destroyed")
        return found

    def add_key(self, key_id: Id, key: bytes) -> None:
        self._ciphers[key_id] = AESGCM(key)

    def open(self, record: Any, field: Encrypted, sealed: bytes) -> Any:
        """Open one field of a loaded record and note that it was opened. Raise RestrictedRecord where it is closed."""
        must_open(record.subject_id)
        return self.open_value(type(record), field.name, record.id, record.data_key_id, record.subject_id, sealed)

    def open_value(self, model: Any, name: str, row_id: Id, key_id: Id, subject_id: Id, sealed: bytes | None) -> Any:
        """Open one field of a row selected by columns: ``sealed`` is the value of ``sealed_column(model, name)``."""
        if sealed is None:
            return None
        if self.closed:
            raise ContextClosed("Nothing may be opened after the entry was written")
        field: Encrypted = model.__sealed_fields__[name]
        if is_restricted(subject_id):
            return instead_of(name, field.kind, subject_id)
        self._note(model, [name], subject_id)
        bound = associated_data(model.__tablename__, field.column, row_id, key_id, KEY_VERSION)
        return decode(field.kind, unseal(self.cipher(key_id), sealed, bound))

    def open_outside(self, record: Any, name: str) -> AESGCM:
        """Note that something of a record which is kept outside the database is opened; the cipher to open it with.

        Raise RestrictedRecord, NoResultFound, KeyDestroyed where it may not or cannot be opened.
        """
        if self.closed:
            raise ContextClosed("Nothing may be opened after the entry was written")
        must_open(record.subject_id)
        self._note(type(record), [name], record.subject_id)
        return self.cipher(record.data_key_id)

    def open_many(self, model: Any, names: Sequence[str], rows: Collection[Any]) -> Iterator[tuple[Id, list[Any]]]:
        """Open the same fields of many rows to compare them: each row is its id, its key and the sealed ``names``.

        Only inside ``examining``, because no subject is noted. Rows of erased people are left out. The keys come in one
        statement and are let go row by row: an area's whole list is read here.
        """
        if not self._examining:
            raise UndeclaredRead(f"{model.__tablename__} was opened in bulk outside of examining")
        keys = keyring().unwrap({row[1] for row in rows}.difference(self._ciphers))
        fields = [model.__sealed_fields__[name] for name in names]
        places = [(field.kind, f"{model.__tablename__}|{field.column}") for field in fields]
        for row_id, key_id, *sealed in rows:
            cipher = self._ciphers.get(key_id) or (AESGCM(keys[key_id]) if key_id in keys else None)
            if cipher is None:
                continue
            tail = f"|{row_id}|{key_id}|{KEY_VERSION}"
            yield (
                row_id,
                [
                    None if value is None else decode(kind, unseal(cipher, value, f"{place}{tail}".encode()))
                    for (kind, place), value in zip(places, sealed, strict=True)
                ],
            )

    def open_list(self, model: Any, names: Sequence[str], rows: Iterable[Any]) -> Iterator[list[Any]]:
        """Open the same fields of a page of rows to show them: each row is its id (the subject), its key and ``names``.

        What ``open_value`` does for one, with the keys of all loaded and the work that is the same for each done once.
        """
        rows = list(rows)
        if self.closed:
            raise ContextClosed("Nothing may be opened after the entry was written")
        self.load_keys(row[1] for row in rows)
        places = [(one.kind, f"{model.__tablename__}|{one.column}") for one in map(model.__sealed_fields__.get, names)]
        closed = viewer().restricted
        for row_id, key_id, *sealed in rows:
            if row_id in closed:
                kinds = zip(names, places, sealed, strict=True)
                yield [None if v is None else instead_of(name, kind, row_id) for name, (kind, _), v in kinds]
                continue
            cipher, tail = self.cipher(key_id), f"|{row_id}|{key_id}|{KEY_VERSION}"
            self._note(model, [name for name, value in zip(names, sealed, strict=True) if value is not None], row_id)
            yield [
                None if value is None else decode(kind, unseal(cipher, value, f"{place}{tail}".encode()))
                for (kind, place), value in zip(places, sealed, strict=True)
            ]

    def _note(self, model: Any, names: Sequence[str], subject_id: Id) -> None:
        if self._examining or not names:
            return
        if self.reads is None and self.job is None:
            raise UndeclaredRead(f"{model.__tablename__}.{names[0]} was opened by a route that declares no read")
        self.subjects[subject_id] = None
        self.fields.update(f"{model.__tablename__}.{name}" for name in names)

    @contextmanager
    def examining(self, purpose: str) -> Iterator[None]:
        """Open values that are compared but never shown; the entry says how many, not whose (SETTLED 13)."""
        before, self._examining = self._examining, True
        self.detail["examined_for"] = purpose
        try:
            yield
        finally:
            self._examining = before

    def looked_at(self, kind: str, object_id: Id) -> None:
        """Name the one object of the page (a case, a referral), for the entry."""
        self.object = (kind, object_id)


_current: ContextVar[AccessContext | None] = ContextVar("access_context", default=None)


def current() -> AccessContext:
    """The context of this request or job. Raise NoAccessContext where there is none."""
    context = _current.get()
    if context is None:
        raise NoAccessContext("Sealed fields open only inside a request or a job")
    return context


def find_current() -> AccessContext | None:
    return _current.get()


def enter(context: AccessContext) -> Token[AccessContext | None]:
    return _current.set(context)


def leave(token: Token[AccessContext | None]) -> None:
    _current.reset(token)


@contextmanager
def acting_as(*, job: str, actor: "Actor | None" = None, areas: Iterable[Id] | None = None) -> Iterator[AccessContext]:
    """Open and seal fields for a named job (seeding, retention, rotation); its entries name the job (SETTLED 15).

    ``areas``: the only ones that the job may reach; all where it is None.
    """
    context = AccessContext(actor, job=job)
    token = enter(context)
    try:
        with seeing(EVERYTHING if areas is None else Viewer(areas=tuple(areas))):
            yield context
    finally:
        context.closed = True
        leave(token)


def sealing_key(record: Any) -> AESGCM:
    """The cipher of a record that is about to be flushed; a record without a data key gets one of its own."""
    context = current()
    if record.data_key_id is None:
        key_id, key = keyring().new_data_key(record.__tablename__, record.id, record.key_area)
        record.data_key_id = key_id
        context.add_key(key_id, key)
    return context.cipher(record.data_key_id)
