"""Goes on telling until someone acts; the storage is real, the clock is set by hand."""

from poller.core.care import tended_routes
from poller.core.route import Route
from poller.core.snapshot import Snapshot
from poller.core.tending import TendingPlan
from poller.engine.batches import BatchWatch
from poller.engine.tending import Tender
from poller.engine.verdict import Rules
from tests.engine.conftest import House, settle_down
from tests.engine.stage import rules, seen

DAY = 86400.0
PLAN = TendingPlan(remind_every=DAY, escalate_after=2.5 * DAY, escalate_to=("boss",))
ROUTES = [
    Route(notify=("backend",), on=("state:*_FAILED", "WATCHED"), tending=PLAN),
    Route(notify=("ops",), on=("ACKNOWLEDGED",)),
]
CARING: Rules = rules(
    routes=ROUTES, notifiers=["backend", "ops", "boss"], tended=tended_routes(ROUTES), first_sight="silent"
)


def tender(house: House) -> Tender:
    return Tender("prod", house.store.ledger, house.store.care, house.clock, CARING, lambda: None)


async def see(house: House, job_id: str, state: str, *log_types: str, with_rules: Rules = CARING) -> None:
    """One poll that sees the job in this state."""
    await house.watch(job_id)
    await house.store.registry.poll_now("prod", job_id, now=house.clock.now())
    house.source.script = {job_id: seen(state, *log_types)}
    async with house.poller(with_rules=with_rules) as poller:
        await settle_down(poller)


async def fail(house: House, job_id: str = "a", *, with_rules: Rules = CARING) -> None:
    await see(house, job_id, "TRAINING", with_rules=with_rules)
    await see(house, job_id, "TRAIN_FAILED", with_rules=with_rules)


async def told_to(house: House, transition: str) -> list[list[str]]:
    """For each event of this transition, to whom it is owed."""
    rows = [row for row in await house.owed() if row.transition == transition]
    ids = list(dict.fromkeys(row.event_id for row in rows))
    return [[row.notifier for row in rows if row.event_id == id_] for id_ in ids]


async def days(house: House, count: int, *, each: float = DAY) -> None:
    for _ in range(count):
        house.clock.pass_(each)
        await tender(house).round()  # a new one each time: a restart changes nothing


async def test_a_job_that_waits_is_reminded_of_each_day_and_escalated_once(house: House) -> None:
    await fail(house)
    await days(house, 8, each=DAY / 2)
    assert await told_to(house, "REMINDER") == [["backend"], ["backend"], ["backend", "boss"]]
    assert await told_to(house, "ESCALATED") == [["backend", "boss"]]
    events = await house.events()
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [event.data["tending"]["reminders"] for event in events if event.transition == "REMINDER"] == [1, 2, 3]  # type: ignore[index,call-overload]  # JSON


async def test_the_same_moment_is_told_once_however_often_it_is_looked_at(house: House) -> None:
    await fail(house)
    house.clock.pass_(DAY)
    assert [await tender(house).round() for _ in range(3)] == [1, 0, 0]


async def test_a_job_that_has_moved_on_is_left_alone_and_its_time_begins_anew_when_it_fails_again(house: House) -> None:
    await fail(house)
    house.clock.pass_(0.9 * DAY)
    await see(house, "a", "TRAINING")
    await see(house, "a", "TRAIN_FAILED")
    await days(house, 1, each=0.5 * DAY)
    assert await told_to(house, "REMINDER") == []
    await days(house, 1, each=0.5 * DAY)
    assert await told_to(house, "REMINDER") == [["backend"]]
    await see(house, "a", "JOB_SUCCESS")
    await days(house, 5)
    assert len(await told_to(house, "REMINDER")) == 1


async def test_who_acknowledges_it_ends_the_reminders_and_those_who_were_told_hear_of_it(house: House) -> None:
    await fail(house)
    await days(house, 3)
    await tender(house).acknowledge("a", "alice", "new material is on its way")
    await days(house, 3)
    assert len(await told_to(house, "REMINDER")) == 2
    assert await told_to(house, "ACKNOWLEDGED") == [["backend", "ops", "boss"]]
    row = await house.job("a")
    assert (row.acknowledged_by, row.acknowledgement) == ("alice", "new material is on its way")


async def test_an_acknowledgement_holds_for_the_stay_in_the_state_only(house: House) -> None:
    await fail(house)
    await tender(house).acknowledge("a", "alice", None)
    await see(house, "a", "TRAIN_FAILED", "CREATE")  # a log entry changes nothing
    await days(house, 2)
    assert await told_to(house, "REMINDER") == []
    await see(house, "a", "TRAINING")
    await see(house, "a", "TRAIN_FAILED")
    assert (await house.job("a")).acknowledged_by is None
    await days(house, 1)
    assert await told_to(house, "REMINDER") == [["backend"]]


async def test_a_removed_job_is_reminded_of_no_more(house: House) -> None:
    await fail(house)
    await house.store.registry.remove("prod", "a", now=house.clock.now())
    await days(house, 2)
    assert await told_to(house, "REMINDER") == []


async def test_what_waited_before_the_route_tended_is_adopted_once_and_from_then_on(house: House) -> None:
    before = rules(routes=[Route(notify=("backend",))], first_sight="silent")
    await fail(house, with_rules=before)
    await see(house, "b", "TRAINING", with_rules=before)
    await see(house, "b", "JOB_SUCCESS", with_rules=before)
    house.clock.pass_(30 * DAY)
    assert [await tender(house).adopt() for _ in range(2)] == [1, 0]
    await days(house, 1)
    assert await told_to(house, "REMINDER") == [["backend"]]


async def test_a_batch_is_told_when_its_last_job_has_ended_and_by_one_daemon(house: House) -> None:
    def look() -> BatchWatch:
        return BatchWatch("prod", house.store.batches, house.clock, rules(), lambda: None)

    async def with_batch(job_id: str, state: str) -> None:
        await house.watch(job_id)
        await house.store.registry.poll_now("prod", job_id, now=house.clock.now())
        reading = seen(state)
        house.source.script = {job_id: type(reading)(snapshot=_in_batch(reading.snapshot), digest=state.encode())}
        async with house.poller() as poller:
            await settle_down(poller)

    await with_batch("a", "TRAINING")
    await with_batch("b", "TRAIN_FAILED")
    await look().round()
    await with_batch("a", "JOB_SUCCESS")
    for _ in range(3):
        await look().round()
    done = [event for event in await house.events() if event.transition == "BATCH_DONE"]
    assert [event.data["batch"] for event in done] == [
        {"batch_name": "spring", "jobs": 2, "classes": {"done": 1, "failed": 1}, "missing": 0, "completion": 1}
    ]
    [progress] = await house.store.archive.batches("prod")
    assert (progress.jobs, progress.ended, progress.changed_at) == (2, 2, house.clock.now())


def _in_batch(snapshot: Snapshot) -> Snapshot:
    return snapshot._replace(fields={**snapshot.fields, "batch_name": "spring"})
