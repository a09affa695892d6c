"""A trouble that lasts is said once a minute."""

import logging

import pytest
import structlog

from poller.host.storms import ONCE_PER, REMEMBERED, Calm, Quiet


class Hand:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def heard(calm: Calm, name: str = "warning", /, **line: object) -> dict[str, object] | None:
    try:
        return dict(calm(None, name, dict(line)))
    except structlog.DropEvent:
        return None


def test_the_same_warning_is_said_once_a_minute_and_then_with_how_often_it_came() -> None:
    clock = Hand()
    calm = Calm(clock)
    assert heard(calm, event="list refused", source="prod") == {"event": "list refused", "source": "prod"}
    for _ in range(7):
        clock.at += 5
        assert heard(calm, event="list refused", source="prod") is None
    clock.at += ONCE_PER
    assert heard(calm, event="list refused", source="prod") == {
        "event": "list refused",
        "source": "prod",
        "repeated": 7,
    }


def test_what_differs_in_passing_fields_only_is_the_same() -> None:
    calm = Calm(Hand())
    assert heard(calm, event="refused", reason="HTTP 403 (request a1-2)", seconds_left=3)
    assert heard(calm, event="refused", reason="HTTP 403 (request b7)", seconds_left=2) is None


@pytest.mark.parametrize("other", [{"source": "other"}, {"reason": "HTTP 500"}, {"event_id": "2"}, {"attempt": 2}])
def test_what_differs_in_anything_else_is_said(other: dict[str, object]) -> None:
    calm = Calm(Hand())
    line: dict[str, object] = {"event": "failed", "source": "prod", "reason": "HTTP 403", "event_id": "1", "attempt": 1}
    assert heard(calm, **line)
    assert heard(calm, **(line | other))


def test_news_a_traceback_and_an_answer_to_an_operator_are_always_said() -> None:
    calm = Calm(Hand())
    for _ in range(3):
        assert heard(calm, "info", event="transition", job_id="a")
        assert heard(calm, "error", event="a bug", exc_info=True)
        assert heard(calm, "error", event="not reloaded", asked=True) == {"event": "not reloaded"}


def test_what_is_remembered_is_bounded() -> None:
    calm = Calm(Hand())
    for number in range(REMEMBERED + 1):
        heard(calm, event="failed", event_id=str(number))
    assert len(calm._said) == REMEMBERED
    assert heard(calm, event="failed", event_id="0")
    assert heard(calm, event="failed", event_id=str(REMEMBERED)) is None


def test_a_library_is_heard_once_a_minute_too() -> None:
    clock = Hand()
    quiet = Quiet(clock)
    record = logging.LogRecord("asyncio", logging.ERROR, "x.py", 1, "out of descriptors", (), None)
    other = logging.LogRecord("asyncio", logging.ERROR, "x.py", 1, "something else", (), None)
    assert [quiet.filter(record), quiet.filter(record), quiet.filter(other)] == [True, False, True]
    clock.at += ONCE_PER
    assert quiet.filter(record)
