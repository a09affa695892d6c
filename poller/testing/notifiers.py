"""The contract of every kind of notifier.

A kind passes if a subclass of `NotifierContract` passes::

    class TestPigeon(NotifierContract):
        def stage(self):
            return pigeon_stage()  # an async context manager around a `staging.Stage`
"""

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import anyio
import pytest

from poller.core.delivery import REASON_LIMIT, Delivered, Gone, Outcome, Rejected, Retry
from poller.core.event import EVENT_TYPES, Event
from poller.core.jsonvalue import Json
from poller.core.notification import Notification, notification_of
from poller.core.specimens import examples
from poller.notifiers.ports import Notifier
from poller.testing.staging import WAYS, Stage, Way, on_stage

NOW: Final = 1_702_107_110.12  # seconds; the moment of the first attempts
LONG: Final = 5.0  # seconds; a time-out that is not reached
SHORT: Final = 0.5  # seconds; one that is waited for
SLACK: Final = 5.0  # seconds that an attempt may take beyond its time-out
PERSONAL: Final = ("13800138000", "signed-link")

HOSTILE: Final[Sequence[str]] = (
    'quote " and backslash \\ and </script> & {{ 7 * 7 }} %s %n $HOME `id`',
    "line\r\nSubject: injected\r\n\r\nbody\u2028\u202e\x00\x1b[31m\x7f",
    "half a pair \ud800 and \U0001f426 and 数字人",
    "long " * 20_000,
    "",
)


def worded(text: str) -> Event:
    """An event with `text` wherever the upstream's or its users' words stand."""
    event = examples()["poller.job.operation_logged"]
    job, operation = event.data["job"], event.data["operation"]
    assert isinstance(job, dict)
    assert isinstance(operation, dict)
    changed: dict[str, Json] = {
        "transition": text,
        "summary": text,
        "job": {**job, "name": text or None, "batch_name": text, "labels": {"team": text}},
        "operation": {**operation, "log_type": text, "log_description": text, "operate_user": text or None},
    }
    return event._replace(transition=text, data={**event.data, **changed})


async def attempt(notifier: Notifier, event: Event | None = None, *, now: float = NOW) -> Outcome:
    """One attempt, which must end by itself."""
    with anyio.fail_after(LONG + SLACK):
        return await notifier.deliver(notification_of(event or examples()["poller.job.operation_logged"]), now=now)


def reason_of(outcome: Outcome) -> str:
    """Why it was no delivery: one bounded line that says something."""
    assert isinstance(outcome, Retry | Rejected | Gone), outcome
    assert 0 < len(outcome.reason) <= REASON_LIMIT
    assert outcome.reason.isprintable()
    return outcome.reason


