"""What a reading leads to, without any I/O."""

import pytest

from poller.core.cadence import urgent_due
from poller.core.job import Known
from poller.core.reading import Absent, Denied, Failed, Reading, Refused, Same, Seen
from poller.core.snapshot import Snapshot
from poller.core.work import Due
from poller.engine.verdict import Outlook, conclude, needs_known
from tests.engine.stage import EVERY, START, due, known, rules, seen


def test_an_unchanged_job_is_due_after_the_interval_of_its_class() -> None:
    poll = conclude(due(state_class="failed"), Same(), None, rules(), Outlook(), now=START, spread=0.0)
    assert (poll.due_at, poll.change, poll.seen_at) == (START + EVERY["failed"], None, START)


def test_the_spread_only_ever_shortens_the_interval() -> None:
    poll = conclude(due(), Same(), None, rules(), Outlook(), now=START, spread=1.0)
    assert poll.due_at == pytest.approx(START + 0.9 * EVERY["active"])


def test_a_changed_job_is_due_after_the_interval_of_its_new_class() -> None:
    poll = conclude(due(), seen("JOB_SUCCESS"), known("TRAINING"), rules(), Outlook(), now=START, spread=0.0)
    assert poll.due_at == START + EVERY["done"]
    assert poll.change is not None
    assert [told.event.transition for told in poll.change.told] == ["JOB_SUCCESS"]
    assert poll.change.told[0].notifiers == ("backend",)


def test_an_answer_that_differs_only_in_form_keeps_its_digest_and_writes_no_change() -> None:
    poll = conclude(
        due(), seen("TRAINING", digest=b"new"), known("TRAINING"), rules(), Outlook(), now=START, spread=0.0
    )
    assert (poll.change, poll.digest) == (None, b"new")


def test_a_job_done_for_long_is_forgotten() -> None:
    old = due(state="JOB_SUCCESS", state_class="done", state_since=START - 7 * 86400.0)
    assert conclude(old, Same(), None, rules(), Outlook(), now=START, spread=0.0).due_at is None


def test_a_job_done_for_less_is_still_polled() -> None:
    recent = due(state="JOB_SUCCESS", state_class="done", state_since=START - 7 * 86400.0 + 1)
    assert conclude(recent, Same(), None, rules(), Outlook(), now=START, spread=0.0).due_at == START + EVERY["done"]


def test_one_absence_is_not_believed_and_asked_about_again_soon() -> None:
    assert not needs_known(due(), Absent(reason="404"))
    poll = conclude(due(), Absent(reason="404"), None, rules(), Outlook(), now=START, spread=0.0)
    assert (poll.change, poll.absences, poll.due_at) == (None, 1, START + 5.0)


def test_a_second_absence_in_a_row_is_told_as_missing() -> None:
    again = due(absences=1)
    assert needs_known(again, Absent(reason="404"))
    poll = conclude(again, Absent(reason="404"), known("TRAINING"), rules(), Outlook(), now=START, spread=0.0)
    assert poll.change is not None
    assert [told.event.transition for told in poll.change.told] == ["MISSING"]


def test_a_missing_job_is_told_once_and_asked_about_more_and_more_rarely() -> None:
    gone = known("TRAINING")
    for absences, wait in [(2, 20.0), (3, 40.0), (12, 3600.0)]:
        lost = due(absences=absences, missing=True)
        missing = conclude(due(absences=1), Absent(reason="404"), gone, rules(), Outlook(), now=START, spread=0.0)
        assert missing.change is not None
        poll = conclude(lost, Absent(reason="404"), missing.change.known, rules(), Outlook(), now=START, spread=0.0)
        assert poll.change is None
        assert poll.due_at == START + wait


@pytest.mark.parametrize("reading", [Refused(reason="403"), Failed(kind="outage", reason="500")])
def test_a_job_that_cannot_be_read_backs_off_and_says_why(reading: Reading) -> None:
    waits = []
    for failures in range(12):
        poll = conclude(due(failures=failures), reading, None, rules(), Outlook(), now=START, spread=0.0)
        assert (poll.failures, poll.error, poll.change) == (failures + 1, reading.reason, None)  # type: ignore[union-attr]  # both have one
        waits.append((poll.due_at or 0.0) - START)
    assert waits[:4] == [5.0, 10.0, 20.0, 40.0]
    assert waits == sorted(waits)
    assert waits[-1] == (3600.0 if isinstance(reading, Refused) else 300.0)


def test_throttling_and_refused_credentials_are_not_the_fault_of_the_job() -> None:
    for reading in (Failed(kind="throttled", reason="429", after=7.0), Denied(reason="401", after=7.0)):
        poll = conclude(due(failures=2, due_at=START), reading, None, rules(), Outlook(), now=START, spread=0.5)
        assert (poll.failures, poll.due_at, poll.change) == (2, START + 7.0, None)


def test_tens_of_milliseconds_are_an_interval_like_any_other() -> None:
    quick = rules(every=dict.fromkeys(EVERY, 0.05))
    assert conclude(due(), Same(), None, quick, Outlook(), now=START, spread=0.0).due_at == START + 0.05
    poll = conclude(due(), Failed(kind="outage", reason="500"), None, quick, Outlook(), now=START, spread=0.0)
    assert poll.due_at == START + 0.05


def test_throttling_does_not_take_a_jobs_place_at_the_head_of_the_queue() -> None:
    first = due(due_at=urgent_due(START - 5))
    throttled = Failed(kind="throttled", reason="429", after=7.0)
    assert conclude(first, throttled, None, rules(), Outlook(), now=START).due_at == first.due_at


GROWN = seen("TRAINING", "CREATE", "SUBMIT")


def only_log(job: Due, reading: Seen, before: Known | None) -> bool:
    change = conclude(job, reading, before, rules(), Outlook(), now=START).change
    assert change is not None
    return change.only_log


def test_news_of_the_log_alone_leave_the_row_of_the_job_as_it_is() -> None:
    assert only_log(due(), GROWN, known("TRAINING", "CREATE"))


@pytest.mark.parametrize(
    ("job", "reading", "before"),
    [
        (due(state=None, looked_at=None), GROWN, None),
        (due(state="TRAIN_FAILED", state_class="failed"), GROWN, known("TRAIN_FAILED", "CREATE")),
        (due(state_class="unknown"), GROWN, known("TRAINING", "CREATE")),  # another version knew it otherwise
        (due(missing=True), GROWN, known("TRAINING", "CREATE")._replace(missing=True)),
        (due(), GROWN, Known(snapshot=Snapshot(state="TRAINING", fields={"name": "Before"}), sequence=1)),
        (due(), GROWN, Known(snapshot=Snapshot(state="TRAINING", fields={"create_time": "2023-12-09T07:31:00Z"}))),
    ],
    ids=["first look", "state", "class", "found", "renamed", "created"],
)
def test_whatever_else_has_moved_is_written_to_the_row_of_the_job(
    job: Due, reading: Seen, before: Known | None
) -> None:
    assert not only_log(job, reading, before)
