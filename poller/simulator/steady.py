"""A world for benchmarks: any number of jobs, one answer for all, made in microseconds.

`changing=False`: what is kept never changes, only the links do. `changing=True`: each answer brings a new state and a new
log line. The size stays that of a job in mid-life (about 6 kB).
"""

from functools import lru_cache
from typing import Final

from poller.simulator import answers
from poller.simulator.answers import Template, timestamp
from poller.simulator.dice import identifier
from poller.simulator.placed import blank
from poller.simulator.query import Query
from poller.simulator.truth import JobTruth
from poller.simulator.world import PROJECT_ID

EPOCH: Final = 1_700_000_000
LINES: Final = 12
# Jobs whose answers, which never change, are made once; 10 MB. Of more jobs none is kept, so that all take the same time.
KEPT: Final = 2000
STATES: Final = ("TRAINING", "TRAIN_SUCCESS", "INFERENCE_DATA_PREPROCESSING")
_JOB: Final = "~job~"
_STATE: Final = "~state~"
_LOG: Final = '"~log~"'
_ITEMS: Final = '"~items~"'


class SteadyWorld:
    """`jobs` ids, deterministic by `seed`; `answered` counts the detail answers of each job that changes."""

    def __init__(self, *, jobs: int, seed: int = 1, changing: bool = False, project_id: str = PROJECT_ID) -> None:
        self.project_id = project_id
        self.changing = changing
        self.job_ids = [identifier("job", seed, number) for number in range(jobs)]
        self.answered: dict[str, int] = {}
        self._known = frozenset(self.job_ids)
        job = blank(_JOB, 0, at=EPOCH, project_id=project_id)
        job.change({"state": _STATE, "operation_logs": _LOG.strip('"')}, (), at=EPOCH, now=EPOCH)
        self._detail = answers.template(job.document(EPOCH))
        self._item = answers.template(job.item(EPOCH))
        self._unchanging = b"\0".join(self._filled(self._detail, _JOB, STATES[0], _log(0)))
        self._still = lru_cache(maxsize=KEPT if jobs <= KEPT else 0)(self._of_job)

    def detail(self, job_id: str) -> Template | None:
        """The next answer about a job."""
        if job_id not in self._known:
            return None
        if not self.changing:
            return self._still(job_id)
        count = self.answered[job_id] = self.answered.get(job_id, 0) + 1
        return self._filled(self._detail, job_id, STATES[count % len(STATES)], _log(count))

    def page(self, query: Query) -> Template:
        """A page in order of number; every filter matches everything."""
        chosen = self.job_ids[query.offset : query.offset + query.limit]
        around = answers.template({"count": len(self.job_ids), "jobs": _ITEMS.strip('"')})[0]
        before, after = around.split(_ITEMS.encode())
        items = [b"~unsigned~".join(self._filled(self._item, job_id, self._state(job_id), b"")) for job_id in chosen]
        return tuple((before + b"[" + b",".join(items) + b"]" + after).split(answers.UNSIGNED.encode()))

    def ids(self) -> list[str]:
        """Every job."""
        return self.job_ids

    def truths(self) -> dict[str, JobTruth]:
        """None is kept: nothing is audited in a benchmark."""
        return {}

    def _state(self, job_id: str) -> str:
        return STATES[self.answered.get(job_id, 0) % len(STATES)]

    def _of_job(self, job_id: str) -> Template:
        return tuple(self._unchanging.replace(_JOB.encode(), job_id.encode()).split(b"\0"))

    def _filled(self, pieces: Template, job_id: str, state: str, log: bytes) -> Template:
        text = b"\0".join(pieces).replace(_JOB.encode(), job_id.encode()).replace(_STATE.encode(), state.encode())
        return tuple(text.replace(_LOG.encode(), log).split(b"\0"))


def _log(count: int) -> bytes:
    """The last lines of a log that has grown `count` times."""
    return b"[%s]" % b",".join([_line(number) for number in range(count, count + LINES)])


@lru_cache(maxsize=4096)
def _line(number: int) -> bytes:
    at = timestamp(EPOCH + 60 * number)
    return f'{{"operate_time":"{at}","log_type":"ADMIN_UPDATE_JOB_PRIORITY","operate_user":"ADMIN"}}'.encode()
