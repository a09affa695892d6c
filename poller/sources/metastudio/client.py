"""The calls of MetaStudio avatar training jobs (FACTS.md, Calls): one job asked about, or one page of them."""

from functools import partial
from typing import Final

from poller.core.reading import Absent, Listing, ListQuery, Reading, Refused, Target
from poller.core.vocabulary import StateClass, avatar_vocabulary
from poller.sources.huawei.calling import Caller
from poller.sources.huawei.paging import no_list
from poller.sources.huawei.project import Project, detail_request, list_request
from poller.sources.metastudio.wire import Wire

RESOURCE: Final = "digital-human-training-manage"


class MetaStudio:
    """A source: the avatar training jobs of one project, read with one credential."""

    def __init__(self, name: str, project: Project, *, caller: Caller, wire: Wire) -> None:
        self._name = name
        self._project = project
        self._caller = caller
        self._wire = wire
        self._classify = avatar_vocabulary().classify

    @property
    def name(self) -> str:
        """The key under `[sources]`."""
        return self._name

    @property
    def can_list(self) -> bool:
        """The API has a list."""
        return True

    @property
    def living_states(self) -> tuple[str, ...]:
        """The documented states that are not `done`; empty where a list cannot be narrowed to them."""
        return avatar_vocabulary().living

    def classify(self, state: str | None) -> StateClass:
        """Who has to act while a job is in `state`."""
        return self._classify(state)

    async def fetch(self, target: Target) -> Reading:
        """Ask about one job."""
        request = detail_request(self._project, target)
        if isinstance(request, Refused):
            return request
        return await self._caller.call(request, partial(self._wire.read, target=target), job_id=target.job_id)

    async def list(self, query: ListQuery) -> Listing:
        """Ask for one page of the list."""
        request = list_request(self._project, query)
        if isinstance(request, Refused):
            return request
        page = await self._caller.call(request, partial(self._wire.read_page, query=query))
        return no_list(page) if isinstance(page, Absent) else page
