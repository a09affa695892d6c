"""What Prometheus reads: parsed with its own parser, from a real database, and never with a job in a label."""

from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from poller import __version__
from poller.core.forecast import LATE
from poller.core.plan import Plan
from poller.errors import StoreFull
from poller.web.kept import Kept
from poller.web.metrics import COUNTED, GAUGED, SPREAD
from poller.web.ports import SourceState
from tests.core.samples import NOON
from tests.store import making
from tests.web.asking import Api

PLAN = Plan(mode="list", pages=3, sweep_every=30.0, changed=0.5, sweep=0.1, rotation=4.4, threshold=0.1, stretch=1.5)
STATE = SourceState(name="prod", rate=5.0, allowed=2.5, plan=PLAN, listed=250)

Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


async def scraped(api: Api, **headers: str) -> tuple[str, str]:
    async with api.session.get("http://poller/metrics", headers=headers) as response:
        assert response.status == 200
        return await response.text(), response.headers["Content-Type"]


async def samples(api: Api) -> Samples:
    text, _ = await scraped(api)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


async def test_what_was_counted_is_shown_by_what_it_was_counted_by(api: Api) -> None:
    tally = api.controls.tally
    tally.polls["prod", "same"] += 3
    tally.requests["prod", "429"] += 1
    tally.throttled["prod"] += 1
    tally.events["prod", "poller.job.stuck"] += 2
    tally.deliveries["hook", "dead"] += 1
    tally.store_errors["StoreFull"] += 1
    for seconds in (0.5, 3.0, 90_000.0):
        tally.lag["prod"].add(seconds)

    found = await samples(api)

    assert value(found, "poller_polls_total", source="prod", outcome="same") == 3
    assert value(found, "poller_requests_total", source="prod", status="429") == 1
    assert value(found, "poller_throttled_total", source="prod") == 1
    assert value(found, "poller_events_total", source="prod", type="poller.job.stuck") == 2
    assert value(found, "poller_deliveries_total", notifier="hook", outcome="dead") == 1
    assert value(found, "poller_store_errors_total", kind="StoreFull") == 1
    lag = {
        le: value(found, "poller_detection_lag_seconds_bucket", source="prod", le=le) for le in ("1.0", "5.0", "+Inf")
    }
    assert lag == {"1.0": 1, "5.0": 2, "+Inf": 3}
    assert value(found, "poller_detection_lag_seconds_sum", source="prod") == 90_003.5


async def test_the_database_is_shown_by_source_class_and_notifier(api: Api) -> None:
    await making.tell(api.store, "a", 1, 2)
    await making.watch(api.store, "late", now=NOON - LATE - 1)

    found = await samples(api)

    assert value(found, "poller_jobs", source="prod", **{"class": "active"}) == 1
    assert value(found, "poller_jobs", source="prod", **{"class": "unknown"}) == 1
    assert value(found, "poller_overdue_polls", source="prod") == 1
    assert value(found, "poller_pending_deliveries", notifier="hook") == 2
    assert value(found, "poller_dead_deliveries", notifier="hook") == 0
    assert value(found, "poller_oldest_pending_seconds", notifier="hook") == 0
    assert value(found, "poller_source_blind", source="prod") == 0
    assert value(found, "poller_database_bytes") > 0


async def test_the_plans_and_the_state_of_the_daemon_are_shown(api: Api) -> None:
    api.controls.states, api.controls.unread, api.controls.gone = [STATE], ["sources.prod"], {"hook": "HTTP 410"}

    found = await samples(api)

    assert value(found, "poller_build_info", version=__version__) == 1
    assert (value(found, "poller_healthy"), value(found, "poller_ready")) == (1, 0)
    assert value(found, "poller_notifier_disabled", notifier="hook") == 1
    assert value(found, "poller_notifier_disabled", notifier="other") == 0
    assert value(found, "poller_notifier_failing", notifier="hook") == 1
    assert value(found, "poller_request_limit", source="prod") == 2.5
    assert value(found, "poller_planned_requests", source="prod", purpose="rotation") == 4.4
    assert value(found, "poller_sweep_pages", source="prod") == 3
    assert value(found, "poller_upstream_jobs", source="prod") == 250


async def test_every_metric_of_the_catalogue_is_shown_and_no_other_and_a_job_is_never_a_label(api: Api) -> None:
    await making.tell(api.store, "planted-job", 1)
    api.controls.states = [STATE]

    text, content_type = await scraped(api)

    families = {family.name: family for family in text_string_to_metric_families(text)}
    ours = {name for name in families if not name.startswith("poller_process_")}
    assert ours == {f"poller_{name}" for name in (*COUNTED, *SPREAD, *GAUGED)}
    assert all(name.startswith("poller_") for name in families)
    assert "planted-job" not in text
    assert content_type.startswith("text/plain")


async def test_a_scraper_that_knows_openmetrics_gets_it(api: Api) -> None:
    text, content_type = await scraped(api, Accept="application/openmetrics-text; version=1.0.0")

    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


async def test_a_label_with_quotes_and_line_breaks_is_escaped(api: Api) -> None:
    api.controls.tally.events["prod", 'a"b\\c\nd'] += 1

    assert value(await samples(api), "poller_events_total", source="prod", type='a"b\\c\nd') == 1


async def test_scrapes_one_after_the_other_ask_the_database_once(api: Api) -> None:
    await samples(api)
    await making.tell(api.store, "a", 1)

    assert value(await samples(api), "poller_pending_deliveries", notifier="hook") == 0


async def test_what_is_none_yet_is_shown_as_0(api: Api) -> None:
    found = await samples(api)

    assert value(found, "poller_jobs", source="prod", **{"class": "failed"}) == 0
    assert value(found, "poller_oldest_pending_seconds", notifier="other") == 0
    assert value(found, "poller_store_errors_total", kind="StoreFull") == 0


class Looks:
    """A look that fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.taken = 0
        self.now = 100.0

    async def __call__(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise StoreFull("no space left")
        self.taken += 1
        return self.taken


async def test_a_look_is_kept_for_some_seconds() -> None:
    looks = Looks()
    kept = Kept(looks, keep=10.0, monotonic=lambda: looks.now)

    assert [await kept.fresh(), await kept.fresh()] == [1, 1]
    looks.now += 10.5
    assert (await kept.fresh(), kept.age) == (2, 0.0)


async def test_while_the_database_is_away_the_last_look_is_shown_with_its_age() -> None:
    looks = Looks()
    kept = Kept(looks, keep=10.0, monotonic=lambda: looks.now)
    await kept.fresh()

    looks.now, looks.failures = 160.0, 1
    assert (await kept.fresh(), kept.age, kept.trouble) == (1, 60.0, "no space left")
    assert (await kept.fresh(), kept.age, kept.trouble) == (2, 0.0, None)


async def test_before_the_first_look_there_is_nothing() -> None:
    kept = Kept(Looks(failures=1))

    assert (await kept.fresh(), kept.age) == (None, None)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_and_readiness_answer_without_the_database(api: Api, path: str) -> None:
    async with api.store.database.writing():
        status, answer = await api.ask("GET", path)

    assert (status, answer) == (200, {"ok": True, "reason": "ok"})


async def test_ready_is_503_with_what_is_missing(api: Api) -> None:
    api.controls.unread = ["sources.prod has not been read yet", "sources.test has not been read yet"]

    status, answer = await api.ask("GET", "/readyz")

    assert (status, answer["ok"]) == (503, False)
    assert answer["reason"] == "sources.prod has not been read yet; sources.test has not been read yet"
