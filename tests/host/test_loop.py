import asyncio
import sys

import pytest
import uvloop

from poller.host import loop


async def _given(value: int) -> tuple[int, str, bool]:
    return value, loop.running(), isinstance(asyncio.get_running_loop(), uvloop.Loop)


def test_what_runs_for_long_runs_on_uvloop() -> None:
    assert loop.run(_given, 7) == (7, "uvloop", True)


def test_without_uvloop_it_runs_on_asyncios_own_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)  # as an import finds it that is not installed
    assert loop.run(_given, 7) == (7, "asyncio", False)
