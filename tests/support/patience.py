"""Waiting for as long as it takes: where many write at once, a slow machine must not look like a fault."""

import pytest
from sqlalchemy import event

from core.db import db

FIVE_MINUTES = 300


def be_patient(patch: pytest.MonkeyPatch) -> None:
    """Writers of this process queue for as long as they must; call it in an application context."""
    db.session.remove()
    db.engine.dispose()
    patch.setattr("core.db.WAIT_SECONDS", FIVE_MINUTES)
    if db.engine.dialect.name == "postgresql":
        patient = "set lock_timeout = 0; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0"
        event.listen(db.engine, "checkout", lambda connection, *_: connection.execute(patient))
