"""What the sources need of the world, and what they give; `net.session.Http` and the engine's ports fit by shape."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from poller.core.breaker import Standing
from poller.core.exchange import Exchange, Request
from poller.core.reading import Listing, ListQuery, Reading, Target
from poller.core.validity import Validity
from poller.core.vocabulary import StateClass


class Http(Protocol):
    """Sends HTTP requests; what goes wrong before a status line is a value."""

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        """One exchange within `timeout` seconds, reading at most `limit` bytes of the answer's body; follows no redirect."""
        ...


class Refusals(Protocol):
    """What all daemons on one database know of refused credentials, by fingerprint. Every method raises StoreError and its kinds."""

    async def standing(self, fingerprint: str) -> Standing:
        """What is known of the credential."""
        ...

    async def try_alone(self, fingerprint: str, *, seconds: float) -> bool:
        """Whether this daemon may try the credential now, the only one of all, for at most so many seconds."""
        ...

    async def ended(self, fingerprint: str) -> None:
        """The try has told nothing about the credential; others may try it."""
        ...

    async def accepted(self, fingerprint: str) -> None:
        """The upstream took the credential."""
        ...

    async def refused(self, fingerprint: str, reason: str) -> Standing:
        """The upstream did not take the credential: one failure more, of all daemons together."""
        ...


class Clock(Protocol):
    """Two times: the wall's, which upstreams go by, and one that never jumps, for rests."""

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment in the past; never goes back."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceTools:
    """What a source is built with."""

    http: Http
    clock: Clock


class Source(Protocol):
    """One upstream account. What it answers are values; what raises is a bug."""

    @property
    def name(self) -> str:
        """The key under `[sources]`."""
        ...

    def classify(self, state: str | None) -> StateClass:
        """Who has to act while a job is in `state`."""
        ...

    async def fetch(self, target: Target) -> Reading:
        """Ask about one job."""
        ...

    @property
    def can_list(self) -> bool:
        """Whether the API has a list of jobs with their states."""
        ...

    @property
    def living_states(self) -> tuple[str, ...]:
        """The documented states that are not `done`; empty where a list cannot be narrowed to them."""
        ...

    async def list(self, query: ListQuery) -> Listing:
        """Ask for one page of the list. Only where `can_list`."""
        ...


@runtime_checkable
class Credentialed(Protocol):
    """What a source may have besides: it knows how long its credential lasts, and that is told before jobs suffer."""

    def validity(self) -> Validity | None:
        """How long the credential lasts; None while nothing is known. Looked at often, so it must cost nothing."""
        ...
