"""The queue and the jobs of this package."""

from datetime import time

from core import jobs
from messages.services import delivery


def register() -> None:
    jobs.queue("messages", delivery.send_one)
    jobs.daily("messages-tidy", time(3, 30), delivery.tidy)
