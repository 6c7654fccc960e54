"""The seal: canonical bytes, leaf, and a keyed chain per area whose head is read only under the chain's lock."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from audit.engine import GENESIS, mac_of, next_version
from audit.merkle import leaf_of
from core.ending import Run, ending
from core.keyring import NoSuchVersion, keyring

# One function locks and reads on PostgreSQL, in two statements of its own, so that what it reads is what the last holder
# committed. On SQLite the IMMEDIATE transaction is the lock.
_HEAD = {
    "postgresql": "select seq, mac, key_version from audit_head(:chain)",
    "sqlite": "select seq, mac, (select max(version) from audit_chain_key where chain = :chain) from audit_seal"
    " where chain = :chain order by seq desc limit 1",
}
_NEW_VERSION = "insert into audit_chain_key (chain, seq, version) values (:chain, :seq, :version)"
_ENTRY = (
    "insert into audit_entry (chain, seq, at, event, outcome, actor_id, object_type, object_id, body)"
    " values (:chain, :seq, :at, :event, :outcome, :actor_id, :object_type, :object_id, :body)"
)
_SEAL = "insert into audit_seal (chain, seq, leaf, mac) values (:chain, :seq, :leaf, :mac)"
_SUBJECTS = "insert into audit_subject (subject_id, chain, seq) select "
_INSERTS = {
    "postgresql": [
        f"with entry as ({_ENTRY}), seal as ({_SEAL}) {_SUBJECTS} unnest(string_to_array(:subjects, ',')), :chain, :seq"
    ],
    "sqlite": [_ENTRY, _SEAL, f"{_SUBJECTS} value, :chain, :seq from json_each(:subjects)"],
}


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has a place in its chain. ``body`` holds everything but chain and sequence."""

    chain: str
    body: dict[str, Any]
    subjects: tuple[str, ...]
    columns: dict[str, Any]


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(body: dict[str, Any]) -> bytes:
    return _canonical(body).encode()


class KeyMovedOn(RuntimeError):
    """Another rotation of this chain's key came first: nothing of this one was kept."""


def chain_key(chain: str, version: int = 1) -> bytes:
    """The key that seals a chain; its first version is made when it is first asked for. Raise KeysUnavailable."""
    ring, scope = keyring(), scope_of(chain)
    try:
        return ring.derived(scope, "chain", version)
    except NoSuchVersion:
        ring.ensure_scope(scope)
        return ring.derived(scope, "chain", version)


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
    database = session.get_bind().dialect.name
    # One text is sent sooner than a list of fifty; ids hold no comma.
    listed = ",".join if database == "postgresql" else list
    keys = {chain: chain_key(chain) for chain in by_chain}
    with ending(session) as run:
        for chain in sorted(by_chain):
            seq, mac, version = _locked_head(run, chain, database)
            key = keys[chain] if version == 1 else chain_key(chain, version)
            for draft in by_chain[chain]:
                seq += 1
                body = canonical(draft.body | {"chain": chain, "seq": seq})
                leaf = leaf_of(body)
                mac = mac_of(key, mac, leaf)
                sealed = {"chain": chain, "seq": seq, "body": body, "leaf": leaf, "mac": mac}
                for statement in _INSERTS[database]:
                    run(statement, draft.columns | sealed | {"subjects": listed(draft.subjects)})
                if (changed := next_version(draft.body)) is not None:
                    if changed <= version:
                        raise KeyMovedOn
                    run(_NEW_VERSION, {"chain": chain, "seq": seq, "version": changed})
                    version, key = changed, chain_key(chain, changed)


def _locked_head(run: Run, chain: str, database: str) -> tuple[int, bytes, int]:
    """The last sequence and seal, and under which version of its key the next is sealed."""
    found = run(_HEAD[database], {"chain": chain}, answers=True)
    return (found[0], bytes(found[1]), found[2] or 1) if found and found[0] is not None else (0, GENESIS, 1)
