"""Pages of the audit trail. They say whose record and who, so they sit above the packages that hold those."""

from datetime import time

from flask import Blueprint, Flask

from audit.watch import live, nightly
from core import jobs

bp = Blueprint("audit", __name__)

from audit.views import (  # noqa: E402 (they register on bp)
    alerts,
    checks,
    decoys,
    exports,
    proofs,
    records,
    seen,
    trail,
)

__all__ = ["alerts", "bp", "checks", "decoys", "exports", "init_app", "proofs", "records", "seen", "trail"]


def init_app(app: Flask) -> None:
    """Look at what each page showed before it is committed, and at each day in the night after it."""
    app.extensions["gate_steps"].append(live.look)
    jobs.daily("unusual-access", time(2), nightly.run)
    jobs.every("unusual-access-now", nightly.EVERY, nightly.look_now)
