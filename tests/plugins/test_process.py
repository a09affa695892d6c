"""A plug-in in a real daemon: found in another folder, polled and told through; and refused by `poller check` when it is broken."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from poller.testing.receiver import Receiver, receiving
from tests.plugins.installing import installed

PATIENCE = 60.0  # seconds


@pytest.fixture
async def loft() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        running.says(200, text='{"state": "BROODING"}')
        yield running


def environ(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder), "STATE_DIRECTORY": str(folder), "RUNTIME_DIRECTORY": str(folder)}


def settings(folder: Path, url: str) -> Path:
    file = folder / "poller.toml"
    text = f'[notifiers.loft]\nkind = "pigeon"\nloft = "{url}/loft-token"\n'
    text += (
        f'[sources.nest]\nkind = "nest"\nurl = "{url}/nest-token"\njobs = ["egg-1"]\nevery = {{ active = "50ms" }}\n'
    )
    file.write_text(text, encoding="utf-8")
    return file


async def poller(folder: Path, *argv: str) -> "subprocess.CompletedProcess[bytes]":
    with anyio.fail_after(PATIENCE):
        return await anyio.run_process(
            [sys.executable, "-m", "poller", *argv], check=False, env=environ(folder), cwd=str(folder)
        )


def notes(loft: Receiver) -> list[str]:
    bodies = [json.loads(got.body) for got in loft.got if got.method == "POST"]
    return [note["type"] for body in bodies for note in body["notes"]]


async def test_the_daemon_polls_and_tells_through_plug_ins(loft: Receiver, tmp_path: Path) -> None:
    file = settings(installed(tmp_path), loft.url)
    checked = await poller(tmp_path, "check", "--online", "--config", str(file))
    assert checked.returncode == 0, checked.stderr
    assert b"pigeon, a loft" in checked.stdout
    async with await anyio.open_process(
        [sys.executable, "-m", "poller", "run", "--config", str(file)],
        env=environ(tmp_path),
        cwd=str(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as daemon:
        with anyio.fail_after(PATIENCE):
            while "poller.job.watched" not in notes(loft):  # noqa: ASYNC110 another process rings no bell
                await anyio.sleep(0.02)
            loft.says(200, text='{"state": "HATCHED"}')
            while "poller.job.state_changed" not in notes(loft):  # noqa: ASYNC110 as above
                await anyio.sleep(0.02)
        tried = await poller(tmp_path, "notify", "test", "loft", "--config", str(file))
        assert tried.returncode == 0, tried.stderr
        daemon.terminate()
        with anyio.fail_after(PATIENCE):
            assert await daemon.wait() == 0
    assert b"-token" not in checked.stdout + checked.stderr + tried.stdout + tried.stderr


async def test_a_plug_in_that_cannot_be_loaded_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    installed(tmp_path, entries="[poller.notifiers]\npigeon = poller_pigeon:NOTHING\n")
    file = tmp_path / "poller.toml"
    file.write_text('[notifiers.loft]\nkind = "pigeon"\nloft = "x"\n', encoding="utf-8")
    checked = await poller(tmp_path, "check", "--config", str(file))
    assert checked.returncode == 2
    assert (
        b"notifiers.loft.kind: found the kind pigeon of the plug-in poller-pigeon 0.1.0, which cannot be"
        in checked.stderr
    )
    assert b"Traceback" not in checked.stderr
