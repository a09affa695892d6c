"""How one avatar training job of MetaStudio is asked about (FACTS.md, Calls)."""

from functools import partial
from typing import Final

from poller.core.reading import Reading, Refused, Target
from poller.core.vocabulary import avatar_vocabulary
from poller.sources.huawei.calling import Caller
from poller.sources.huawei.jobs import ProjectJobs
from poller.sources.huawei.project import Project, detail_request
from poller.sources.metastudio.wire import Wire

RESOURCE: Final = "digital-human-training-manage"


def avatar_jobs(name: str, project: Project, *, caller: Caller, wire: Wire) -> ProjectJobs:
    """The avatar training jobs of one project. One request brings a job with its log."""

    async def ask(target: Target) -> Reading:
        request = detail_request(project, target)
        if isinstance(request, Refused):
            return request
        return await caller.call(request, partial(wire.read, target=target), job_id=target.job_id)

    return ProjectJobs(name, project, caller=caller, vocabulary=avatar_vocabulary(), ask=ask, read_page=wire.read_page)
