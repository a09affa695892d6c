"""`simulate`, `demo` and `events --follow` as processes of their own, ended by signals."""

import json
import signal
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from poller.cli.rehearsal import Outcome
from poller.cli.simulate import address
from poller.config import parse
from poller.errors import UsageError
from poller.simulator.verdict import Problem, Verdict
from tests.cli.operating import Operator
from tests.store import making

PATIENCE = 60.0


def _start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "poller", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_simulate_prints_a_source_that_reads_it_and_ends_in_order(tmp_path: Path) -> None:
    process = _start(tmp_path, "simulate", "--listen", "127.0.0.1:0", "--jobs", "5", "--faults", "500=0.1")
    printed = ""
    while not printed.endswith("\n\n") and "jobs = " not in printed:
        printed += _line(process)

    assert list(parse(printed, environ={}).sources) == ["simulated"]
    source = tomllib.loads(printed)["sources"]["simulated"]
    with urllib.request.urlopen(source["endpoint"] + "/simulator/jobs", timeout=PATIENCE) as answer:
        ids = json.load(answer)["jobs"]
    assert ids[:3] == source["jobs"]
    assert len(ids) == 5
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "8790"], "expected ADDR:PORT"),
        (["--listen", "127.0.0.1:70000"], "expected ADDR:PORT"),
        (["--faults", "quake=0.1"], "quake"),
        (["--throttle", "fast"], "throttle"),
        (["--jobs", "-1"], "--jobs"),
    ],
)
def test_a_simulation_that_cannot_be_is_wrong_usage(poller: Operator, arguments: list[str], said: str) -> None:
    ran = poller("simulate", *arguments)

    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    ("text", "place"), [("0.0.0.0:1", ("0.0.0.0", 1)), ("[::1]:0", ("::1", 0)), (":80", ("127.0.0.1", 80))]
)
def test_an_address_is_read_in_its_usual_forms(text: str, place: tuple[str, int]) -> None:
    assert address(text) == place
    with pytest.raises(UsageError):
        address(text + "x")


def test_a_demo_tells_all_that_happens_and_the_two_agree(tmp_path: Path) -> None:
    process = _start(tmp_path, "demo", "--jobs", "3", "--speed", "100000")
    out, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, out[-2000:] + err
    assert "JOB_SUCCESS" in out
    assert "upstream: 3 jobs" in out
    assert "the two agree" in out
    assert list(tmp_path.iterdir()) == []


def test_a_demo_ended_by_hand_sums_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = _start(tmp_path, "demo", "--jobs", "2", "--speed", "1000", "--faults", "flaky")
    assert _line(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, out[-2000:] + err
    assert "the two agree" in out
    assert "bad day:" in out


def _outcome(**changes: Any) -> Outcome:
    verdict = Verdict(
        jobs=1, happened=1, told=1, states_happened=0, states_told=0, events=1, duplicates=0, lateness=None, problems=()
    )
    given: dict[str, Any] = {"verdict": verdict, "exit_code": 0, "refused": {}} | changes
    return Outcome(seconds=1.0, upstream_faults=0, receiver_faults=0, **given)


def test_a_demo_is_good_only_if_all_of_it_was() -> None:
    wrong = Problem(kind="entry", job_id="a", detail="never told")
    disagreeing = Verdict(
        jobs=1,
        happened=1,
        told=0,
        states_happened=0,
        states_told=0,
        events=0,
        duplicates=0,
        lateness=None,
        problems=(wrong,),
    )

    assert _outcome().ok
    assert not _outcome(verdict=disagreeing).ok
    assert not _outcome(exit_code=None).ok
    assert not _outcome(exit_code=-9).ok
    assert not _outcome(refused={"no signature matches": 1}).ok


def test_following_shows_what_comes_and_nothing_from_before(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(making.tell, "before", 1)
        process = _start(poller.folder, "events", "--follow", "--json", "--limit", "1")
        assert json.loads(_line(process))["id"] == "before-1"
        daemon.do(making.tell, "after", 1)
        assert json.loads(_line(process))["id"] == "after-1"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (130, "")
