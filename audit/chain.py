"""The seal: canonical bytes, leaf, and a keyed chain per area whose head is read only under the chain's lock."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.orm import Session

from audit.models import AuditEntry, AuditSeal, AuditSubject
from core.keyring import keyring

GENESIS = bytes(32)
_head = (
    select(AuditSeal.seq, AuditSeal.mac)
    .where(AuditSeal.chain == bindparam("chain"))
    .order_by(AuditSeal.seq.desc())
    .limit(1)
)
_insert_all = text(
    "with entry as (insert into audit_entry (chain, seq, at, event, outcome, actor_id, object_type, object_id, body)"
    " values (:chain, :seq, :at, :event, :outcome, :actor_id, :object_type, :object_id, :body)),"
    " seal as (insert into audit_seal (chain, seq, leaf, mac) values (:chain, :seq, :leaf, :mac))"
    " insert into audit_subject (subject_id, chain, seq) select unnest(cast(:subjects as text[])), :chain, :seq"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has a place in its chain. ``body`` holds everything but chain and sequence."""

    chain: str
    body: dict[str, Any]
    subjects: tuple[str, ...]
    columns: dict[str, Any]


def canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf_of(body: bytes) -> bytes:
    """The leaf hash of RFC 9162 (2.1.1), so that checkpoints can be built over the leaves later."""
    return hashlib.sha256(b"\x00" + body).digest()


def mac_of(key: bytes, previous: bytes, leaf: bytes) -> bytes:
    return hmac.new(key, previous + leaf, hashlib.sha256).digest()


def chain_key(chain: str) -> bytes:
    ring = keyring()
    ring.ensure_scope(f"audit:{chain}")
    return ring.derived(f"audit:{chain}", "chain")


def append(session: Session, drafts: list[Draft]) -> None:
    """Seal entries at the end of their chains, locking the chains in sorted order so that no two writers cross."""
    by_chain: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_chain.setdefault(draft.chain, []).append(draft)
    is_postgres = session.get_bind().dialect.name == "postgresql"
    keys = {chain: chain_key(chain) for chain in by_chain}
    for chain in sorted(by_chain):
        seq, mac = _locked_head(session, chain, is_postgres)
        for draft in by_chain[chain]:
            seq += 1
            body = canonical(draft.body | {"chain": chain, "seq": seq})
            leaf = leaf_of(body)
            mac = mac_of(keys[chain], mac, leaf)
            _write(session, draft, {"chain": chain, "seq": seq, "body": body, "leaf": leaf, "mac": mac}, is_postgres)


def _locked_head(session: Session, chain: str, is_postgres: bool) -> tuple[int, bytes]:
    """The last sequence and seal. On SQLite the IMMEDIATE transaction is the lock; a function locks and reads on
    PostgreSQL, in two statements of its own, so that what it reads is what the last holder committed."""
    statement: Any = text("select seq, mac from audit_head(:chain)") if is_postgres else _head
    found = session.execute(statement, {"chain": chain}).first()
    return (found.seq, bytes(found.mac)) if found and found.seq is not None else (0, GENESIS)


def _write(session: Session, draft: Draft, sealed: dict[str, Any], is_postgres: bool) -> None:
    place = {"chain": sealed["chain"], "seq": sealed["seq"]}
    if is_postgres:
        session.execute(_insert_all, draft.columns | sealed | {"subjects": list(draft.subjects)})
        return
    session.execute(insert(AuditEntry.__table__), draft.columns | place | {"body": sealed["body"]})
    session.execute(insert(AuditSeal.__table__), place | {"leaf": sealed["leaf"], "mac": sealed["mac"]})
    if draft.subjects:
        session.execute(insert(AuditSubject.__table__), [place | {"subject_id": s} for s in draft.subjects])
