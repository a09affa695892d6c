"""Quiet hours, reminders and fallbacks: every mistake with its place, what was found and what is allowed."""

from zoneinfo import ZoneInfo

import pytest

from poller.config import parse
from poller.core.quiet import Quiet
from poller.core.tending import TendingPlan
from poller.errors import ConfigError
from tests.config.samples import notifier, route, source


def complaints(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, environ={})
    return list(caught.value.problems)


def test_a_route_says_when_it_is_quiet_and_how_it_goes_on() -> None:
    text = route(
        'quiet = { days = ["fri"], from = "22:00", to = "24:00", timezone = "Europe/Berlin", except = ["*_FAILED"] }\n'
        'remind_every = "24h"\nescalate_after = "2d"\nescalate_to = ["backend"]\nuntil = ["done", "completed/success"]'
    )
    [read] = parse(text, environ={}).routes
    assert read.quiet is not None
    assert read.quiet.hours == Quiet(
        start=1320, end=1440, timezone=ZoneInfo("Europe/Berlin"), days=("fri",), loud=("*_FAILED",)
    )
    assert read.tending == TendingPlan(
        remind_every=86400.0, escalate_after=172800.0, escalate_to=("backend",), until=("done", "completed/success")
    )


@pytest.mark.parametrize(
    ("extra", "place", "text"),
    [
        ('quiet = { to = "07:00" }', "routes[0].quiet.from", "the key is missing"),
        ('quiet = { from = "24:00", to = "07:00" }', "routes[0].quiet.from", 'found "24:00"; expected a time of day'),
        ('quiet = { from = "7:00", to = "08:00" }', "routes[0].quiet.from", "expected a time of day such as 07:00"),
        ('quiet = { from = "07:00", to = "07:00" }', "routes[0].quiet.to", "which is from as well"),
        ('quiet = { from = "00:00", to = "24:00" }', "routes[0].quiet.days", "found every day, all day"),
        ('quiet = { from = "22:00", to = "07:00", days = ["mo"] }', "routes[0].quiet.days[0]", "allowed: mon, tue"),
        ('quiet = { from = "22:00", to = "07:00", timezone = "Berlin" }', "routes[0].quiet.timezone", "Europe/Berlin"),
        ('quiet = { from = "22:00", to = "07:00", except = ["x:Y"] }', "routes[0].quiet.except[0]", "prefix"),
        ('quiet = { from = "22:00", to = "07:00", until = 1 }', "routes[0].quiet.until", "unknown key"),
        ('remind_every = "daily"', "routes[0].remind_every", "expected a duration"),
        ('escalate_after = "2d"', "routes[0].escalate_to", "expected both or neither"),
        ('escalate_to = ["backend"]', "routes[0].escalate_after", "expected both or neither"),
        ('escalate_after = "2d"\nescalate_to = ["bakend"]', "routes[0].escalate_to[0]", 'did you mean "backend"?'),
        ('until = ["done"]', "routes[0].until", "without remind_every and escalate_after"),
    ],
)
def test_a_mistake_in_a_route_is_told_with_its_place(extra: str, place: str, text: str) -> None:
    found = complaints(route(extra))
    assert any(line.startswith(f"{place}: ") and text in line for line in found), found


def both(first: str, second: str) -> str:
    return source() + notifier(first) + notifier(second, name="ops")


def test_a_fallback_is_another_notifier_and_never_leads_back() -> None:
    assert parse(both('fallback = "ops"', ""), environ={}).notifiers["backend"].fallback == "ops"
    [unknown] = complaints(both('fallback = "opps"', ""))
    assert unknown == 'notifiers.backend.fallback: found "opps"; did you mean "ops"? allowed: ops'
    [itself] = complaints(both('fallback = "backend"', ""))
    assert itself.startswith('notifiers.backend.fallback: found "backend", which leads back: backend -> backend')
    round_trip = complaints(both('fallback = "ops"', 'fallback = "backend"'))
    assert len(round_trip) == 2
    assert "backend -> ops -> backend" in round_trip[0]
