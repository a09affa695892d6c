"""Which notifiers an event reaches."""

import pytest

from poller.core.event import Event
from poller.core.notices import notifier_disabled, source_blind
from poller.core.route import Route, matches, recipients
from tests.core.samples import NOON, comment, operation, polled, snapshot

FIELDS = {"name": "Anna 2", "batch_name": "spring-1", "tags": ["vip", "demo"]}
NOTIFIERS = ("backend", "ops", "chat")


def job_events() -> dict[str, Event]:
    looks = [
        snapshot("AUTO_VERIFYING", fields=FIELDS),
        snapshot("AUTO_VERIFYING", operation(1, "JOB_SUCCESS"), comment(2, "REVIEW"), fields=FIELDS),
        snapshot("AUTO_VERIFY_FAILED", operation(1, "JOB_SUCCESS"), comment(2, "REVIEW"), fields=FIELDS),
    ]
    return {event.type.rpartition(".")[2]: event for event in polled(looks)[1]}


EVENTS = job_events()
OPERATION, STATE, WATCHED, COMMENT = (
    EVENTS[name] for name in ("operation_logged", "state_changed", "watched", "commented")
)
BLIND = source_blind("prod", "HTTP 401", now=NOON)
DISABLED = notifier_disabled("ops", "HTTP 410", now=NOON)


def on(*patterns: str) -> Route:
    return Route(notify=("backend",), on=patterns)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("JOB_SUCCESS", [OPERATION]),
        ("*", [OPERATION, STATE, WATCHED, COMMENT, BLIND, DISABLED]),
        ("*_FAILED", [STATE]),
        ("AUTO_VERIFY_FAILE?", [STATE]),
        ("[AJ]*", [OPERATION, STATE]),
        ("job_success", []),
        ("JOB", []),
        ("state:*", [STATE]),
        ("state:JOB_SUCCESS", []),
        ("operation:*", [OPERATION]),
        ("job:*", [WATCHED]),
        ("comment:REVIEW", [COMMENT]),
        ("source:*", [BLIND]),
        ("notifier:DIS*", [DISABLED]),
        ("other:*", []),
    ],
)
def test_a_pattern_is_a_glob_over_the_transition_narrowed_by_its_prefix(pattern: str, told: list[Event]) -> None:
    everything = [OPERATION, STATE, WATCHED, COMMENT, BLIND, DISABLED]
    assert [event for event in everything if matches(event, on(pattern))] == told


@pytest.mark.parametrize(
    ("patterns", "told"),
    [
        (("!JOB_SUCCESS",), [STATE, WATCHED]),
        (("!state:*", "!job:*"), [OPERATION]),
        (("JOB_*", "!JOB_SUCCESS"), []),
        (("!operation:*", "*"), [STATE, WATCHED]),
        (("!nothing",), [OPERATION, STATE, WATCHED]),
        ((), [OPERATION, STATE, WATCHED]),
    ],
)
def test_an_exclusion_wins_and_exclusions_alone_mean_everything_else(
    patterns: tuple[str, ...], told: list[Event]
) -> None:
    assert [event for event in (OPERATION, STATE, WATCHED) if matches(event, on(*patterns))] == told


@pytest.mark.parametrize(
    ("matching", "other"),
    [
        (Route(notify=(), sources=("test", "prod")), Route(notify=(), sources=("test",))),
        (Route(notify=(), batch_names=("x", "spring-*")), Route(notify=(), batch_names=("spring",))),
        (Route(notify=(), tags=("vi?",)), Route(notify=(), tags=("v",))),
        (Route(notify=(), names=("Anna*",)), Route(notify=(), names=("anna*",))),
        (Route(notify=(), labels={"team": "x"}), Route(notify=(), labels={"team": "x", "more": "y"})),
        (Route(notify=(), classes=("failed", "active")), Route(notify=(), classes=("done",))),
        (Route(notify=(), operators=("SYSTEM",)), Route(notify=(), operators=("USER",))),
    ],
)
def test_each_criterion_lets_through_or_holds_back(matching: Route, other: Route) -> None:
    assert matches(OPERATION, matching)
    assert not matches(OPERATION, other)


def test_all_criteria_of_a_route_must_hold() -> None:
    assert matches(OPERATION, Route(notify=(), on=("JOB_*",), tags=("vip",), operators=("SYSTEM",)))
    assert not matches(OPERATION, Route(notify=(), on=("JOB_*",), tags=("vip",), operators=("USER",)))


@pytest.mark.parametrize(
    "route",
    [
        Route(notify=(), batch_names=("*",)),
        Route(notify=(), tags=("*",)),
        Route(notify=(), names=("*",)),
        Route(notify=(), labels={"team": "x"}),
        Route(notify=(), classes=("unknown",)),
        Route(notify=(), operators=("SYSTEM",)),
    ],
)
def test_an_event_without_a_job_matches_no_criterion_about_jobs(route: Route) -> None:
    assert not matches(BLIND, route)


def test_only_operations_have_an_operator() -> None:
    assert not matches(STATE, Route(notify=(), operators=("SYSTEM",)))


def test_without_routes_everything_goes_everywhere() -> None:
    assert recipients(OPERATION, [], NOTIFIERS) == NOTIFIERS
    assert recipients(BLIND, [], dict.fromkeys(NOTIFIERS)) == NOTIFIERS


def test_a_notifier_is_told_once_however_many_routes_name_it() -> None:
    routes = [
        Route(notify=("chat", "backend")),
        Route(notify=("backend", "backend")),
        Route(notify=("ops",), on=("X",)),
    ]
    assert recipients(OPERATION, routes, NOTIFIERS) == ("backend", "chat")


def test_what_no_route_wants_goes_nowhere() -> None:
    assert recipients(OPERATION, [on("NOTHING")], NOTIFIERS) == ()


def test_a_route_to_a_notifier_that_is_gone_reaches_the_others() -> None:
    assert recipients(OPERATION, [Route(notify=("gone", "ops"))], NOTIFIERS) == ("ops",)


def test_news_of_a_notifier_never_goes_through_itself() -> None:
    assert recipients(DISABLED, [], NOTIFIERS) == ("backend", "chat")
    assert recipients(DISABLED, [Route(notify=("ops",))], NOTIFIERS) == ()


def test_news_of_a_source_that_is_called_like_a_notifier_goes_through_it() -> None:
    assert "ops" in recipients(source_blind("ops", "x", now=NOON), [], NOTIFIERS)
