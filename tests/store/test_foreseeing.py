"""What planning and explaining know of a source. On both databases."""

import pytest

from poller.core.forecast import LATE, PRIOR_RATE, Crowd
from poller.core.job import Known
from poller.core.work import SourceHealth, Told
from poller.store.foreseeing import CHANGES_OVER
from poller.store.store import Store
from tests.core.samples import NOON, look, snapshot
from tests.store.making import changed, due_of, event, notice, watch


async def move(store: Store, job_id: str, *states: str) -> None:
    """A job that goes from state to state, ten seconds in each."""
    known, at = Known(), NOON
    for state in states:
        change = look(known, snapshot(state), now=at)
        poll = changed(await due_of(store, job_id, now=at), *change.events, now=at, due_at=at, known=change.known)
        told = [Told(event=one._replace(id=f"{job_id}-{one.sequence}"), notifiers=()) for one in change.events]
        assert poll.change is not None
        poll = poll._replace(change=poll.change._replace(told=tuple(told), known=change.known))
        assert await store.ledger.record([poll]) == []
        known, at = change.known, at + 10


async def test_a_survey_counts_jobs_overdue_polls_changes_and_stays(store: Store) -> None:
    await watch(store, "moving", "new")
    await watch(store, "elsewhere", source="other")
    await move(store, "moving", "AUTO_VERIFYING", "MANUAL_VERIFYING", "TRAINING")

    survey = await store.archive.survey("prod", now=NOON + 20 + LATE + 1)

    assert sorted(survey.crowds, key=lambda crowd: crowd.state_class) == [
        Crowd(state_class="active", rate=PRIOR_RATE, jobs=1),
        Crowd(state_class="unknown", rate=PRIOR_RATE, jobs=1),
    ]
    assert survey.overdue == 2
    assert survey.changes == pytest.approx(2 / CHANGES_OVER)
    assert {state: list(stays) for state, stays in survey.stays.items()} == {
        "AUTO_VERIFYING": [10.0],
        "MANUAL_VERIFYING": [10.0],
    }


async def test_a_survey_of_a_source_that_was_never_watched_is_empty(store: Store) -> None:
    survey = await store.archive.survey("nobody", now=NOON)

    assert (survey.crowds, survey.overdue, survey.changes, survey.stays) == ((), 0, 0.0, {})


async def test_a_poll_is_overdue_once_it_is_late_for_a_while(store: Store) -> None:
    await watch(store, "a")

    assert await store.archive.overdue("prod", now=NOON + LATE) == 0
    assert await store.archive.overdue("prod", now=NOON + LATE + 1) == 1


async def test_changes_of_long_ago_say_nothing_about_the_pace_of_now(store: Store) -> None:
    await watch(store, "a")
    await store.ledger.record([changed(await due_of(store, "a"), event("a", 1))])

    assert (await store.archive.survey("prod", now=NOON + CHANGES_OVER + 1)).changes == 0.0


async def test_whether_a_source_is_blind_is_read(store: Store) -> None:
    assert await store.archive.health("prod") == SourceHealth()

    blind = SourceHealth(blind_since=NOON, reason="HTTP 502")
    await store.ledger.announce(Told(event=notice("one"), notifiers=()), source="prod", health=blind)

    assert await store.archive.health("prod") == blind
