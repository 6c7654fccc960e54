"""The worker: it empties the queues, runs the jobs that are due, and stops between two pieces of work, never inside one."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core import jobs
from core.db import db, set_writing

log = structlog.get_logger()
IDLE_SECONDS = 2.0
# As often as this the worker leaves word that it is there (`flask doctor` reads it).
ALIVE, ALIVE_EVERY = "worker", timedelta(minutes=1)


class Worker:
    """``run`` until told to stop. ``parent``: stop too when this process is no longer the parent (`make run` ended)."""

    def __init__(self, *, parent: int | None = None) -> None:
        self.stopping = threading.Event()
        self.parent = parent

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Finish the piece in hand when asked to stop; afterwards a signal ends this process, and its children, as before."""
        before = {number: signal.signal(number, self._asked) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    @property
    def is_over(self) -> bool:
        return self.stopping.is_set() or (self.parent is not None and os.getppid() != self.parent)

    def run(self) -> None:
        log.info("worker_started")
        announced = False
        while not self.is_over:
            announced = announced or self._guarded("announce", jobs.announce)
            if not self.once():
                self.stopping.wait(IDLE_SECONDS)
        log.info("worker_stopped")

    def once(self) -> bool:
        """One piece of each queue and one job that is due; False where nothing waited."""
        busy = False
        for name, take_one in jobs.QUEUES.items():
            busy = bool(not self.is_over and self._guarded(name, take_one)) or busy
        return bool(not self.is_over and self._guarded("jobs", self._periodic)) or busy

    def _periodic(self) -> bool:
        claimed = jobs.claim()
        if claimed is None:
            return False
        job, lease = claimed
        error: Exception | None = None
        try:
            job.run()
        except Exception as failure:  # whatever a job does, the worker goes on with the others
            db.session.rollback()
            error = failure
            log.error("job_failed", job=job.name, error=type(failure).__name__)
        jobs.settle(job, lease, error)
        return True

    def _guarded(self, name: str, work: object) -> bool:
        """Nothing that one piece does may end the worker; a database that is away is asked again later."""
        try:
            set_writing(True)
            return bool(work())  # type: ignore[operator]
        except SQLAlchemyError as error:
            log.error("worker_waits", queue=name, error=type(error).__name__)
            return False
        except Exception as error:
            log.error("queue_failed", queue=name, error=type(error).__name__)
            return False
        finally:
            db.session.remove()


jobs.every(ALIVE, ALIVE_EVERY, lambda: None)
