"""A new key for a chain of the trail: a new version, from the entry on that says so under the old one."""

from dataclasses import dataclass

from sqlalchemy import func, select

from audit.chain import chain_key, scope_of
from audit.models import AuditChainKey, Event
from audit.services import SYSTEM_CHAIN, record
from audit.verify import chains
from core import context
from core.db import db, reading
from core.keyring import keyring
from core.row_security import everything

JOB = "rotation"


@dataclass(frozen=True, slots=True)
class Chain:
    """What the entry names: the chain as a record of its own."""

    id: str
    __tablename__ = "audit_chain"


def sealed_under(chain: str) -> int:
    """The version of its key under which a chain's next entry is sealed."""
    return db.session.scalar(select(func.max(AuditChainKey.version)).where(AuditChainKey.chain == chain)) or 1


def waiting() -> list[str]:
    """Chains with a newer key than the one that they are sealed under: a rotation ended between the two."""
    found: list[str] = []
    with everything():
        for chain in chains():
            if max(keyring().store.versions(scope_of(chain)), default=1) > sealed_under(chain):
                found.append(chain)
    return found


def every_chain() -> list[str]:
    with everything(), reading():
        found: list[str] = chains()
    return found


def rotate(chain: str) -> int:
    """Seal what comes under a new key; the version. What there is stays as it is sealed, and its key is kept.

    Killed between the key and the entry, the next run uses the key that is there. Raise KeysUnavailable, KeyMovedOn.
    """
    ring = keyring()
    chain_key(chain)
    with everything():
        now_under = sealed_under(chain)
        db.session.rollback()
        newest = ring.index_versions(scope_of(chain))[-1]
        version = newest if newest > now_under else ring.add_scope_version(scope_of(chain))
        with context.acting_as(job=JOB):
            area_id = None if chain == SYSTEM_CHAIN else chain
            detail = {"version": version}
            record(Event.CHAIN_KEY_CHANGED, None, Chain(chain), area_id=area_id, detail=detail, reason=JOB)
            db.session.commit()
    return version
