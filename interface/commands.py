"""The interface's nightly job: tokens that ran out and idempotency keys of more than a week ago are forgotten."""

from datetime import time

from core import jobs
from core.context import acting_as
from interface.services import once, tokens


def forget_old() -> int:
    """How many tokens and keys were forgotten. Commits."""
    with acting_as(job="interface"):
        return tokens.forget_old() + once.forget_old()


jobs.daily("interface", time(3, 40), forget_old)
