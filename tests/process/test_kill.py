"""The promise of INTERFACE.md section 4 under fire: bad days upstream and at the receiver, and kill -9 at any moment."""

import sqlite3
from pathlib import Path

import pytest

from tests.docs.schemas import misfits
from tests.process.campaign import Campaign, Outcome, fight, shown_seed
from tests.store.conftest import Server

# They take half a minute each; a machine that does eight other things at once is allowed ten times that.
pytestmark = pytest.mark.timeout(300)

BAD_UPSTREAM = (
    "500=0.03,502=0.01,503=0.01:1s,429=0.002:1s,429=0.001,html=0.02,cut=0.02,reset=0.02,slow=0.02:500ms,badtoken=0.003,"
    "shape=0.03,shrink=0.03,shuffle=0.04,empty=0.01,redirect=0.005"
)
BAD_RECEIVER = (
    "500=0.04,503=0.01:1s,429=0.01:1s,reset=0.03,lost=0.03,slow=0.03:300ms,cut=0.01,redirect=0.01,hang=0.002:1s"
)
MANY = Campaign(
    jobs=100,
    kills=11,
    seconds=24.0,
    upstream=BAD_UPSTREAM,
    receiver=BAD_RECEIVER,
    store={},
    source={},
    notifier={},
)


def _assert_promise_kept(outcome: Outcome) -> None:
    print(outcome)  # noqa: T201 pytest shows it with a failure
    verdict = outcome.verdict
    assert verdict.ok, verdict.summary
    assert verdict.happened == verdict.told
    assert outcome.receiver.tally.altered == 0
    assert not outcome.receiver.tally.refused
    assert misfits(arrival.body for arrival in outcome.receiver.received) == []
    assert outcome.exit_code == 0
    assert "Traceback" not in outcome.log
    assert "because of a bug" not in outcome.log


async def test_a_hundred_jobs_on_bad_days_and_eleven_kills_lose_nothing_and_invent_nothing(tmp_path: Path) -> None:
    with shown_seed() as seed:
        outcome = await fight(MANY, tmp_path, seed)
        _assert_promise_kept(outcome)
        assert outcome.killed_at_work >= 7
        assert outcome.verdict.happened > 1000
        assert min(
            outcome.simulator.counters.faults[kind] for kind in ("500", "html", "cut", "reset", "shape", "shrink")
        )
        assert min(outcome.receiver.tally.faults[kind] for kind in ("500", "503", "reset", "slow", "lost"))
        assert _integrity(tmp_path / "poller.db") == [("ok",)]


async def test_leases_of_killed_daemons_on_postgresql_run_out_and_nothing_is_lost(
    tmp_path: Path, postgresql: Server
) -> None:
    # Leases last 10 s longer than all that a claimed row can wait for: short time-outs keep the test short.
    few = Campaign(
        jobs=20,
        kills=3,
        seconds=8.0,
        upstream="500=0.03,reset=0.02,shape=0.02,shrink=0.02",
        receiver="500=0.03,lost=0.03,reset=0.02",
        store={"url": postgresql.fresh()},
        source={"timeout": "400ms"},
        notifier={"timeout": "400ms"},
    )
    with shown_seed() as seed:
        outcome = await fight(few, tmp_path, seed)
        _assert_promise_kept(outcome)
        assert outcome.verdict.happened > 200


def _integrity(database: Path) -> list[tuple[str]]:
    with sqlite3.connect(database) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall()
