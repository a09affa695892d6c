"""A batch is told when it becomes done, and again only when it was open in between."""

from poller.core.batch import Batch, Progress, noticed
from poller.core.notices import batch_done


def progress(**classes: int) -> Progress:
    missing = classes.pop("missing", 0)
    return Progress(source="prod", batch_name="spring", classes=classes, missing=missing)


def life(*looks: Progress) -> list[int]:
    """The looks at which it is told."""
    batch: Batch | None = None
    told = []
    for number, look in enumerate(looks):
        batch, is_news = noticed(batch, look, float(number))
        told += [number] if is_news else []
    return told


def test_it_is_told_once_when_the_last_job_has_ended() -> None:
    assert life(
        progress(active=2), progress(active=1, done=1), progress(done=1, failed=1), progress(done=1, failed=1)
    ) == [2]


def test_one_that_was_done_when_it_was_first_seen_is_not_told() -> None:
    assert life(progress(done=3), progress(done=3)) == []


def test_it_is_told_again_when_it_was_reopened_or_joined_and_has_ended_again() -> None:
    assert life(progress(active=1), progress(done=1), progress(active=1), progress(done=1)) == [1, 3]
    assert life(progress(active=1), progress(done=1), progress(done=1, active=1), progress(done=2)) == [1, 3]
    assert life(progress(active=1), progress(done=1), progress(done=2)) == [1]


def test_a_job_that_the_upstream_does_not_know_any_more_holds_nothing_up() -> None:
    assert life(progress(active=1, done=1), progress(done=1, missing=1)) == [1]
    assert (progress(active=1, missing=2).jobs, progress(active=1, missing=2).ended) == (3, 2)


def test_each_completion_has_an_id_of_its_own_and_says_the_counts() -> None:
    first = batch_done(progress(done=11, failed=1), 1, now=10.0)
    again = batch_done(progress(done=11, failed=1), 1, now=99.0)
    second = batch_done(progress(done=11, failed=1), 2, now=10.0)
    assert (first.id == again.id, first.id == second.id) == (True, False)
    assert first.data["summary"] == "spring: BATCH_DONE (12 jobs: 11 done, 1 failed)"
    assert (first.subject, first.source, first.job_id) == ("spring", "prod", None)
