"""How one voice training job of MetaStudio is asked about: the job, and its log page by page."""

from functools import partial
from typing import Final

from poller.core.reading import Absent, Denied, Failed, Reading, Refused, Target
from poller.core.vocabulary import voice_vocabulary
from poller.sources.huawei.calling import Caller
from poller.sources.huawei.jobs import ProjectJobs
from poller.sources.huawei.keeping import Kept, KeptPage
from poller.sources.huawei.project import Project, detail_request, page_query
from poller.sources.metastudio_voice.wire import Log, Wire, log_of, reading_of

RESOURCE: Final = "voice-training-manage"
LOG_PAGE: Final = 100  # entries of one page; a life has about ten
MOST_LOG_PAGES: Final = 20  # of one job: a log that never ends does not hold us for ever


def voice_jobs(name: str, project: Project, *, caller: Caller, wire: Wire) -> ProjectJobs:
    """The voice training jobs of one project."""
    ask = Asking(project, caller=caller, wire=wire).ask
    return ProjectJobs(name, project, caller=caller, vocabulary=voice_vocabulary(), ask=ask, read_page=wire.read_page)


class Asking:
    """Asks about one job: its detail, then the pages of its log."""

    def __init__(self, project: Project, *, caller: Caller, wire: Wire) -> None:
        self._project = project
        self._caller = caller
        self._wire = wire

    async def ask(self, target: Target) -> Reading:
        """Ask about one job and its log: two requests, more for a log of more than one page."""
        request = detail_request(self._project, target)
        if isinstance(request, Refused):
            return request
        job = await self._caller.call(request, partial(self._wire.read_job, target=target), job_id=target.job_id)
        if not isinstance(job, Kept):
            return job
        pages = await self._operations(target)
        if isinstance(pages, Failed | Denied):
            return pages
        # A log that is refused does not keep the state from being told: what was known of it stands.
        log, read = (Log(whole=False), 1) if isinstance(pages, Absent | Refused) else (log_of(pages), len(pages))
        return reading_of(job, log, target, calls=1 + read)

    async def _operations(self, target: Target) -> tuple[KeptPage, ...] | Absent | Refused | Failed | Denied:
        """The log, in pages. One that changed between two of them is not believed: a line that moved would be read twice."""
        pages: tuple[KeptPage, ...] = ()
        for number in range(MOST_LOG_PAGES):
            below = f"/op-logs?{page_query(offset=number * LOG_PAGE, limit=LOG_PAGE)}"
            request = detail_request(self._project, target, below)
            if isinstance(request, Refused):
                return request
            page = await self._caller.call(request, self._wire.read_operations, job_id=target.job_id)
            if not isinstance(page, KeptPage):
                return page
            pages = (*pages, page)
            if page.total != pages[0].total:
                return Failed(kind="outage", reason="the log changed while its pages were read")
            if page.length < LOG_PAGE or (number + 1) * LOG_PAGE == page.total:
                break
        return pages
