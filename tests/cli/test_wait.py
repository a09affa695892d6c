"""`poller wait`, alone against a real simulator, and beside a daemon's API; in both a script moves the job."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from poller.cli.alone import after, first_look
from poller.core.job import NEVER_SEEN
from poller.core.reading import Absent, Denied, Failed, Refused, Same, Seen
from poller.core.vocabulary import CLASSES
from poller.errors import PollerError
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import World
from poller.store.store import Store
from tests.cli.operating import CONFIG, Operator
from tests.config import samples
from tests.core.samples import NOON, SUBJECT, look, operation, snapshot
from tests.engine.stage import rules
from tests.process.daemon import until
from tests.store import making

QUICK = "every = {" + ", ".join(f'{one} = "20ms"' for one in CLASSES) + '}\nrate = "200/s"'
PATIENCE = 20.0


@contextmanager
def simulated(poller: Operator, states: Sequence[str], *, log: str | None = None) -> Iterator[Simulator]:
    """A job `a` that goes to the next state whenever it was looked at twice; the first is there from the beginning."""
    world = World()
    world.put("a", {"state": states[0], "name": "Anna"})

    async def live(simulator: Simulator) -> None:
        for state in states[1:]:
            await looked_at(simulator, 2)
            if log is not None:
                world.append_log("a", log)
            world.put("a", {"state": state})

    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running_simulator(world)) as simulator,
    ):
        where = f'endpoint = "{simulator.endpoint}"'
        auth = 'auth = { method = "token", token = "simulated-static-token" }'
        poller.configure(samples.source(QUICK, where=where, project=f'project_id = "{world.project_id}"', auth=auth))
        living = portal.start_task_soon(live, simulator)
        yield simulator
        living.cancel()


async def looked_at(simulator: Simulator, times: int) -> None:
    enough = simulator.counters.requests["detail"] + times
    await until(lambda: simulator.counters.requests["detail"] >= enough, PATIENCE)


def test_alone_it_shows_each_transition_until_the_job_is_done_and_keeps_nothing(poller: Operator) -> None:
    with simulated(poller, ["TRAINING", "TRAIN_SUCCESS", "JOB_SUCCESS"], log="SYSTEM_X"):
        ran = poller("wait", "prod", "a")

    assert ran.code == 0
    assert "no daemon answers: polling by itself" in ran.err
    assert any("Anna: SYSTEM_X by SYSTEM" in line for line in ran.lines)
    assert any("Anna: TRAINING → TRAIN_SUCCESS after " in line for line in ran.lines)
    assert ran.lines[-1] == "prod a: reached JOB_SUCCESS (done)"
    assert [file.name for file in poller.folder.iterdir()] == ["poller.toml"]


def test_alone_json_is_one_event_a_line(poller: Operator) -> None:
    with simulated(poller, ["TRAINING", "TRAIN_SUCCESS", "JOB_SUCCESS"]):
        ran = poller("wait", "prod", "a", "--json")

    assert ran.code == 0
    assert [row["data"]["transition"] for row in ran.rows] == ["WATCHED", "TRAIN_SUCCESS", "JOB_SUCCESS"]
    assert [row["data"]["sequence"] for row in ran.rows] == [1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 1, "ended in TRAIN_FAILED (failed)"),
        (["--for", "failed"], 0, ""),
        (["--for", "JOB_SUCCESS", "TRAIN_FAILED"], 0, ""),
        (["--for", "JOB_SUCCESS,TRAIN_FAILED"], 0, ""),
        (["--for", "JOB_SUCCESS", "--for", "active"], 0, ""),
        (["--for", "done"], 1, "ended in TRAIN_FAILED (failed), which is not done"),
    ],
)
def test_a_job_that_fails_is_what_was_waited_for_or_not(
    poller: Operator, arguments: list[str], code: int, said: str
) -> None:
    with simulated(poller, ["TRAINING", "TRAIN_FAILED"]):
        ran = poller("wait", "prod", "a", *arguments)

    assert ran.code == code
    assert said in ran.err


def test_a_job_that_ends_otherwise_than_waited_for_is_waited_for_no_longer(poller: Operator) -> None:
    with simulated(poller, ["JOB_SUCCESS"]):
        ran = poller("wait", "prod", "a", "--for", "TRAINING", "--timeout", "1h")

    assert (ran.code, "ended in JOB_SUCCESS (done), which is not TRAINING" in ran.err) == (1, True)


def test_it_gives_up_after_the_timeout_with_a_code_of_its_own(poller: Operator) -> None:
    with simulated(poller, ["TRAINING"]):
        ran = poller("wait", "prod", "a", "--timeout", "1s")

    assert ran.code == 124
    assert "not there within 1s; it is TRAINING (active)" in ran.err


def test_a_job_that_does_not_exist_is_told_once_that_is_sure(poller: Operator) -> None:
    with simulated(poller, ["TRAINING"]) as simulator:
        ran = poller("wait", "prod", "nobody")
        assert simulator.counters.requests["detail"] == 2

    assert (ran.code, "does not exist" in ran.err) == (1, True)


def test_credentials_that_are_refused_end_it_before_they_are_locked(poller: Operator) -> None:
    with simulated(poller, ["TRAINING"]) as simulator:
        file = poller.folder / "poller.toml"
        file.write_text(file.read_text().replace("simulated-static-token", "wrong"))
        ran = poller("wait", "prod", "a")
        assert simulator.counters.requests["detail"] <= 3

    assert (ran.code, "credentials" in ran.err) == (1, True)


def test_its_pace_is_that_of_the_class_and_never_above_the_rate(poller: Operator) -> None:
    with simulated(poller, ["TRAINING"]) as simulator:
        file = poller.folder / "poller.toml"
        file.write_text(file.read_text().replace("200/s", "5/s"))
        began = time.monotonic()
        poller("wait", "prod", "a", "--timeout", "1s")
        assert simulator.counters.requests["detail"] <= 1 + 5 * (time.monotonic() - began)


@contextmanager
def beside(poller: Operator, script: Callable[[Store], Awaitable[None]]) -> Iterator[Any]:
    """A daemon's API, and `script` in place of its loops."""
    with poller.daemon() as daemon:
        running = daemon.portal.start_task_soon(script, daemon.api.store)
        yield daemon
        running.result(PATIENCE)


