"""The jobs of one kind in one project as a source: what the job APIs of Huawei Cloud share once a job can be asked about."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from poller.core.reading import Absent, Failed, Listing, ListQuery, Page, Reading, Refused, Target
from poller.core.validity import Validity
from poller.core.vocabulary import Vocabulary
from poller.sources.huawei.calling import Caller
from poller.sources.huawei.paging import no_list
from poller.sources.huawei.project import Project, list_request

ReadPage: TypeAlias = Callable[[bytes, ListQuery], Page | Failed]


class Ask(Protocol):
    """How one job is asked about."""

    async def __call__(self, target: Target) -> Reading:
        """What is to be said of `target` now."""
        ...


class ProjectJobs:
    """A source, read with one credential. `ask` asks about one job, `read_page` reads the body of a list page."""

    def __init__(
        self, name: str, project: Project, *, caller: Caller, vocabulary: Vocabulary, ask: Ask, read_page: ReadPage
    ) -> None:
        self._name = name
        self._project = project
        self._caller = caller
        self._vocabulary = vocabulary
        self.classify = vocabulary.classify
        self.fetch: Ask = ask
        self._read_page = read_page

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
        return self._vocabulary.living

    def validity(self) -> Validity | None:
        """How long the credential lasts; None while nothing is known."""
        return self._caller.validity()

    async def list(self, query: ListQuery) -> Listing:
        """Ask for one page of the list."""
        request = list_request(self._project, query)
        if isinstance(request, Refused):
            return request
        page = await self._caller.call(request, lambda body: self._read_page(body, query))
        return no_list(page) if isinstance(page, Absent) else page
