"""What a receiver in trouble costs the others, and what looking out for it costs a sound one."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import anyio

from poller.core.event import Event
from poller.core.message import event_id
from poller.core.notices import notifier_failing
from poller.core.specimens import examples
from poller.core.work import NotifierHealth, Told
from poller.engine.standing import Standing
from poller.store.store import Store
from poller.store.telling import tell
from tests.bench.crowd import LOOK, PATIENCE, daemon
from tests.bench.delivering import PER_JOB
from tests.bench.figure import Figure, per_second
from tests.bench.laps import Lap, alternate, median_rate
from tests.bench.machine import peak_memory
from tests.bench.polling import NOWHERE, watching
from tests.bench.program import NOTIFIER, Program, program, write_config
from tests.bench.scale import Scale
from tests.bench.servers import Server, receiver, upstream
from tests.bench.telling import say
from tests.bench.templates import side_of

BATCH = 1000  # deliveries in one transaction
FEW_JOBS = 20  # watched while memory is looked at


async def trouble(scratch: Path, scale: Scale) -> list[Figure]:
    """A receiver that refuses every connection, and one that is sound."""
    with upstream(jobs=scale.watched) as server:
        beside = await _polling_beside(scratch, server, scale)
        memory = await _memory(scratch, server, scale)
    return [beside, memory, await _sound(scratch, scale)]


async def _polling_beside(scratch: Path, server: Server, scale: Scale) -> Figure:
    async with (
        watching(scratch, server, jobs=scale.watched, hook=NOWHERE, database="dead.db") as dead,
        watching(scratch, server, jobs=scale.watched, database="none.db") as none,
    ):
        await _owe(dead.store, scale.owed)
        laps = await alternate(scale.rounds, lambda: _beside(dead, scale.seconds), lambda: none.poll_for(scale.seconds))
    own, other = (statistics.median(lap.cost for lap in side) for side in laps)
    return Figure(
        what=f"processor time of a poll beside a dead receiver that is owed {scale.owed:,}",
        value=100 * max(0.0, own / other - 1),
        unit="%",
        goal=5.0,
        best="low",
        ours=f"{own * 1e6:,.0f} µs  the dispatcher probes a closed port",
        baseline=f"{other * 1e6:,.0f} µs  the same without a notifier",
        detail=f"{per_second(median_rate(laps[0]))} against {per_second(median_rate(laps[1]))}",
    )


async def _beside(ours: Program, seconds: float) -> Lap:
    """Polls while the dispatcher, which begins anew with a probe, is at work."""
    dispatcher = ours.parts().dispatchers[NOTIFIER]
    async with anyio.create_task_group() as group:
        group.start_soon(dispatcher.run)
        lap = await ours.poll_for(seconds)
        dispatcher.shift.close()
    return lap


async def _memory(scratch: Path, server: Server, scale: Scale) -> Figure:
    peaks = []
    for database, owed in (("some.db", scale.owed), ("nothing.db", 0)):
        async with watching(scratch, server, jobs=FEW_JOBS, hook=NOWHERE, database=database) as ours:
            await _owe(ours.store, owed)
        config = write_config(scratch, database=database, endpoint=server.url, hook=NOWHERE)
        with daemon(scratch, config) as (pid, _):
            with anyio.fail_after(PATIENCE):
                while b"started" not in (scratch / "daemon.log").read_bytes():  # noqa: ASYNC110 another process says it
                    await anyio.sleep(LOOK)
            say(f"a daemon that owes {owed:,} for {scale.running:g} s")
            await anyio.sleep(scale.running)
            peaks.append(peak_memory(pid))
    return Figure(
        what=f"memory for a dead receiver that is owed {scale.owed:,}",
        value=max(0, peaks[0] - peaks[1]) / 1e6,
        unit="MB",
        goal=50.0,
        best="low",
        ours=f"{peaks[0] / 1e6:,.0f} MB  peak of `poller run`",
        baseline=f"{peaks[1] / 1e6:,.0f} MB  the same, owing nothing",
    )


async def _sound(scratch: Path, scale: Scale) -> Figure:
    with receiver() as hook:
        async with program(scratch, database="sound.db", endpoint=NOWHERE.rstrip("/"), hook=hook.url) as ours:
            side = await side_of(ours, scale.webhooks // PER_JOB)

            async def blind() -> Lap:
                with patch.object(Standing, "learn", lambda *_: None):
                    return await side()

            laps = await alternate(scale.rounds, side, blind)
    return _sound_figure(*laps)


def _sound_figure(ours: Sequence[Lap], theirs: Sequence[Lap]) -> Figure:
    own, other = (1 / statistics.median(lap.cost for lap in laps) for laps in (ours, theirs))
    return Figure(
        what="signed webhooks with the breaker, for the same processor time",
        value=own / other,
        unit="x",
        goal=0.9,
        best="high",
        ours=f"{per_second(own)}  each outcome is learned from",
        baseline=f"{per_second(other)}  the same program, learning nothing",
        detail=f"by the clock {per_second(median_rate(ours))} against {per_second(median_rate(theirs))}",
    )


async def _owe(store: Store, count: int) -> None:
    """So many deliveries of jobs that are watched, in order, to a notifier that is told as failing."""
    if not count:
        return
    event = examples()["poller.job.state_changed"]
    keys = [row.key for row in await store.archive.jobs(limit=FEW_JOBS)]
    for done in range(0, count, BATCH):
        say(f"owing {done:,} of {count:,}")
        told = [
            (keys[number % len(keys)], _numbered(event, number, 1000 + number // len(keys)))
            for number in range(done, min(count, done + BATCH))
        ]
        async with store.database.writing() as transaction:
            await tell(transaction, told)
    failing = notifier_failing(NOTIFIER, "connection refused", now=event.observed_at)
    health = NotifierHealth(condition="failing", since=event.observed_at, reason="connection refused")
    await store.ledger.announce_notifier(Told(event=failing, notifiers=()), NOTIFIER, health)


def _numbered(event: Event, number: int, sequence: int) -> Told:
    numbered = event._replace(id=event_id("bench", number), sequence=sequence)
    return Told(event=numbered, notifiers=(NOTIFIER,))
