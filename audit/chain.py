"""The seal: canonical bytes, leaf, and a keyed chain per area whose head is read only under the chain's lock."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from audit.engine import GENESIS, mac_of, next_version
from audit.merkle import leaf_of
from audit.models import AuditChainKey, AuditEntry, AuditSeal, AuditSubject
from core.ending import Run, ending
from core.keyring import keyring

_version = select(func.max(AuditChainKey.version)).where(AuditChainKey.chain == bindparam("chain"))
_head = (
    select(AuditSeal.seq, AuditSeal.mac, _version.scalar_subquery())
    .where(AuditSeal.chain == bindparam("chain"))
    .order_by(AuditSeal.seq.desc())
    .limit(1)
)
_LOCK_AND_READ = "select seq, mac, key_version from audit_head(:chain)"
_NEW_VERSION = "insert into audit_chain_key (chain, seq, version) values (:chain, :seq, :version)"
_INSERT_ALL = (
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


class KeyMovedOn(RuntimeError):
    """Another rotation of this chain's key came first: nothing of this one was kept."""


def chain_key(chain: str, version: int = 1) -> bytes:
    """The key that seals a chain; its first version is made when it is first asked for. Raise KeysUnavailable."""
    ring = keyring()
    ring.ensure_scope(scope_of(chain))
    return ring.derived(scope_of(chain), "chain", version)


def scope_of(chain: str) -> str:
    """The name of a chain's key in the key store."""
    return f"audit:{chain}"


def chain_keys(chain: str) -> dict[int, bytes]:
    """Every version of a chain's key: what a check needs. Old ones are kept for ever."""
    chain_key(chain)
    return {version: chain_key(chain, version) for version in keyring().index_versions(scope_of(chain))}


def append(session: Session, drafts: list[Draft]) -> None:
    """Seal entries at the end of their chains, locking the chains in sorted order so that no two writers cross.

    On PostgreSQL this commits as well: nothing of the transaction may be left to check.
    """
    by_chain: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_chain.setdefault(draft.chain, []).append(draft)
    is_postgres = session.get_bind().dialect.name == "postgresql"
    keys = {chain: chain_key(chain) for chain in by_chain}
    with ending(session) as run:
        for chain in sorted(by_chain):
            seq, mac, version = _locked_head(session, run, chain, is_postgres)
            key = keys[chain] if version == 1 else chain_key(chain, version)
            for draft in by_chain[chain]:
                seq += 1
                body = canonical(draft.body | {"chain": chain, "seq": seq})
                leaf = leaf_of(body)
                mac = mac_of(key, mac, leaf)
                sealed = {"chain": chain, "seq": seq, "body": body, "leaf": leaf, "mac": mac}
                if is_postgres:
                    run(_INSERT_ALL, draft.columns | sealed | {"subjects": list(draft.subjects)})
                else:
                    _write(session, draft, sealed)
                if (changed := next_version(draft.body)) is not None:
                    if changed <= version:
                        raise KeyMovedOn
                    run(_NEW_VERSION, {"chain": chain, "seq": seq, "version": changed})
                    version, key = changed, chain_key(chain, changed)


def _locked_head(session: Session, run: Run, chain: str, is_postgres: bool) -> tuple[int, bytes, int]:
    """The last sequence and seal, and under which version of its key the next is sealed.

    On SQLite the IMMEDIATE transaction is the lock; a function locks and reads on PostgreSQL, in two statements of its
    own, so that what it reads is what the last holder committed.
    """
    place = {"chain": chain}
    found = run(_LOCK_AND_READ, place, answers=True) if is_postgres else session.execute(_head, place).first()
    return (found[0], bytes(found[1]), found[2] or 1) if found and found[0] is not None else (0, GENESIS, 1)


def _write(session: Session, draft: Draft, sealed: dict[str, Any]) -> None:
    place = {"chain": sealed["chain"], "seq": sealed["seq"]}
    session.execute(insert(AuditEntry.__table__), draft.columns | place | {"body": sealed["body"]})
    session.execute(insert(AuditSeal.__table__), place | {"leaf": sealed["leaf"], "mac": sealed["mac"]})
    if draft.subjects:
        session.execute(insert(AuditSubject.__table__), [place | {"subject_id": s} for s in draft.subjects])
