"""Claims on PostgreSQL: what one costs at many jobs against few, by which plan, and what a million polls leave behind in the table."""

import random
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from poller.core.work import Due, Poll
from poller.store.store import Store, open_store
from tests.bench.figure import Figure
from tests.bench.plans import plan_of_claim
from tests.bench.postgres import ROOMY, postgresql, rows, run
from tests.bench.program import SOURCE
from tests.bench.scale import Scale
from tests.bench.telling import say

BATCH: Final = 64  # jobs in one claim
HAND: Final = 256  # the most that a poller claims at once; so many a time while the table is worn in
DEPTH: Final = 1000  # jobs that are due, at any time and at either size
JITTER: Final = 500  # jobs by which the order changes from one round to the next
ROUNDS: Final = 40  # claims for each of `Scale.rounds`
# A million polls are made in minutes here, and take hours: autovacuum looks as much more often.
HURRIED: Final = ROOMY | {"autovacuum_naptime": "1s"}

_FILL: Final = """
INSERT INTO jobs (source, job_id, labels, by_file, by_request, by_discovery, paused, watching, state_class, state_since, revision,
                  sequence, due_at, failures, absences, missing, added_at, removed_by_operator, quiet_entries, state, name,
                  entry_rate, created_at, first_seen_at, seen_at, digest)
SELECT '{source}', md5(n::text), '{{}}', false, true, false, false, true, 'active', 1, 0, 0, random() * {jobs}, 0, 0, false, 1,
       false, 0, 'TRAINING', 'Spring campaign, presenter ' || n, 0.001, 1, 1, 1, decode(md5(n::text), 'hex')
FROM generate_series(1, {jobs}) AS n
"""
_STATISTICS: Final = """
SELECT n_tup_upd AS updates, n_tup_hot_upd AS hot, n_dead_tup AS dead, autovacuum_count AS vacuums, seq_scan AS scans,
       pg_relation_size('jobs') AS bytes, pg_indexes_size('jobs') AS index_bytes, pg_relation_size('jobs_due') AS due_bytes
FROM pg_stat_user_tables WHERE relname = 'jobs'
"""


