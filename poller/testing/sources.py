"""The contract of every kind of source, for those that plug-ins bring.

A kind passes if a subclass of `SourceContract` passes; its `stage` is an async context manager around a `SourceStage`.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Literal, Protocol

import anyio
import pytest

from poller.core.reading import Absent, Denied, Failed, ListQuery, Page, Reading, Refused, Same, Seen, Target
from poller.core.vocabulary import CLASSES
from poller.sources.ports import Source
from poller.testing.staging import on_stage

UpstreamWay = Literal[
    "answers", "changes", "no such job", "denies", "fails", "hangs", "breaks", "floods", "babbles", "absent"
]
# answers      about the job of the stage              changes  answers, and the job is in another state
# no such job  says so                                 denies   does not accept the credentials
# fails        says that it has trouble                hangs    never answers
# breaks       goes away in the middle of an answer    floods   answers without an end
# babbles      answers what is no answer               absent   is not there
TROUBLE: Final[tuple[UpstreamWay, ...]] = ("fails", "hangs", "breaks", "floods", "babbles", "absent")
LONG: Final = 5.0  # seconds; a time-out that is not reached
SHORT: Final = 0.5  # seconds; one that is waited for
SLACK: Final = 5.0  # seconds that a look may take beyond its time-out


class SourceStage(Protocol):
    """What the suite needs of a kind of source."""

    @property
    def job_id(self) -> str:
        """The job that the upstream answers about."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """Every secret of the configuration, and whatever of an answer must not be kept, in each form in which it could show."""
        ...

    def source(self, *, timeout: float) -> Source:
        """A source called `stage`; a request takes at most `timeout` seconds."""
        ...

    async def behaves(self, way: UpstreamWay) -> None:
        """How the upstream meets what it is asked from now on; at first it answers."""
        ...


async def look(source: Source, job_id: str, digest: bytes | None = None) -> Reading:
    """One look at a job, which must end by itself."""
    with anyio.fail_after(LONG + SLACK):
        return await source.fetch(Target(job_id=job_id, digest=digest))


def reason_of(reading: Reading) -> str:
    """Why there is no answer, in one line that says something."""
    assert isinstance(reading, Absent | Refused | Failed | Denied), reading
    assert reading.reason
    assert reading.reason.isprintable()
    return reading.reason


class SourceContract:
    """What a kind of source does, whatever its upstream does. A subclass gives the stage."""

    def stage(self) -> AbstractAsyncContextManager[SourceStage]:
        """A fresh stage."""
        raise NotImplementedError

    @on_stage
    async def test_it_has_the_name_of_its_table_and_classes_every_state(self, stage: SourceStage) -> None:
        source = stage.source(timeout=LONG)
        assert source.name == "stage"
        assert source.classify("NEVER_HEARD_OF") in CLASSES
        assert source.classify(None) == "unknown"
        assert {source.classify(state) for state in source.living_states} <= set(CLASSES) - {"done"}

    @on_stage
    async def test_an_answer_is_seen_once_and_then_the_same_until_it_changes(self, stage: SourceStage) -> None:
        source = stage.source(timeout=LONG)
        first = await look(source, stage.job_id)
        assert isinstance(first, Seen)
        assert isinstance(await look(source, stage.job_id, first.digest), Same)
        assert isinstance(await look(stage.source(timeout=LONG), stage.job_id, first.digest), Same), "after a restart"
        await stage.behaves("changes")
        changed = await look(source, stage.job_id, first.digest)
        assert isinstance(changed, Seen)
        assert changed.snapshot.state != first.snapshot.state

    @on_stage
    async def test_that_there_is_no_such_job_is_told_apart(self, stage: SourceStage) -> None:
        await stage.behaves("no such job")
        reading = await look(stage.source(timeout=LONG), stage.job_id)
        assert isinstance(reading, Absent)
        assert reason_of(reading)

    @on_stage
    async def test_refused_credentials_are_told_apart(self, stage: SourceStage) -> None:
        await stage.behaves("denies")
        reading = await look(stage.source(timeout=LONG), stage.job_id)
        assert isinstance(reading, Denied | Refused)
        assert reason_of(reading)

    @pytest.mark.parametrize("way", TROUBLE)
    @on_stage
    async def test_trouble_is_a_value_within_the_time_out(self, stage: SourceStage, way: UpstreamWay) -> None:
        await stage.behaves(way)
        started = time.monotonic()
        reading = await look(stage.source(timeout=SHORT), stage.job_id)
        assert isinstance(reading, Failed)
        assert reason_of(reading)
        assert time.monotonic() - started < SHORT + SLACK

    @on_stage
    async def test_a_cancelled_look_ends_at_once_and_the_source_goes_on(self, stage: SourceStage) -> None:
        await stage.behaves("hangs")
        source = stage.source(timeout=LONG)
        with anyio.move_on_after(SHORT) as scope:
            await source.fetch(Target(job_id=stage.job_id))
        assert scope.cancelled_caught
        await stage.behaves("answers")
        assert isinstance(await look(source, stage.job_id), Seen)

    @on_stage
    async def test_a_list_page_is_bounded_and_shows_jobs_with_their_states(self, stage: SourceStage) -> None:
        source = stage.source(timeout=LONG)
        if not source.can_list:
            pytest.skip("this kind has no list")
        with anyio.fail_after(LONG + SLACK):
            page = await source.list(ListQuery(offset=0, limit=2))
        assert isinstance(page, Page)
        assert len(page.jobs) <= 2
        assert all(job.job_id for job in page.jobs)

    @pytest.mark.parametrize("way", ["answers", "no such job", "denies", *TROUBLE])
    @on_stage
    async def test_nothing_shows_a_secret(
        self, stage: SourceStage, way: UpstreamWay, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        await stage.behaves(way)
        source = stage.source(timeout=SHORT)
        reading = await look(source, stage.job_id)
        printed = capfd.readouterr()
        shown = f"{reading!r} {source!r} {source} {caplog.text} {printed.out} {printed.err}"
        assert [word for word in stage.secrets if word in shown] == []