class NotifierContract:
    """What a kind of notifier does, whatever its receiver does. A subclass gives the stage."""

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        """A fresh stage."""
        raise NotImplementedError

    @on_stage
    async def test_it_has_the_name_of_its_table(self, stage: Stage) -> None:
        assert stage.notifier(timeout=LONG).name == "stage"

    @on_stage
    async def test_what_is_accepted_is_delivered_once(self, stage: Stage) -> None:
        assert await attempt(stage.notifier(timeout=LONG)) == Delivered()
        assert len(await stage.told()) == 1

    @on_stage
    async def test_every_type_of_event_can_be_told(self, stage: Stage) -> None:
        told = list(examples().values())[:: 6 if getattr(stage, "slow", False) else 1]
        for event in told:
            assert await attempt(stage.notifier(timeout=LONG), event) == Delivered(), event.type
        assert len(await stage.told()) == len(told)

    @pytest.mark.parametrize("text", HOSTILE, ids=["quotes", "lines", "unicode", "long", "empty"])
    @on_stage
    async def test_any_words_of_the_upstream_can_be_told(self, stage: Stage, text: str) -> None:
        if getattr(stage, "slow", False) and text not in HOSTILE[1:3]:
            pytest.skip("an attempt of this kind takes long")
        assert await attempt(stage.notifier(timeout=LONG), worded(text)) == Delivered()
        assert len(await stage.told()) == 1

    @on_stage
    async def test_events_that_are_told_together_are_one_delivery(self, stage: Stage) -> None:
        together = Notification(id="bundle-1", events=tuple(examples().values()))
        with anyio.fail_after(LONG + SLACK):
            assert await stage.notifier(timeout=LONG).deliver(together, now=NOW) == Delivered()
        assert len(await stage.told()) == 1

    @on_stage
    async def test_a_receiver_that_asks_for_it_is_told_later(self, stage: Stage) -> None:
        await stage.behaves("later")
        outcome = await attempt(stage.notifier(timeout=LONG))
        assert isinstance(outcome, Retry)
        assert reason_of(outcome)

    @on_stage
    async def test_a_refusal_is_what_the_kind_says_that_it_is(self, stage: Stage) -> None:
        await stage.behaves("refuses")
        outcome = await attempt(stage.notifier(timeout=LONG))
        assert isinstance(outcome, stage.refusal)
        assert reason_of(outcome)

    @pytest.mark.parametrize("way", ["breaks", "absent"])
    @on_stage
    async def test_a_receiver_that_is_not_there_is_told_later(self, stage: Stage, way: Way) -> None:
        await stage.behaves(way)
        outcome = await attempt(stage.notifier(timeout=LONG))
        assert isinstance(outcome, Retry)
        assert reason_of(outcome)

    @on_stage
    async def test_a_receiver_that_hangs_costs_one_time_out(self, stage: Stage) -> None:
        await stage.behaves("hangs")
        started = time.monotonic()
        outcome = await attempt(stage.notifier(timeout=SHORT))
        assert isinstance(outcome, Retry)
        assert "time" in reason_of(outcome)
        assert time.monotonic() - started < SHORT + SLACK

    @on_stage
    async def test_an_answer_without_an_end_costs_one_time_out_at_most(self, stage: Stage) -> None:
        await stage.behaves("floods")
        started = time.monotonic()
        assert isinstance(await attempt(stage.notifier(timeout=SHORT)), Delivered | Retry)
        assert time.monotonic() - started < SHORT + SLACK

    @on_stage
    async def test_a_cancelled_attempt_ends_at_once_and_the_notifier_goes_on(self, stage: Stage) -> None:
        await stage.behaves("hangs")
        notifier = stage.notifier(timeout=LONG)
        started = time.monotonic()
        with anyio.move_on_after(SHORT) as scope:
            await notifier.deliver(notification_of(examples()["poller.test"]), now=NOW)
        assert scope.cancelled_caught
        assert time.monotonic() - started < LONG
        await stage.behaves("accepts")
        assert await attempt(notifier) == Delivered()

    @on_stage
    async def test_every_attempt_of_an_event_tells_the_same(self, stage: Stage) -> None:
        notifier = stage.notifier(timeout=LONG)
        await attempt(notifier)
        await attempt(notifier, now=NOW + 3600)
        first, second = await stage.told()
        assert first == second

    @on_stage
    async def test_attempts_at_one_time_do_not_disturb_each_other(self, stage: Stage) -> None:
        notifier, outcomes = stage.notifier(timeout=LONG), list[Outcome]()

        async def tell(event: Event) -> None:
            outcomes.append(await attempt(notifier, event))

        async with anyio.create_task_group() as group:
            for kind in EVENT_TYPES[:4]:
                group.start_soon(tell, examples()[kind])
        assert outcomes == [Delivered()] * 4
        assert len(set(await stage.told())) == 4

    @on_stage
    async def test_reaching_tells_nothing(self, stage: Stage) -> None:
        with anyio.fail_after(LONG + SLACK):
            assert await stage.notifier(timeout=LONG).reach() is None
        assert list(await stage.told()) == []

    @on_stage
    async def test_why_it_cannot_be_reached_is_said_without_a_secret(self, stage: Stage) -> None:
        if not getattr(stage, "probes", True):
            pytest.skip("this kind cannot be tried without telling something")
        await stage.behaves("absent")
        with anyio.fail_after(LONG + SLACK):
            trouble = await stage.notifier(timeout=LONG).reach()
        assert trouble
        assert trouble.isprintable()
        assert len(trouble) <= REASON_LIMIT
        assert [word for word in stage.secrets if word in trouble] == []

    @pytest.mark.parametrize("way", WAYS)
    @on_stage
    async def test_nothing_shows_a_secret_or_what_is_personal(
        self, stage: Stage, way: Way, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        await stage.behaves(way)
        notifier = stage.notifier(timeout=SHORT)
        outcome = await attempt(notifier, worded(f"call {PERSONAL[0]} https://obs.example/{PERSONAL[1]}"))
        printed = capfd.readouterr()
        shown = f"{outcome!r} {notifier!r} {notifier} {caplog.text} {printed.out} {printed.err}"
        assert [word for word in (*stage.secrets, *PERSONAL) if word in shown] == []
