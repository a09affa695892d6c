"""docs/plugins.md: the example works and passes the suite, and the suites that are named are there."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks, first_cells, read, sections
from tests.plugins.installing import installed

PAGE = read(DOCS / "plugins.md")
FEW = "accepted or later or cancelled or reaching"  # the whole suite passes too, and takes its time


def test_the_example_passes_the_suite_as_it_is_written(tmp_path: Path) -> None:
    plug_in, suite = (block.text for block in blocks(PAGE, "python"))
    installed(tmp_path, module=plug_in, entries="[poller.notifiers]\npigeon = poller_pigeon:KIND\n")
    (tmp_path / "test_pigeon.py").write_text(suite, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "test_pigeon.py",
        "-k",
        FEW,
    ]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stdout.decode()
    assert b" passed" in done.stdout


@pytest.mark.parametrize("suite", first_cells(sections(PAGE, 2)["Tests that come with poller"]))
def test_every_suite_that_is_named_is_there(suite: str) -> None:
    module, _, name = suite.partition(".")
    assert hasattr(importlib.import_module(f"poller.testing.{module}"), name)
