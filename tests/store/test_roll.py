"""The watched jobs of a source as a whole. On both databases."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.cadence import URGENCY
from poller.core.job import NEVER_SEEN
from poller.core.rotation import PRIOR_ENTRIES, PRIOR_SECONDS, Group
from poller.core.vocabulary import StateClass
from poller.core.work import Met, SourceHealth, StatePulse, Told
from poller.store import surveying
from poller.store.store import Store
from poller.store.surveying import alike
from tests.core.samples import NOON, look, snapshot
from tests.store.making import LEASE, changed, claim, due_of, event, notice, unchanged, watch

LATER = NOON + 1000.0
EVERY: dict[StateClass, float] = {
    "active": 30.0,
    "waiting_on_us": 120.0,
    "waiting_on_vendor": 120.0,
    "failed": 300.0,
    "done": 3600.0,
    "unknown": 60.0,
}


async def keys(store: Store) -> dict[str, int]:
    return {row.job_id: row.key for row in await store.archive.jobs()}


async def look_at(store: Store, job_id: str, created: str | None = None) -> None:
    """A first look that finds the job in TRAINING; it is due again much later."""
    fields = {} if created is None else {"create_time": created}
    seen = look(NEVER_SEEN, snapshot("TRAINING", fields=fields))
    poll = changed(await due_of(store, job_id), known=seen.known, due_at=LATER)
    assert poll.change is not None
    await store.ledger.record([poll._replace(change=poll.change._replace(delta=seen.delta))])
    await store.ledger.release(list((await keys(store)).values()))


async def forget(store: Store, job_id: str) -> None:
    due = await due_of(store, job_id, now=LATER)
    await store.ledger.record([unchanged(due, due_at=0.0)._replace(due_at=None)])
    await store.ledger.release(list((await keys(store)).values()))


async def test_a_list_page_is_met_by_what_is_known_of_its_jobs(store: Store) -> None:
    await watch(store, "new", "seen", "paused", "removed")
    await watch(store, "elsewhere", source="other")
    await look_at(store, "seen")
    await store.registry.pause("prod", "paused")
    await store.registry.remove("prod", "removed", now=NOON)
    met = await store.roll.met("prod", ["new", "seen", "paused", "removed", "elsewhere", "stranger"])
    nothing = Met(key=0, job_id="", state=None, revision=0, looked_at=False, watching=True, removed=False)
    assert {job_id: replace(one, key=0, job_id="") for job_id, one in met.items()} == {
        "new": nothing,
        "seen": replace(nothing, state="TRAINING", revision=1, looked_at=True),
        "paused": replace(nothing, watching=False),
        "removed": replace(nothing, watching=False, removed=True),
    }
    assert all(one.job_id == job_id for job_id, one in met.items())
    assert met["seen"].key == (await keys(store))["seen"]
    assert await store.roll.met("prod", []) == {}


async def test_watched_are_those_that_are_polled(store: Store) -> None:
    await watch(store, "a", "b", "paused", "removed", "forgotten", *(f"more{number}" for number in range(7)))
    await watch(store, "a", source="other")
    await store.registry.pause("prod", "paused")
    await store.registry.remove("prod", "removed", now=NOON)
    await forget(store, "forgotten")
    by_id = await keys(store)
    watched = await store.roll.watched("prod")
    assert sorted(watched) == ["a", "b", *(f"more{number}" for number in range(7))]
    assert all(by_id[job_id] == key for job_id, key in watched.items() if job_id != "a")
    assert await store.roll.watched("nowhere") == {}


async def test_more_jobs_than_are_read_at_a_time_are_all_watched(store: Store) -> None:
    many = [f"{number:05}" for number in range(surveying.PAGE + 1)]
    await store.registry.add("prod", many, now=NOON)
    assert sorted(await store.roll.watched("prod")) == many


async def test_hurried_jobs_come_before_all_others_in_the_order_in_which_they_were_hurried(store: Store) -> None:
    await watch(store, "long due", now=NOON - 1e8)
    await watch(store, "a", "b", "c", now=LATER)
    by_id = await keys(store)
    await store.roll.hurry([by_id["b"]], now=NOON)
    await store.roll.hurry([by_id["b"], by_id["c"]], now=NOON + 1)
    assert [due.job_id for due in await claim(store, now=NOON + 2)] == ["b", "c", "long due"]


async def test_only_urgent_jobs_are_claimed_by_one_who_asks_for_them(store: Store) -> None:
    await watch(store, "a", "b", "c", now=NOON - 1e6)
    await store.roll.hurry([(await keys(store))["b"]], now=NOON)
    await store.registry.poll_now("prod", "c", now=NOON + 1)
    claimed = await store.ledger.claim("prod", now=NOON - URGENCY / 2, until=NOON + LEASE, limit=9)
    assert [(due.job_id, due.due_at) for due in claimed] == [("b", NOON - URGENCY), ("c", NOON + 1 - URGENCY)]


async def test_an_urgent_job_is_shown_as_due_since_it_was_hurried(store: Store) -> None:
    await watch(store, "a", "b", now=NOON - 1e6)
    await store.roll.hurry([(await keys(store))["a"]], now=NOON)
    assert [row.due_at for row in await store.archive.jobs()] == pytest.approx([NOON, NOON - 1e6])


async def test_a_hurried_job_that_was_forgotten_is_polled_again(store: Store) -> None:
    await watch(store, "a")
    await forget(store, "a")
    await store.roll.hurry(list((await keys(store)).values()), now=NOON)
    assert [due.job_id for due in await claim(store)] == ["a"]


async def test_paused_removed_and_claimed_jobs_are_not_hurried(store: Store) -> None:
    await watch(store, "claimed")
    [due] = await claim(store, now=NOON)
    await watch(store, "paused", "removed")
    by_id = await keys(store)
    await store.registry.pause("prod", "paused")
    await store.registry.remove("prod", "removed", now=NOON)
    await store.roll.hurry([*by_id.values(), 999], now=NOON + 1)
    await store.registry.resume("prod", "paused")
    await store.registry.add("prod", ["removed"], now=NOON)
    await store.ledger.release([due.key])
    assert {row.job_id: row.due_at for row in await store.archive.jobs()} == dict.fromkeys(by_id, NOON)
    await store.roll.hurry([due.key], now=NOON + LEASE + 1)
    assert [one.job_id for one in await claim(store, limit=1)] == ["claimed"]


async def test_a_job_whose_lease_has_run_out_is_hurried(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store, now=NOON)
    await store.roll.hurry([due.key], now=NOON + LEASE)
    assert [row.due_at for row in await store.archive.jobs()] == pytest.approx([NOON + LEASE])


async def test_the_oldest_job_is_known_when_the_age_of_all_is(store: Store) -> None:
    assert await store.roll.oldest("prod") is None
    await watch(store, "a", "b")
    await look_at(store, "a", "2023-12-09T07:00:00Z")
    assert await store.roll.oldest("prod") is None
    await look_at(store, "b", "2023-12-08T07:00:00Z")
    assert await store.roll.oldest("prod") == 1_702_018_800.0
    await forget(store, "b")
    assert await store.roll.oldest("prod") == 1_702_018_800.0 + 86400.0


async def test_when_a_job_was_made_stays_known_while_its_state_moves(store: Store) -> None:
    await watch(store, "a")
    await look_at(store, "a", "2023-12-09T07:00:00Z")
    await store.ledger.record([changed(await due_of(store, "a", now=LATER), state="TRAIN_SUCCESS")])
    assert await store.roll.oldest("prod") == 1_702_018_800.0 + 86400.0


async def test_a_creation_time_that_is_none_is_not_known(store: Store) -> None:
    await watch(store, "a")
    await look_at(store, "a", "yesterday")
    assert await store.roll.oldest("prod") is None


async def test_jobs_alike_make_a_group(store: Store) -> None:
    await watch(store, "new", "half", "other half", "double", "late", "paused", "forgotten")
    await watch(store, "new", source="other")
    rates = {"half": 0.26, "other half": 0.49, "double": 0.51, "late": 0.3}
    for job_id, rate in rates.items():
        due = await due_of(store, job_id)
        poll = unchanged(due, due_at=LATER) if job_id == "late" else changed(due, due_at=LATER)
        await store.ledger.record([poll._replace(entry_rate=rate)])
        await store.ledger.release(list((await keys(store)).values()))
    await store.registry.pause("prod", "paused")
    await forget(store, "forgotten")
    prior = Group(jobs=1, every=60.0, rate=PRIOR_ENTRIES / PRIOR_SECONDS)
    quarter, half = math.sqrt(0.25 * 0.5), math.sqrt(0.5 * 1.0)
    found = sorted(await store.roll.groups("prod", EVERY), key=lambda group: (group.rate, group.every))
    assert [(one.jobs, one.every) for one in found] == [(prior.jobs, prior.every), (2, 30.0), (1, 60.0), (1, 30.0)]
    assert [one.rate for one in found] == pytest.approx([prior.rate, quarter, quarter, half])
    assert await store.roll.groups("nowhere", EVERY) == []


@given(st.floats(1e-9, 1e9), st.floats(1.0, 1.9999))
def test_a_group_has_one_rate_near_that_of_each_of_its_jobs(rate: float, factor: float) -> None:
    middle = alike(rate)
    assert middle is not None
    assert 0.999 < middle / rate * math.sqrt(2) < 2.001
    assert alike(middle) == middle
    assert (alike(rate * factor) or 0.0) / middle == pytest.approx(1.0) or rate * factor > middle * math.sqrt(2) * 0.999


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_what_is_no_rate_makes_no_group(rate: float) -> None:
    assert alike(rate) is None


async def test_overdue_jobs_are_counted_and_urgent_ones_are_due_since_they_became_so(store: Store) -> None:
    await watch(store, "early", "hurried", "paused", "forgotten", now=NOON)
    await watch(store, "late", now=LATER)
    await forget(store, "forgotten")
    await store.registry.pause("prod", "paused")
    await store.roll.hurry([(await keys(store))["hurried"]], now=NOON + 10)
    counted = [await store.roll.overdue("prod", before=before) for before in (NOON, NOON + 5, NOON + 15, LATER + 1)]
    assert counted == [0, 1, 2, 3]
    assert await store.roll.overdue("other", before=LATER) == 0


async def test_what_is_learned_adds_up(store: Store) -> None:
    first = StatePulse(state="TRAINING", age=0, entries=1.0, seconds=600.0)
    other = replace(first, age=2)
    assert await store.roll.pulses("prod") == []
    await store.roll.learn("prod", [])
    await store.roll.learn("prod", [other, first])
    await store.roll.learn("other", [first])
    await store.roll.learn("prod", [replace(first, entries=0.0, seconds=60.0)])
    found = sorted(await store.roll.pulses("prod"), key=lambda pulse: pulse.age)
    assert found == [replace(first, seconds=660.0), other]


async def test_a_source_is_watched_since_it_was_first_asked_about(store: Store) -> None:
    assert await store.roll.began("prod", now=NOON) == NOON
    assert await store.roll.began("prod", now=LATER) == NOON
    assert await store.roll.began("other", now=LATER) == LATER


async def test_bad_health_of_a_source_does_not_hide_since_when_it_is_watched(store: Store) -> None:
    blind = SourceHealth(blind_since=NOON, reason="no network")
    for number, name in enumerate(("prod", "other")):
        if name == "prod":
            await store.roll.began(name, now=NOON)
        told = Told(event=notice(f"n{number}"), notifiers=())
        await store.ledger.announce(told, source=name, health=blind)
        assert await store.roll.began(name, now=LATER) == (NOON if name == "prod" else LATER)
        assert await store.ledger.health(name) == blind


async def test_a_claimed_job_tells_what_its_polls_have_left(store: Store) -> None:
    await watch(store, "a")
    await store.roll.discover("prod", ["b"], now=NOON)
    first, found = await claim(store)
    assert (first.looked_at, first.first_looked_at, first.quiet_entries, first.discovered) == (None, None, 0, False)
    assert found.discovered
    assert first.due_at == NOON
    await store.ledger.record([unchanged(first, due_at=NOON + 1, seen_at=None)._replace(failures=1)])
    second = await due_of(store, "a", now=NOON + 1)
    assert (second.looked_at, second.first_looked_at) == (None, None)
    await store.ledger.record([unchanged(second, due_at=NOON + 2, seen_at=NOON + 1)._replace(quiet_entries=3)])
    third = await due_of(store, "a", now=NOON + 2)
    assert (third.looked_at, third.first_looked_at, third.quiet_entries) == (NOON + 1, NOON + 1, 3)
    await store.ledger.record([changed(third, event("a", 1), now=NOON + 2, due_at=NOON + 3)])
    fourth = await due_of(store, "a", now=NOON + 3)
    assert (fourth.looked_at, fourth.first_looked_at, fourth.quiet_entries) == (NOON + 2, NOON + 1, 3)
