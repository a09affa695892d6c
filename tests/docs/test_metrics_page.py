"""docs/metrics.md has every metric and no other; the alert rules and the dashboard use only those there are."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from poller.web.metrics import COUNTED, GAUGED, SPREAD
from tests.docs.pages import DOCS, first_cells, read, sections

PARTS = sections(read(DOCS / "metrics.md"), 2)
RULES = DOCS / "poller-alerts.yml"
DASHBOARD = DOCS / "grafana-dashboard.json"
OF_THE_PROCESS = {"poller_process_open_fds", "poller_process_max_fds", "poller_process_resident_memory_bytes"}
SAMPLES = {
    *(f"poller_{name}_total" for name in COUNTED),
    *(f"poller_{name}_{part}" for name in SPREAD for part in ("bucket", "sum", "count")),
    *(f"poller_{name}" for name in GAUGED),
}


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("Counters", {f"poller_{name}_total" for name in COUNTED}),
        ("Histograms", {f"poller_{name}" for name in SPREAD}),
        ("Gauges", {f"poller_{name}" for name in GAUGED}),
    ],
)
def test_the_page_has_every_metric_and_no_other(part: str, names: set[str]) -> None:
    assert {cell for cell in first_cells(PARTS[part]) if cell.startswith("poller_")} == names


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=lambda file: file.name)
def test_only_metrics_that_exist_are_used(file: Path) -> None:
    used = set(re.findall(r"\bpoller_\w+", file.read_text(encoding="utf-8")))

    assert len(used) > 10
    assert used <= SAMPLES | OF_THE_PROCESS


def test_the_dashboard_shows_every_metric_but_the_build() -> None:
    used = set(re.findall(r"\bpoller_\w+", DASHBOARD.read_text(encoding="utf-8")))
    shown = {name.removesuffix("_bucket") for name in used}

    wanted = {f"poller_{name}_total" for name in COUNTED} | {f"poller_{name}" for name in (*SPREAD, *GAUGED)}
    assert wanted <= shown


def panels(dashboard: Any) -> Iterator[Any]:
    yield from dashboard["panels"]


def test_the_panels_of_the_dashboard_do_not_overlap_and_have_ids_of_their_own() -> None:
    places: set[tuple[int, int]] = set()
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))

    for panel in panels(dashboard):
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & places, panel["title"]
        assert at["x"] + at["w"] <= 24
        places |= cells
    ids = [panel["id"] for panel in panels(dashboard)]
    assert len(set(ids)) == len(ids)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_accepts_the_alert_rules() -> None:
    checked = subprocess.run(
        ["promtool", "check", "rules", str(RULES)], capture_output=True, text=True, timeout=60, check=False
    )

    assert checked.returncode == 0, checked.stderr + checked.stdout
