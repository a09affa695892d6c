"""Claims on PostgreSQL: what they cost at 10,000 and at 1,000,000 jobs, by which plans, and what polling leaves behind in the table.

``python -m tests.bench.claims [JOBS]`` with a PostgreSQL of its own; takes some minutes.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import anyio
from sqlalchemy import text

from poller.core.work import Due, Poll
from poller.store.store import Store, open_store
from tests.process.postgres import own_server

FEW, MANY = 10_000, 1_000_000
BATCH = 64  # jobs in one claim
ROUNDS = 150
CHURN = 100_000  # polls after which the table is looked at

_FILL = """
INSERT INTO jobs (source, job_id, labels, by_file, by_request, by_discovery, paused, watching, state_class, state_since, revision,
                  sequence, due_at, failures, absences, missing, added_at, removed_by_operator, quiet_entries, state, entry_rate,
                  created_at)
SELECT 'prod', 'job' || n, '{}', false, true, false, false, true, 'active', 1, 0, 0, 1000 + n % 3600, 0, 0, false, 1, false, 0,
       'TRAINING', 0.001, 1
FROM generate_series(1, :jobs) AS n
"""
_STATS = """
SELECT n_tup_upd AS updates, n_tup_hot_upd AS hot, n_dead_tup AS dead, pg_relation_size('jobs') AS bytes,
       pg_relation_size('jobs_due') AS index_bytes, autovacuum_count AS autovacuums
FROM pg_stat_user_tables WHERE relname = 'jobs'
"""
_PLAN = """
EXPLAIN (COSTS OFF) SELECT id FROM jobs WHERE source = 'prod' AND watching AND due_at <= 1e9
AND (claimed_until IS NULL OR claimed_until <= 1e9) ORDER BY due_at LIMIT 64 FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, kw_only=True)
class Lap:
    """Milliseconds of a claim and of a record of `BATCH` jobs, the median of all rounds."""

    jobs: int
    claim: float
    record: float


async def lap(store: Store, jobs: int, rounds: int = ROUNDS) -> Lap:
    """Claim and record, again and again; each job is due again an hour later."""
    claims: list[float] = []
    records: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        due = await store.ledger.claim("prod", now=1e6, until=2e6, limit=BATCH)
        claimed = time.perf_counter()
        await store.ledger.record(_polls(due))
        claims.append(claimed - began)
        records.append(time.perf_counter() - claimed)
    return Lap(jobs=jobs, claim=_median(claims), record=_median(records))


async def rows(store: Store, statement: str) -> list[dict[str, Any]]:
    """What the server answers."""
    async with store.database.reading() as view:
        return [dict(row) for row in (await view.execute(text(statement))).mappings()]


async def fill(store: Store, jobs: int) -> None:
    """So many jobs, all due, and a table that is analyzed."""
    async with store.database.long_writing() as transaction:
        await transaction.execute(text(_FILL), {"jobs": jobs})
        await transaction.execute(text("ANALYZE jobs"))


async def measure(url: str, jobs: int) -> None:
    """Print the figures for a table of that size."""
    async with open_store(url) as store:
        await fill(store, jobs)
        plan = [next(iter(row.values())) for row in await rows(store, _PLAN)]
        done = await lap(store, jobs)
        _say(f"{jobs:>9,} jobs: claim {done.claim:.2f} ms, record {done.record:.2f} ms for {BATCH} jobs")
        _say("\n".join(f"            {line}" for line in plan))
        if jobs == FEW:
            await _churn(store)
        async with store.database.long_writing() as transaction:
            await transaction.execute(text("TRUNCATE jobs CASCADE"))


async def _churn(store: Store) -> None:
    before = (await rows(store, _STATS))[0]
    await lap(store, FEW, CHURN // BATCH)
    await anyio.sleep(2.0)  # the server's statistics come a moment later
    after = (await rows(store, _STATS))[0]
    updates, hot = after["updates"] - before["updates"], after["hot"] - before["hot"]
    _say(f"            {updates:,} updates by {CHURN:,} polls, {hot / max(updates, 1):.0%} of them HOT; {after}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _polls(due: Sequence[Due]) -> list[Poll]:
    return [Poll(key=one.key, revision=one.revision, due_at=one.due_at + 3600.0, seen_at=1e6) for one in due]


def _median(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2] * 1000


async def main(sizes: Sequence[int]) -> None:
    """All sizes on one server."""
    with own_server() as server:
        for jobs in sizes:
            await measure(server.url, jobs)


if __name__ == "__main__":
    anyio.run(main, [int(size) for size in sys.argv[1:]] or [FEW, MANY])
