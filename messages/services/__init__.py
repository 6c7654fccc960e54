"""Telling people: ``tell`` writes the outbox and the notices in the transaction of the change."""

from messages.services.recipients import holders
from messages.services.telling import tell

__all__ = ["holders", "tell"]
