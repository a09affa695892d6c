"""The living set of jobs of one simulated project: who is there now, what each answers, and what really happened."""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from poller.simulator import answers
from poller.simulator.answers import Document, Template
from poller.simulator.calendar import Calendar
from poller.simulator.dice import dice
from poller.simulator.job import Job
from poller.simulator.living import LivingJob, living
from poller.simulator.pen import HOUR
from poller.simulator.placed import PlacedJob, blank, held
from poller.simulator.query import Query, select
from poller.simulator.script import Fate
from poller.simulator.truth import DELETED, RESTORED, Absence, JobTruth

PROJECT_ID: Final = "0c5a1f00d8e24bd2a7c4de5f90b3a116"
BORN_WITHIN: Final = (-6 * HOUR, 0)
"""By default jobs were created in the six simulated hours before the start: most of their lives is still to be seen."""
TEMPLATES_KEPT: Final = 5_000


class World:
    """Jobs, deterministic by `seed`, plus those that a test puts in by hand (`jobs=0` for a world of these alone).

    `clock` gives real seconds since 1970; `speed` simulated seconds pass in each. `born_within` are simulated seconds
    relative to the start. `fate` gives every job the same detours instead of drawn ones.
    """

    def __init__(
        self,
        *,
        jobs: int = 0,
        seed: int = 1,
        speed: float = 1.0,
        project_id: str = PROJECT_ID,
        epoch: int | None = None,
        born_within: tuple[int, int] = BORN_WITHIN,
        fate: Fate | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        started_at = clock()
        self.project_id = project_id
        self.seed = seed
        self.clock = clock
        self.calendar = Calendar(started_at=started_at, epoch=int(started_at) if epoch is None else epoch, speed=speed)
        self._jobs: dict[str, Job] = {}
        self._absences: dict[str, tuple[Absence, ...]] = {}
        self._gone: set[str] = set()
        self._order: list[Job] | None = None
        self.revision = 0  # rises when jobs come, or are put
        self._templates: dict[str, tuple[int, Template]] = {}
        births = dice("births", seed)
        for _ in range(jobs):
            self._bear(self.calendar.epoch + births.randint(*born_within), fate)

    # What the calls answer

    def detail(self, job_id: str) -> Template | None:
        """The detail answer now, without signatures; None when there is no such job."""
        at = self.now()
        job = self._present(job_id, at)
        if job is None:
            return None
        version = job.version(at)
        kept = self._templates.get(job_id)
        if kept is not None and kept[0] == version:
            return kept[1]
        return self._keep(job_id, version, answers.template(job.document(at)))

    def page(self, query: Query) -> Template:
        """The list answer now, without signatures."""
        at = self.now()
        there = self._there(at)
        window = slice(query.offset, query.offset + query.limit)
        if query.plain:
            count, items = len(there), [job.item(at) for job in there[window]]
        elif query.by_state_only:
            in_state = [job for job in there if str(job.state(at)) in query.states]
            count, items = len(in_state), [job.item(at) for job in in_state[window]]
        else:
            matching = select((job.item(at) for job in there), query)
            count, items = len(matching), matching[window]
        return answers.template({"count": count, "jobs": items})

    def ids(self) -> list[str]:
        """The jobs that are there now, in order of creation."""
        return [job.job_id for job in self._there(self.now())]

    def truth(self, job_id: str) -> JobTruth:
        """Everything that has happened to a job by now; KeyError for one that never was."""
        told = self._jobs[job_id].truth(self.now())
        return replace(told, absences=self._absences.get(job_id, ()))

    def truths(self) -> dict[str, JobTruth]:
        """The truth of every job, those deleted meanwhile included."""
        return {job_id: self.truth(job_id) for job_id in self._jobs}

    def state_counts(self) -> Counter[str]:
        """How many jobs are in which state now."""
        at = self.now()
        return Counter(str(job.state(at)) for job in self._there(at))

    def over_at(self) -> float:
        """The real time at which the last life is over; jobs that only move by hand do not count."""
        ends = (job.created_at + job.life.duration for job in self._jobs.values() if isinstance(job, LivingJob))
        return self.calendar.real(max(ends, default=self.calendar.epoch))

    # What tests and operators do to it

    def create(self, fate: Fate | None = None) -> str:
        """A further job is created now; its id is the next one of the seed."""
        return self._bear(int(self.now()), fate)

    def put(self, job_id: str, fields: Mapping[str, Any] | None = None, *, drop: Iterable[str] = ()) -> None:
        """Sets fields of the detail answer verbatim, and leaves out those in `drop`.

        An unknown job is created; a living one stops where it is and from now on only moves by hand.
        """
        at, now = self.now(), self.clock()
        self._placed(job_id, at).change(fields or {}, drop, at=at, now=now)
        self.revision += 1

    def append_log(self, job_id: str, log_type: str, operate_user: str = "SYSTEM", **fields: object) -> None:
        """Adds a line to the operation log, at the vendor's present second unless `operate_time` is given."""
        line = {"operate_time": self.vendor_time(), "log_type": log_type, "operate_user": operate_user, **fields}
        self._append(job_id, "operation_logs", line)

    def append_comment(self, job_id: str, comment_type: str = "ADMIN_COMMENT", **fields: object) -> None:
        """Adds a line to the comment log, at the vendor's present second unless `operate_time` is given."""
        line = {"operate_time": self.vendor_time(), "comment_type": comment_type, **fields}
        self._append(job_id, "comment_logs", line)

    def delete(self, job_id: str) -> None:
        """The job is not there any more; it lives on unseen."""
        self._gone.add(job_id)
        self._note_absence(job_id, DELETED)

    def restore(self, job_id: str) -> None:
        """A deleted job is there again."""
        self._gone.discard(job_id)
        self._note_absence(job_id, RESTORED)

    def now(self) -> float:
        """The vendor's present time, seconds since 1970."""
        return self.calendar.simulated(self.clock())

    def voices(self) -> list[tuple[str, int]]:
        """The voice training job that each job names, and when that job was created, in order of number."""
        pairs = [(job.voice_id, job.created_at) for job in self._jobs.values()]
        return [(voice_id, created_at) for voice_id, created_at in pairs if voice_id is not None]

    def vendor_time(self) -> str:
        """The vendor's present second, RFC 3339."""
        return answers.timestamp(self.now())

    # Inner parts

    def _now(self) -> float:
        return self.calendar.simulated(self.clock())

    def _present(self, job_id: str, at: float) -> Job | None:
        job = self._jobs.get(job_id)
        return job if job is not None and job.created_at <= at and job_id not in self._gone else None

    def _there(self, at: float) -> list[Job]:
        if self._order is None:
            self._order = sorted(self._jobs.values(), key=lambda job: (job.created_at, job.job_id))
        born = self._order[: bisect_right(self._order, at, key=lambda job: job.created_at)]
        return [job for job in born if job.job_id not in self._gone] if self._gone else born

    def _keep(self, job_id: str, version: int, template: Template) -> Template:
        if len(self._templates) >= TEMPLATES_KEPT and job_id not in self._templates:
            del self._templates[next(iter(self._templates))]
        self._templates[job_id] = (version, template)
        return template

    def _bear(self, created_at: int, fate: Fate | None) -> str:
        job = living(
            self.seed,
            len(self._jobs),
            created_at=created_at,
            project_id=self.project_id,
            calendar=self.calendar,
            fate=fate,
        )
        self._set(job)
        return job.job_id

    def _placed(self, job_id: str, at: float) -> PlacedJob:
        job = self._jobs.get(job_id)
        if isinstance(job, PlacedJob):
            return job
        placed = blank(job_id, len(self._jobs), at=at, project_id=self.project_id) if job is None else held(job, at)
        self._set(placed)
        return placed

    def _append(self, job_id: str, log: str, line: Document) -> None:
        job = self._placed(job_id, self.now())
        lines = job.contents.get(log)
        self.put(job_id, {log: [*(lines if isinstance(lines, list) else ()), line]})

    def _set(self, job: Job) -> None:
        self._jobs[job.job_id] = job
        self._order = None
        self.revision += 1

    def _note_absence(self, job_id: str, what: str) -> None:
        self._jobs[job_id]  # KeyError for a job that never was
        self._absences[job_id] = (*self._absences.get(job_id, ()), Absence(what=what, real_at=self.clock()))
