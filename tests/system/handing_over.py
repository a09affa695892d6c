"""How long the work of a killed daemon waits with the lease that is the default.

Run: .venv/bin/python -m pytest -s tests/system/handing_over.py
"""

from pathlib import Path

import pytest

from poller.store.agreeing import LEASE
from tests.process.passing_on import seconds_to_pass_on
from tests.process.postgres import own_server


@pytest.mark.timeout(300)
async def test_the_work_of_a_killed_daemon_passes_on_when_the_usual_lease_ends(tmp_path: Path) -> None:
    with own_server() as server:
        took = await seconds_to_pass_on(tmp_path, server.url, LEASE)
    print(f"with a lease of {LEASE:.0f} s the work passed on after {took:.1f} s")  # noqa: T201
    assert LEASE / 2 < took < LEASE + 5
