"""The answers that a changing upstream gives: about 6 kB each, every one with exactly one transition more than the last."""

from poller.simulator.answers import Template
from poller.simulator.steady import STATES, SteadyWorld, _log


class OneTransitionEach(SteadyWorld):
    """A new state and a new log entry in turn, so that each poll brings one event and each event one delta of the snapshot."""

    def detail(self, job_id: str) -> Template | None:
        """The next answer about a job."""
        if job_id not in self._known:
            return None
        count = self.answered[job_id] = self.answered.get(job_id, -1) + 1
        return self._filled(self._detail, job_id, STATES[(count + 1) // 2 % len(STATES)], _log(count // 2))


def upstream_world(*, jobs: int, changing: bool) -> SteadyWorld:
    """The jobs of a bench. The ids of few are the first ones of many."""
    return OneTransitionEach(jobs=jobs) if changing else SteadyWorld(jobs=jobs)
