"""Work that nobody waits for: queues that packages offer and jobs at their times, all taken up by `flask worker`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import LONDON, in_london, now
from core.db import Moment, db
from core.ids import new_id

LEASE = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job that comes round: every so often, or once a day at a time in London. ``run`` commits by itself."""

    name: str
    run: Callable[[], object]
    every: timedelta | None = None
    at: time | None = None

    def next_after(self, moment: datetime) -> datetime:
        """When it is due again. On the day the clocks change a daily job keeps its time on the clock."""
        if self.every is not None:
            return moment + self.every
        local = in_london(moment)
        today_at = datetime.combine(local.date(), self.at or time(3), LONDON)
        return (
            today_at
            if today_at > local
            else datetime.combine(local.date() + timedelta(days=1), self.at or time(3), LONDON)
        )


class PeriodicJob(db.Model):  # type: ignore[name-defined]
    """When a periodic job is due and how it went. Holds the type of an error, never its words."""

    __tablename__ = "periodic_job"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Moment())
    lease: Mapped[str | None] = mapped_column(String(26))
    done_at: Mapped[datetime | None] = mapped_column(Moment())
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(80))


PERIODIC: dict[str, Periodic] = {}
# Each takes up at most one waiting thing, finishes it, commits, and says whether there was one.
QUEUES: dict[str, Callable[[], bool]] = {}


def every(name: str, interval: timedelta, run: Callable[[], object]) -> None:
    """Register a job to run every ``interval``. Registering a name again replaces it."""
    PERIODIC[name] = Periodic(name, run, every=interval)


def daily(name: str, at: time, run: Callable[[], object]) -> None:
    """Register a job to run once a day at this time in London, or as soon as a worker runs again after it."""
    PERIODIC[name] = Periodic(name, run, at=at)


def queue(name: str, take_one: Callable[[], bool]) -> None:
    """Register a queue: ``take_one`` claims one waiting thing, finishes it, commits; False where none waits."""
    QUEUES[name] = take_one


def announce() -> bool:
    """Make the rows of jobs that have none yet. Commits."""
    known = set(db.session.scalars(select(PeriodicJob.name)))
    for job in PERIODIC.values():
        if job.name not in known:
            first = now() if job.every is not None else job.next_after(now())
            db.session.add(PeriodicJob(name=job.name, next_at=first, failures=0))
    db.session.commit()
    return True


def claim() -> tuple[Periodic, str] | None:
    """Take the job that has waited longest, for as long as a lease; of two workers only one gets it. Commits."""
    waiting = select(PeriodicJob).where(PeriodicJob.next_at <= now(), PeriodicJob.name.in_(PERIODIC))
    row = db.session.scalars(
        waiting.order_by(PeriodicJob.next_at).limit(1).with_for_update(skip_locked=True)
    ).first()  # fmt: skip
    if row is None:
        db.session.rollback()
        return None
    row.lease, row.next_at = new_id(), now() + LEASE
    taken = PERIODIC[row.name], row.lease
    db.session.commit()
    return taken


def settle(job: Periodic, lease: str, error: BaseException | None) -> None:
    """Write down how it went, unless the lease ran out and another worker has it now. Commits."""
    mine = update(PeriodicJob).where(PeriodicJob.name == job.name, PeriodicJob.lease == lease)
    if error is None:
        values = {"next_at": job.next_after(now()), "done_at": now(), "failures": 0, "error": None, "lease": None}
        db.session.execute(mine.values(**values))
    else:
        failures = db.session.scalar(select(PeriodicJob.failures).where(PeriodicJob.name == job.name)) or 0
        wait = min(timedelta(minutes=2**failures), LONGEST_WAIT)
        db.session.execute(
            mine.values(next_at=now() + wait, failures=failures + 1, error=type(error).__name__[:80], lease=None)
        )
    db.session.commit()
