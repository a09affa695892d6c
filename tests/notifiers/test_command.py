"""The notifier `command`: real programs, well and badly behaved."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import psutil
import pytest

from poller.core.delivery import Delivered, Outcome, Rejected, Retry
from poller.core.notification import Notification, notification_of
from poller.core.secret import Secret
from poller.core.specimens import examples
from poller.notifiers.command import CommandSettings, environment, judge
from poller.notifiers.programs import Exited
from poller.testing.notifiers import HOSTILE, worded
from tests.notifiers.programs import built, command, program

EVENT = examples()["poller.job.operation_logged"]
NOTIFICATION = notification_of(EVENT)
TOGETHER = Notification(id="bundle-1", events=tuple(examples().values()))


async def deliver(*argv: object, notification: Notification = NOTIFICATION, timeout: float = 5.0) -> Outcome:  # noqa: ASYNC109 the word of the configuration
    with anyio.fail_after(20):
        return await built(command(*map(str, argv), timeout=timeout)).deliver(notification, now=0.0)


def alive(pid: Path) -> bool:
    return psutil.pid_exists(int(pid.read_text())) and psutil.Process(int(pid.read_text())).status() != "zombie"


def zombies() -> list[int]:
    return [child.pid for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not holds():  # noqa: ASYNC110 other processes ring no bell
            await anyio.sleep(0.01)


async def test_the_program_reads_the_event_on_one_line(tmp_path: Path) -> None:
    assert await deliver(program(tmp_path, f"#!/bin/sh\ncat > {tmp_path}/got\n")) == Delivered()
    (line,) = (tmp_path / "got").read_bytes().splitlines()
    assert json.loads(line)["id"] == EVENT.id


async def test_several_events_are_an_array(tmp_path: Path) -> None:
    assert await deliver(program(tmp_path, f"#!/bin/sh\ncat > {tmp_path}/got\n"), notification=TOGETHER) == Delivered()
    assert [one["id"] for one in json.loads((tmp_path / "got").read_bytes())] == [one.id for one in TOGETHER.events]


async def test_the_arguments_come_as_they_are_written_and_no_shell_reads_them(tmp_path: Path) -> None:
    tell = program(tmp_path, f"#!/bin/sh\nprintf '%s|' \"$@\" > {tmp_path}/got\n")
    assert await deliver(tell, "$HOME; `id`", "", "two words") == Delivered()
    assert (tmp_path / "got").read_text() == "$HOME; `id`||two words|"


async def test_the_program_sees_its_variables_and_nothing_else_of_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", "secret-of-the-daemon")
    tell = program(tmp_path, f"#!/bin/sh\n/usr/bin/env -0 > {tmp_path}/got\n")
    assert await built(command(str(tell), TOKEN="for the program")).deliver(NOTIFICATION, now=0.0) == Delivered()
    seen = dict(item.split("=", 1) for item in (tmp_path / "got").read_text().split("\0") if item)
    ours = {name for name in seen if name.startswith("POLLER_")}
    assert set(seen) - ours <= {"PATH", "LANG", "HOME", "TOKEN", "PWD", "SHLVL", "_", "OLDPWD"}
    assert seen["TOKEN"] == "for the program"
    assert seen["POLLER_EVENT_ID"] == EVENT.id
    assert seen["POLLER_TRANSITION"] == "SYSTEM_VERIFY_SUCCESS"
    assert (seen["POLLER_JOB_ID"], seen["POLLER_STATE"]) == (EVENT.job_id, "MANUAL_VERIFYING")


@pytest.mark.parametrize("text", HOSTILE, ids=["quotes", "lines", "unicode", "long", "empty"])
def test_the_variables_are_one_bounded_line_each(text: str) -> None:
    variables = environment("x", CommandSettings(argv=("x",), inherited={}), notification_of(worded(text)))
    assert all(value.isprintable() and len(value) <= 1000 for value in variables.values())
    assert all(os.fsencode(value) is not None for value in variables.values())


def test_the_operator_s_variables_do_not_replace_ours_and_are_not_shown() -> None:
    settings = CommandSettings(argv=("x",), inherited={"PATH": "/bin"}, env={"PATH": Secret("/opt/bin")})
    assert environment("x", settings, NOTIFICATION)["PATH"] == "/opt/bin"
    assert "/opt" not in repr(settings)


@pytest.mark.parametrize("code", [1, 2, 64, 74, 76, 77, 78, 126, 127, 128, 255])
def test_every_other_exit_code_rejects(code: int) -> None:
    assert judge(Exited(code=code)) == Rejected(reason=f"exit code {code}: the program rejects it")


def test_a_program_that_was_ended_by_a_signal_is_tried_again() -> None:
    assert judge(Exited(code=-9)) == Retry(reason="the program was ended by SIGKILL")
    assert judge(Exited(code=-63)) == Retry(reason="the program was ended by signal 63")


async def test_a_program_that_is_not_there_or_cannot_be_run_is_tried_again_with_the_reason(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\n")
    garbage = program(tmp_path, "\x7fELF no program", name="garbage")
    reasons = {}
    for path in (tmp_path / "nowhere", plain, garbage, tmp_path):
        outcome = await deliver(path)
        assert isinstance(outcome, Retry)
        reasons[path.name] = outcome.reason
    assert reasons["nowhere"] == "the program cannot be started: No such file or directory"
    assert reasons["plain"] == "the program cannot be started: Permission denied"
    assert reasons["garbage"] == "the program cannot be started: Exec format error"


async def test_a_program_that_reads_nothing_is_judged_by_its_exit_code(tmp_path: Path) -> None:
    huge = notification_of(worded("x" * 2_000_000))
    assert await deliver("true", notification=huge) == Delivered()
    assert isinstance(await deliver("false", notification=huge), Rejected)
    stubborn = program(tmp_path, "#!/bin/sh\nexec <&-\nexit 0\n")
    assert await deliver(stubborn, notification=huge) == Delivered()


async def test_a_program_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    text = (
        f"#!/bin/sh\ntrap '' TERM INT HUP\nsleep 600 & echo $! > {tmp_path}/child\necho $$ > {tmp_path}/parent\nwait\n"
    )
    outcome = await deliver(program(tmp_path, text), timeout=0.5)
    assert outcome == Retry(reason="timeout: the program had not ended in time and was killed")
    await until(lambda: not alive(tmp_path / "parent") and not alive(tmp_path / "child"))
    assert zombies() == []


async def test_a_program_that_stops_itself_is_killed_too(tmp_path: Path) -> None:
    outcome = await deliver(program(tmp_path, "#!/bin/sh\nkill -STOP $$\n"), timeout=0.3)
    assert isinstance(outcome, Retry)
    assert zombies() == []


async def test_a_cancelled_attempt_leaves_no_process(tmp_path: Path) -> None:
    tell = program(
        tmp_path, f"#!/bin/sh\necho $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid\nsleep 600\n"
    )
    async with anyio.create_task_group() as group:
        group.start_soon(deliver, tell)
        await until((tmp_path / "pid").exists)
        group.cancel_scope.cancel()
    assert not alive(tmp_path / "pid")
    assert zombies() == []


async def test_what_a_program_leaves_running_does_not_hold_its_delivery_up(tmp_path: Path) -> None:
    tell = program(tmp_path, f"#!/bin/sh\nsleep 5 & echo $! > {tmp_path}/left\nexit 0\n")
    started = time.monotonic()
    assert await deliver(tell, timeout=4.0) == Delivered()
    assert time.monotonic() - started < 3
    os.kill(int((tmp_path / "left").read_text()), 9)


async def test_reaching_says_whether_the_program_is_there() -> None:
    assert await built(command("true")).reach() is None
    assert await built(command("/nowhere/tell")).reach() == "the program is not there, or may not be executed"
