"""The voice training jobs of a simulated project: one for each avatar job, under the id that the avatar job names."""

from collections.abc import Mapping
from typing import Any, Final

from poller.simulator import answers
from poller.simulator.answers import Template, timestamp
from poller.simulator.query import Query
from poller.simulator.truth import JobTruth
from poller.simulator.voice_job import VoiceJob, matches
from poller.simulator.world import World

EXACT: Final = ("job_id", "voice_name", "tag", "job_type", "batch_name")
"""Criteria of the list that must be equal, besides those of every list."""


class Voices:
    """Beside `world`: the same clock, and a job from the second on in which its avatar job was created."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._jobs: dict[str, VoiceJob] = {}
        self._looked = -1

    def detail(self, job_id: str) -> Template | None:
        """The detail answer now, without signatures; None when there is no such job."""
        job, at = self._job(job_id), self._world.now()
        return None if job is None or job.created_at > at else answers.template(job.document(at))

    def operations(self, job_id: str, query: Query) -> Template | None:
        """One page of the log; None when there is no such job."""
        job, at = self._job(job_id), self._world.now()
        if job is None or job.created_at > at:
            return None
        lines = job.operations(at)
        page = lines[query.offset : query.offset + query.limit]
        return answers.template({"count": len(lines), "operations": page})

    def page(self, query: Query, given: Mapping[str, str]) -> Template:
        """The list answer now, without signatures. `given` are the parameters as they came."""
        at = self._world.now()
        wanted = {name: given[name] for name in EXACT if name in given}
        jobs = [job for job in self._there(at) if _within(job, query) and _in_state(job, query, at)]
        if wanted:
            jobs = [job for job in jobs if matches(job.document(at), wanted)]
        if query.descending:
            jobs.reverse()
        window = jobs[query.offset : query.offset + query.limit]
        return answers.template({"count": len(jobs), "jobs": [job.document(at) for job in window]})

    def ids(self) -> list[str]:
        """The jobs that are there now, in order of creation."""
        return [job.job_id for job in self._there(self._world.now())]

    def truth(self, job_id: str) -> JobTruth:
        """What the job's script has told by now; KeyError for one that never was."""
        self._look()
        return self._jobs[job_id].truth(self._world.now())

    def put(self, job_id: str, **fields: Any) -> None:
        """Sets fields of the detail answer verbatim; KeyError for a job that never was."""
        self._look()
        self._jobs[job_id].put.update(fields)

    def append(self, job_id: str, action: str, operator: str = "SYSTEM", **fields: Any) -> None:
        """Adds a line to the log, at the vendor's present second unless `time` is given; KeyError as above."""
        self._look()
        job = self._jobs[job_id]
        at = job.instant(self._world.now() - job.created_at)
        job.added.append({"time": at, "action": action, "operator": operator, **fields})

    def _job(self, job_id: str) -> VoiceJob | None:
        self._look()
        return self._jobs.get(job_id)

    def _there(self, at: float) -> list[VoiceJob]:
        self._look()
        born = [job for job in self._jobs.values() if job.created_at <= at]
        return sorted(born, key=lambda job: (job.created_at, job.job_id))

    def _look(self) -> None:
        """Jobs of avatar jobs that have come meanwhile."""
        if self._world.revision == self._looked:
            return
        self._looked = self._world.revision
        for number, (job_id, created_at) in enumerate(self._world.voices()):
            if job_id not in self._jobs:
                self._jobs[job_id] = VoiceJob(
                    job_id=job_id,
                    number=number,
                    seed=self._world.seed,
                    created_at=created_at,
                    calendar=self._world.calendar,
                )


def _within(job: VoiceJob, query: Query) -> bool:
    created = timestamp(job.created_at)
    return (query.create_since or "") <= created and (query.create_until is None or created <= query.create_until)


def _in_state(job: VoiceJob, query: Query, at: float) -> bool:
    return not query.states or str(job.state(at)) in query.states