async def watched(store: Store) -> None:
    """Until the command has had job `a` watched and polled."""

    async def is_due() -> bool:
        return any(row.due_at is not None and row.due_at <= time.time() for row in await store.archive.jobs())

    await until(is_due, PATIENCE)


async def polled(store: Store, *states: str) -> None:
    """Polls of job `a` that find these states, one after the other, all at one time: no stay is longer where the machine is busy."""
    now = time.time()
    for state in states:
        due = (await store.ledger.claim("prod", now=time.time() + 3600, until=time.time() + 7200, limit=1))[0]
        known = (await store.ledger.known([due.key])).get(due.key, NEVER_SEEN)
        change = look(known, snapshot(state, operation(1, "SYSTEM_X")), now=now)
        events = [one._replace(subject="a", job_id="a") for one in change.events]
        poll = making.changed(due, *events, now=now, due_at=now + 30, known=change.known)
        assert poll.change is not None
        state_class = SUBJECT.classify(state)
        await store.ledger.record([poll._replace(change=poll.change._replace(state_class=state_class))])


def test_beside_a_daemon_the_job_is_watched_and_followed_by_its_events(poller: Operator) -> None:
    async def script(store: Store) -> None:
        await watched(store)
        await polled(store, "TRAINING", "TRAIN_SUCCESS", "JOB_SUCCESS")

    with beside(poller, script) as daemon:
        ran = poller("wait", "prod", "a", "--json")
        assert daemon.api.controls.rung == ["prod"]

    assert ran.code == 0
    assert [row["data"]["transition"] for row in ran.rows] == ["WATCHED", "TRAIN_SUCCESS", "JOB_SUCCESS"]
    assert "position" not in ran.rows[0]


def test_beside_a_daemon_a_state_that_was_only_passed_through_counts(poller: Operator) -> None:
    async def script(store: Store) -> None:
        await watched(store)
        await polled(store, "AUTO_VERIFYING", "TRAINING", "TRAIN_SUCCESS")

    with beside(poller, script):
        ran = poller("wait", "prod", "a", "--for", "TRAINING")

    assert (ran.code, ran.lines[-1]) == (0, "prod a: reached TRAINING (active)")


def test_what_the_daemon_saw_long_ago_does_not_count(poller: Operator) -> None:
    """The job was failed when it was last looked at, and has been resubmitted since."""

    async def script(store: Store) -> None:
        await watched(store)
        await polled(store, "TRAINING", "JOB_SUCCESS")

    async def failed_before(store: Store) -> None:
        await making.watch(store, "a")
        await polled(store, "TRAIN_FAILED")

    poller.fill(failed_before)
    with beside(poller, script):
        ran = poller("wait", "prod", "a")

    assert ran.code == 0
    assert any("TRAIN_FAILED → TRAINING after " in line for line in ran.lines)


