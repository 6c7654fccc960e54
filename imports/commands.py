"""The queue and the job of this package."""

from flask import Flask

from core import jobs
from imports.services import sweeping, working


def init_app(app: Flask) -> None:
    jobs.queue("imports", working.work_one)
    jobs.every("imports-sweep", sweeping.EVERY, sweeping.sweep)