@dataclass(kw_only=True)
class Crowd:
    """So many jobs in a database of their own; of time, one job becomes due with each unit of `now`."""

    url: str
    store: Store
    jobs: int
    now: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    claims: list[float] = field(default_factory=list)  # seconds
    records: list[float] = field(default_factory=list)

    def fill(self) -> None:
        """In an order of due times that is not the one of the rows."""
        say(f"{self.jobs:,} jobs")
        run(
            self.url,
            "SELECT setseed(0.5)",
            _FILL.format(source=SOURCE, jobs=self.jobs),
            "VACUUM ANALYZE jobs",
            "CHECKPOINT",
        )
        self.now = float(min(DEPTH, self.jobs // 4))

    async def poll(self, most: int) -> None:
        """Claim what is due and record it; each job is due again after all others."""
        self.now += most
        began = time.perf_counter()
        due = await self.store.ledger.claim(SOURCE, now=self.now, until=self.now + 1e9, limit=most)
        claimed = time.perf_counter()
        await self.store.ledger.record(self._polls(due))
        if len(due) == most:
            self.claims.append(claimed - began)
            self.records.append(time.perf_counter() - claimed)

    async def wear_in(self, polls: int) -> None:
        """So many polls that are not measured."""
        hand = min(HAND, self.jobs // 8)
        for done in range(0, polls, hand):
            if done // hand % 100 == 0:
                say(f"{done:,} of {polls:,} polls of {self.jobs:,} jobs")
            await self.poll(hand)
        self.claims.clear()
        self.records.clear()

    async def statistics(self) -> dict[str, Any]:
        """Of the table, with all that the store's connection has done so far."""
        async with self.store.database.writing() as transaction:
            await transaction.execute(text("SELECT pg_stat_force_next_flush()"))
        return rows(self.url, _STATISTICS)[0]

    def _polls(self, due: Sequence[Due]) -> list[Poll]:
        jitter = min(JITTER, self.jobs // 8)
        again = [one.due_at + self.jobs + self.chance.uniform(-jitter, jitter) for one in due]
        return [
            Poll(key=one.key, revision=one.revision, due_at=at, seen_at=self.now)
            for one, at in zip(due, again, strict=True)
        ]


async def claims(_scratch: Path, scale: Scale) -> list[Figure]:
    """Both sizes worn in, then claims in turn (A B A B …)."""
    with postgresql(HURRIED) as server:
        async with AsyncExitStack() as stack:
            few, many = [
                await _crowd(stack, server.database(name), jobs)
                for name, jobs in (("few", scale.few), ("many", scale.many))
            ]
            await few.wear_in(min(scale.worn, scale.few * 10))
            before = await many.statistics()
            await many.wear_in(scale.worn)
            after = await many.statistics()
            for number in range(scale.rounds * ROUNDS):
                if number % ROUNDS == 0:
                    say(f"claims, round {number // ROUNDS + 1} of {scale.rounds}")
                for crowd in (many, few):
                    await crowd.poll(min(BATCH, crowd.jobs // 8))
            scans = (await many.statistics())["scans"] - after["scans"]
            return [_cost(many, few, scans), _hot(many, scale, before, after), _growth(many, scale, before, after)]


async def _crowd(stack: AsyncExitStack, url: str, jobs: int) -> Crowd:
    store = await stack.enter_async_context(open_store(url))
    crowd = Crowd(url=url, store=store, jobs=jobs)
    crowd.fill()
    return crowd


def _cost(many: Crowd, few: Crowd, scans: int) -> Figure:
    own, other = (statistics.median(crowd.claims) * 1000 for crowd in (many, few))
    records = [statistics.median(crowd.records) * 1000 for crowd in (many, few)]
    plan = plan_of_claim(many.url, now=many.now, limit=BATCH)
    return Figure(
        what=f"claim of {BATCH} jobs on PostgreSQL, {many.jobs:,} jobs against {few.jobs:,}",
        value=own / other,
        unit="x",
        goal=1.3,
        best="low",
        ours=f"{own:.2f} ms, the median of {len(many.claims)}, after the polls below; {plan.shown}; {scans} sequential scans meanwhile",
        baseline=f"{other:.2f} ms; {plan_of_claim(few.url, now=few.now, limit=BATCH).shown}",
        detail=f"record of their polls {records[0]:.2f} ms against {records[1]:.2f} ms; {DEPTH:,} jobs due at either size; "
        f"the server has {ROOMY['shared_buffers']} of buffers",
    )


def _hot(many: Crowd, scale: Scale, before: dict[str, Any], after: dict[str, Any]) -> Figure:
    updates, hot = (after[name] - before[name] for name in ("updates", "hot"))
    return Figure(
        what=f"HOT among the updates of `jobs`, {scale.worn:,} polls",
        value=100 * hot / max(updates, 1),
        unit="%",
        goal=48.0,
        best="high",
        ours=f"{hot:,} of {updates:,} updates, {many.jobs:,} jobs: a claim changes no index, a poll moves `due_at`, which is in one",
        baseline="computed: 50 % at most, one claim for each poll",
        detail=f"dead rows left {after['dead']:,}; vacuumed {after['vacuums'] - before['vacuums']} times meanwhile",
    )


def _growth(many: Crowd, scale: Scale, before: dict[str, Any], after: dict[str, Any]) -> Figure:
    sizes = [
        f"{after[name] / 1e6:,.1f} MB (was {before[name] / 1e6:,.1f})" for name in ("bytes", "index_bytes", "due_bytes")
    ]
    whole = [stats["bytes"] + stats["index_bytes"] for stats in (after, before)]
    return Figure(
        what=f"size of `jobs` with its indexes, after {scale.worn:,} polls against before",
        value=whole[0] / whole[1],
        unit="x",
        goal=2.0,
        best="low",
        ours=f"table {sizes[0]}, all indexes {sizes[1]}, of them jobs_due {sizes[2]}",
        baseline=f"{many.jobs:,} jobs, just loaded",
    )
