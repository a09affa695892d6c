"""The answers that a changing upstream gives: every one with exactly one transition more than the last.

They grow by about 50 bytes an answer, from 4.0 kB on; a job sees some `IN_A_WHOLE_BENCH`. On average they are as long as those of the
unchanging upstream, which the baseline asks: 5.0 kB, and what is signed.
"""

from poller.simulator.answers import Template
from poller.simulator.steady import STATES, SteadyWorld, _line

LINES_AT_FIRST = 2  # of the log
IN_A_WHOLE_BENCH = 36  # answers about one job, on the machine on which this was looked at


class OneTransitionEach(SteadyWorld):
    """A new state and a new log entry in turn, so that each poll brings one event and each event one delta of the snapshot.

    The log is whole and grows, as the real one does.
    """

    def detail(self, job_id: str) -> Template | None:
        """The next answer about a job."""
        if job_id not in self._known:
            return None
        count = self.answered[job_id] = self.answered.get(job_id, -1) + 1
        log = b"[%s]" % b",".join([_line(number) for number in range(LINES_AT_FIRST + count // 2)])
        return self._filled(self._detail, job_id, STATES[(count + 1) // 2 % len(STATES)], log)


def upstream_world(*, jobs: int, changing: bool) -> SteadyWorld:
    """The jobs of a bench. The ids of few are the first ones of many."""
    return OneTransitionEach(jobs=jobs) if changing else SteadyWorld(jobs=jobs)
