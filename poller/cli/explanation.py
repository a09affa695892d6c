"""All that `poller jobs explain` says of one job, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poller.core.listing import DeliveryRow, EventRow, JobDetail, SnapshotRow
    from poller.core.route import Route
    from poller.core.stay import Usual
    from poller.core.vocabulary import StateClass
    from poller.core.work import SourceHealth


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfiguredRules:
    """What the configuration says that an explanation needs. `trouble` is why it cannot be read, the rest is then empty."""

    routes: "Sequence[Route] | None" = None
    every: "Mapping[StateClass, float] | None" = None
    stuck_after: Mapping[str, float] | None = None
    trouble: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An event, what became of it, and the routes (by their place in the file) that match it; None when they are not known."""

    event: "EventRow"
    deliveries: "Sequence[DeliveryRow]"
    routes: Sequence[int] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """All there is to say about a job at `now`. Of `told` the newest `limit` are shown; the others say what came of the history.

    `kind` is that of its source, None when the configuration does not say.
    """

    now: float
    limit: int
    sources: Sequence[str]
    kind: str | None
    detail: "JobDetail"
    history: "Sequence[SnapshotRow]"
    told: Sequence[Told]
    health: "SourceHealth"
    usual: "Usual | None"
    rules: ConfiguredRules
