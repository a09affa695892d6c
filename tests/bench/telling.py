"""What a bench, in its own process, tells the one who started it: lines of JSON on standard output."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from tests.bench.figure import Figure


def say(text: str) -> None:
    """How far it is."""
    _line({"progress": text})


def give(figures: Iterable[Figure]) -> None:
    """What came of it."""
    for figure in figures:
        _line({"figure": figure.as_json()})


def read_line(line: str) -> str | Figure:
    """Progress, or a figure."""
    said = json.loads(line)
    return Figure(**said["figure"]) if "figure" in said else str(said["progress"])


def _line(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
