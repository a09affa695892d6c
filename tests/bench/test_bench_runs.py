"""Each bench runs, in a form so small that its figures say nothing: they are looked at by people, never asserted."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.figure import Figure
from tests.bench.telling import read_line
from tests.bench.worker import BENCHES


@pytest.mark.parametrize("bench", BENCHES)
def test_a_bench_gives_figures_that_are_numbers_above_or_at_zero(bench: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench.worker", bench, "--scale", "tiny", "--shared", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    figures = [said for said in map(read_line, ended.stdout.splitlines()) if isinstance(said, Figure)]
    assert figures
    assert all(figure.value >= 0 for figure in figures)
