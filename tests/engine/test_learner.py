"""What is learned about log entries, and what it says of a job."""

import pytest

from poller.core.rotation import PRIOR_ENTRIES, PRIOR_SECONDS
from poller.core.work import Due, Poll
from poller.engine.learner import Learner
from tests.engine.conftest import House, settle_down
from tests.engine.stage import START, due, seen

HOUR = 3600.0
PRIOR = PRIOR_ENTRIES / PRIOR_SECONDS


def look(one: Due, entries: int, at: float) -> tuple[Due, Poll]:
    quiet = one.quiet_entries + entries
    return one, Poll(key=one.key, revision=1, due_at=None, seen_at=at, quiet_entries=quiet)


async def learner(house: House) -> Learner:
    made = Learner(house.source.name, house.store.roll, house.clock)
    await made.load()
    return made


async def test_entries_after_a_long_rest_are_not_all_of_the_age_at_which_they_were_found(house: House) -> None:
    learned = await learner(house)
    job = due(looked_at=START, first_looked_at=START, state_since=START)
    learned.observe([look(job, 24, START + 24 * HOUR)] * 20)  # one an hour, seen together
    young = learned.rate(due(looked_at=None, first_looked_at=None), START + 60)
    old = learned.rate(job._replace(looked_at=None, first_looked_at=None), START + 20 * HOUR)
    assert PRIOR < young < 1 / HOUR  # all were seen at the older age, some came at this one
    assert old == pytest.approx(1 / HOUR, rel=0.3)


async def test_a_job_that_is_livelier_than_its_state_is_expected_to_stay_so(house: House) -> None:
    learned = await learner(house)
    job = due(state_since=START, first_looked_at=START, looked_at=START)
    learned.observe([look(job, 1, START + HOUR / 2)] * 100)
    now = START + HOUR / 2
    usual, lively = learned.rate(job._replace(quiet_entries=1), now), learned.rate(job._replace(quiet_entries=9), now)
    assert lively > 3 * usual > 3 / HOUR


async def test_a_state_that_moved_brings_its_own_rate_at_once_and_leaves_the_old_past_behind(house: House) -> None:
    await house.watch("a")
    parts = house.parts()
    await parts.learner.load()
    house.source.script["a"] = seen("TRAINING")
    async with house.poller(parts=parts) as poller:
        await settle_down(poller)
        house.clock.pass_(HOUR)
        house.source.script["a"] = seen("TRAINING", "CREATE", "SUBMIT", "CHANGE")
        await settle_down(poller)
        assert (await claimed(house)).quiet_entries == 3
        house.clock.pass_(HOUR)
        house.source.script["a"] = seen("JOB_SUCCESS", "CREATE", "SUBMIT", "CHANGE", "DONE")
        await settle_down(poller)
    moved = await claimed(house)
    assert (moved.state, moved.quiet_entries) == ("JOB_SUCCESS", 0)
    assert parts.learner.rate(moved, house.clock.now()) == pytest.approx(PRIOR)


async def claimed(house: House) -> Due:
    """The job as a poll would find it."""
    ledger, now = house.store.ledger, house.clock.now()
    (found,) = await ledger.claim(house.source.name, now=now + 1e6, until=now + 1, limit=1)
    await ledger.release([found.key])
    return found