def test_what_is_usual_in_a_state_is_shown_where_it_is_known(poller: Operator) -> None:
    async def history(store: Store) -> None:
        await making.watch(store, "a")
        await polled(store, *["TRAINING", "TRAIN_SUCCESS"] * 6, "AUTO_VERIFYING")

    async def script(store: Store) -> None:
        await watched(store)
        await polled(store, "TRAINING")

    poller.fill(history)
    with beside(poller, script):
        ran = poller("wait", "prod", "a", "--for", "TRAINING")

    assert (ran.code, any("; usually 0s, 95 % within 0s" in line for line in ran.lines)) == (0, True)


def test_a_paused_job_is_refused_with_the_remedy(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(making.watch, "a")
        poller("jobs", "pause", "prod", "a")
        ran = poller("wait", "prod", "a")

    assert (ran.code, "poller jobs resume" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "a"], "there is no source nowhere; the configuration has: prod"),
        (["prod", "../a"], "expected a job id"),
        (["prod", "a", "b"], "expected --for before a state or class"),
        (["prod", "a", "--for", ""], "--for: found nothing"),
        (["prod", "a", "--timeout", "soon"], "--timeout: found 'soon'"),
    ],
)
def test_a_wait_that_makes_no_sense_is_wrong_usage(poller: Operator, arguments: list[str], said: str) -> None:
    ran = poller("wait", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_alone_it_needs_the_credentials_and_says_which(poller: Operator) -> None:
    poller.configure(CONFIG)

    ran = poller("wait", "prod", "a")
    assert (ran.code, "sources.prod.auth.token" in ran.err) == (2, True)


def test_a_state_that_is_not_known_is_remarked_upon(poller: Operator) -> None:
    with simulated(poller, ["TRAINING", "JOB_SUCCESS"]):
        ran = poller("wait", "prod", "a", "--for", "JOB_SUCCES,done")

    assert (ran.code, "JOB_SUCCES is no class, and no state" in ran.err) == (0, True)


def test_on_a_terminal_a_line_moves_and_an_interrupt_ends_it(poller: Operator) -> None:
    with simulated(poller, ["TRAINING"]):
        controller, terminal = pty.openpty()
        process = _start(poller.folder, terminal, "wait", "prod", "a")
        written = b""
        while not re.search(rb"prod a: TRAINING \(active\) for [1-9]\d*s; next look in", written):
            written += os.read(controller, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 130
        os.close(controller)

    assert len(set(re.findall(rb"TRAINING \(active\) for \d+s|asking", written))) > 1


def _start(folder: Path, terminal: int, *arguments: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-m", "poller", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "150"},
    )
    os.close(terminal)
    return process


SEEN = Seen(snapshot=snapshot("TRAINING"), digest=b"d")
START = first_look("prod", "a")
RULES = rules()


def test_failures_back_off_and_what_was_asked_for_is_obeyed() -> None:
    seen = after(START, SEEN, RULES, now=NOON)
    assert (seen.due.due_at, seen.due.digest) == (NOON + 30, b"d")

    failing = seen
    waits = []
    for _ in range(4):
        failing = after(failing, Failed(kind="outage", reason="502"), RULES, now=NOON)
        waits.append(failing.due.due_at - NOON)
    assert waits == [5.0, 10.0, 20.0, 40.0]
    throttled = after(seen, Failed(kind="throttled", reason="429", after=600.0), RULES, now=NOON)
    assert (throttled.due.due_at, throttled.trouble) == (NOON + 600, "429")
    assert after(throttled, Same(), RULES, now=NOON).trouble is None


def test_a_refusal_of_a_job_that_was_seen_before_is_waited_out() -> None:
    seen = after(START, SEEN, RULES, now=NOON)

    for refusal in (Refused(reason="403"), Denied(reason="expired", after=60.0)):
        assert after(seen, refusal, RULES, now=NOON).trouble == refusal.reason
        with pytest.raises(PollerError, match=refusal.reason):
            after(START, refusal, RULES, now=NOON)


def test_one_absence_is_not_believed() -> None:
    once = after(START, Absent(reason="404"), RULES, now=NOON)
    twice = after(once, Absent(reason="404"), RULES, now=NOON)

    assert (once.known.missing, twice.known.missing) == (False, True)
    assert not after(once, SEEN, RULES, now=NOON).known.missing
