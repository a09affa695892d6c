"""`GET /metrics`: the tally and the figures in the text format of Prometheus. Only this file knows the library."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from poller import __version__
from poller.core.listing import DeliveryCount
from poller.core.vocabulary import CLASSES
from poller.web.figures import Figures
from poller.web.ports import Controls, SourceState
from poller.web.tally import Spread, Tally

PREFIX: Final = "poller"
# Name without the prefix: what it means. docs/metrics.md is compared with this.
COUNTED: Final[Mapping[str, str]] = {
    "polls": "detail calls that ended, by outcome",
    "list_pages": "list pages that were asked for, by outcome",
    "requests": "HTTP requests to the upstream, by status",
    "throttled": "answers of the upstream that said: too many requests",
    "events": "events that were recorded, by type",
    "deliveries": "attempts to deliver that ended, by outcome",
    "store_errors": "errors of the database, by kind",
}
SPREAD: Final[Mapping[str, str]] = {
    "poll_seconds": "seconds that a detail call took",
    "detection_lag_seconds": "seconds from a change, by the vendor's time, to its detection",
    "delivery_seconds": "seconds that an attempt to deliver took",
}
GAUGED: Final[Mapping[str, str]] = {
    "build_info": "1, with the version",
    "healthy": "1 while every loop makes progress",
    "ready": "1 once every source has been read, and while the database takes part",
    "source_blind": "1 while the source cannot be read",
    "jobs": "jobs that are watched, by the class of their state",
    "overdue_polls": "polls that are more than 10 s late",
    "upstream_jobs": "jobs of the upstream's list",
    "request_limit": "requests a second that the source may make now",
    "planned_requests": "requests a second that are planned, by purpose",
    "sweep_pages": "list pages of a sweep, 0 while states are read by detail calls",
    "sweep_interval_seconds": "seconds from one sweep to the next",
    "stretch": "how much longer than wished the rests between polls are, 1: as wished",
    "notifier_disabled": "1 while the notifier is disabled by an answer 410",
    "notifier_failing": "1 while attempts fail one after the other, or the notifier is disabled",
    "pending_deliveries": "deliveries that are owed",
    "dead_deliveries": "deliveries whose retries are used up",
    "oldest_pending_seconds": "seconds since the oldest pending delivery was recorded, 0 without one",
    "database_bytes": "size of the database",
    "database_journal_bytes": "size of the journal that SQLite keeps beside the database",
    "figures_age_seconds": "seconds since the database was last asked for the figures above",
}

KINDS_OF_ERRORS: Final = ("StoreFull", "StoreUnavailable", "StoreError")

Labels: TypeAlias = Sequence[str]
Key = TypeVar("Key", bound=tuple[str, ...])


@dataclass(frozen=True, kw_only=True, slots=True)
class Now:
    """All that is shown. `figures` is None while the database has not been read, `age` how old they are; `at` is in seconds since 1970."""

    tally: Tally
    controls: Controls
    figures: Figures | None
    age: float | None
    at: float


def exposed(now: Now, accept: str) -> tuple[bytes, str]:
    """The text and its content type, in the format that the scraper asks for."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(namespace=PREFIX, registry=registry)
    registry.register(_Shown(now))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Shown(Collector):
    def __init__(self, now: Now) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Every metric, once."""
        now = self._now
        yield from _counted(now.tally)
        yield from _of_the_daemon(now.controls)
        yield from _of_sources(now.controls.source_states())
        if now.figures is not None:
            yield from _of_figures(now.figures, now.age or 0.0)
            yield from _of_debts(now.figures.owed, now.controls.notifiers(), now.at)


def _counted(tally: Tally) -> Iterator[Metric]:
    yield _counter("polls", ("source", "outcome"), tally.polls)
    yield _counter("list_pages", ("source", "outcome"), tally.pages)
    yield _counter("requests", ("source", "status"), tally.requests)
    yield _counter("throttled", ("source",), _alone(tally.throttled))
    yield _counter("events", ("source", "type"), tally.events)
    yield _counter("deliveries", ("notifier", "outcome"), tally.deliveries)
    yield _counter("store_errors", ("kind",), _alone({**dict.fromkeys(KINDS_OF_ERRORS, 0), **tally.store_errors}))
    yield _histogram("poll_seconds", "source", tally.poll_seconds)
    yield _histogram("detection_lag_seconds", "source", tally.lag)
    yield _histogram("delivery_seconds", "notifier", tally.attempts)


def _of_the_daemon(controls: Controls) -> Iterator[Metric]:
    yield _gauge("build_info", ("version",), {(__version__,): 1})
    yield _gauge("healthy", (), {(): int(controls.health()[0])})
    yield _gauge("ready", (), {(): int(not controls.missing())})
    disabled = {(name,): int(reason is not None) for name, reason in controls.disabled().items()}
    failing = {(name,): int(name in controls.failing()) for name in controls.notifiers()}
    yield _gauge("notifier_disabled", ("notifier",), disabled)
    yield _gauge("notifier_failing", ("notifier",), failing)


def _of_sources(states: Sequence[SourceState]) -> Iterator[Metric]:
    plans = [(state.name, state.plan) for state in states if state.plan is not None]
    planned = {
        (name, purpose): rate
        for name, plan in plans
        for purpose, rate in (("changed", plan.changed), ("sweep", plan.sweep), ("rotation", plan.rotation))
    }
    yield _gauge("request_limit", ("source",), {(state.name,): state.allowed for state in states})
    yield _gauge("planned_requests", ("source", "purpose"), planned)
    yield _gauge(
        "sweep_pages", ("source",), {(name,): plan.pages if plan.mode == "list" else 0 for name, plan in plans}
    )
    sweeps = {(name,): plan.sweep_every for name, plan in plans if plan.sweep_every is not None}
    yield _gauge("sweep_interval_seconds", ("source",), sweeps)
    yield _gauge("stretch", ("source",), {(name,): plan.stretch for name, plan in plans})
    listed = {(state.name,): state.listed for state in states if state.listed is not None}
    yield _gauge("upstream_jobs", ("source",), listed)


def _of_figures(figures: Figures, age: float) -> Iterator[Metric]:
    jobs: Counter[tuple[str, str]] = Counter({(source, name): 0 for source in figures.health for name in CLASSES})
    for one in figures.jobs:
        jobs[one.source, one.state_class] += one.jobs
    blind = {(name,): int(health.blind_since is not None) for name, health in figures.health.items()}
    yield _gauge("jobs", ("source", "class"), jobs)
    yield _gauge("overdue_polls", ("source",), _alone(figures.overdue))
    yield _gauge("source_blind", ("source",), blind)
    yield _gauge("database_bytes", (), {(): figures.bytes})
    yield _gauge("database_journal_bytes", (), {(): figures.journal_bytes})
    yield _gauge("figures_age_seconds", (), {(): age})


def _of_debts(owed: Sequence[DeliveryCount], notifiers: Sequence[str], at: float) -> Iterator[Metric]:
    """A notifier that is owed nothing is shown with 0."""
    none: dict[tuple[str], int] = {(name,): 0 for name in notifiers}
    oldest = {(one.notifier,): 0.0 if one.oldest is None else max(0.0, at - one.oldest) for one in owed}
    yield _gauge("pending_deliveries", ("notifier",), none | {(one.notifier,): one.pending for one in owed})
    yield _gauge("dead_deliveries", ("notifier",), none | {(one.notifier,): one.dead for one in owed})
    yield _gauge("oldest_pending_seconds", ("notifier",), {**none, **oldest})


def _alone(counts: Mapping[str, int]) -> dict[tuple[str], int]:
    return {(name,): count for name, count in counts.items()}


def _counter(name: str, labels: Labels, counts: Mapping[Key, int]) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}_{name}", COUNTED[name], labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family


def _gauge(name: str, labels: Labels, values: Mapping[Key, float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", GAUGED[name], labels=labels)
    for names, value in sorted(values.items()):
        family.add_metric(names, value)
    return family


def _histogram(name: str, label: str, spreads: Mapping[str, Spread]) -> Metric:
    family = HistogramMetricFamily(f"{PREFIX}_{name}", SPREAD[name], labels=(label,))
    for value, spread in sorted(spreads.items()):
        family.add_metric((value,), buckets=_buckets(spread), sum_value=spread.total)
    return family


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """Cumulated, as the format wants them."""
    so_far, buckets = 0, []
    for bound, count in zip((*map(str, spread.bounds), "+Inf"), spread.counts, strict=True):
        so_far += count
        buckets.append((bound, float(so_far)))
    return buckets
