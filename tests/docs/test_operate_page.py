"""docs/operate.md quotes the log, the defaults and the numbers as they are."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from poller.cli import foreseeing
from poller.config import AvatarConfig, Every, Retain, parse_duration
from poller.core import breaker, budget, cadence, forecast, plan, stay, throttle
from poller.daemon import generation, serving
from poller.engine import governor, tenant
from poller.engine import poller as engine_poller
from poller.store import staying
from tests.docs.pages import DOCS, ROOT, first_cells, read, rows, sections
from tests.test_architecture import MODULES

PAGE = read(DOCS / "operate.md")
PARTS = sections(PAGE, 2)
WORRYING = {"warning", "error", "exception", "critical"}


@cache
def worrying_log_lines() -> frozenset[str]:
    """The constant text of every log line of the daemon that an operator should know."""
    return frozenset(_log_lines())


def _log_lines() -> Iterator[str]:
    for path in MODULES:
        if path.is_relative_to(ROOT / "poller" / "simulator"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WORRYING:
                match node.func.value, node.args[:1]:
                    case ast.Name(id="log"), [ast.Constant(value=str() as text)]:
                        yield text


def test_every_log_line_at_warning_or_above_is_explained() -> None:
    lines = {cell for cell in first_cells(PARTS["When something is wrong"]) if " " in cell}

    assert worrying_log_lines() <= lines


def test_every_log_line_that_is_explained_is_logged() -> None:
    table = PARTS["When something is wrong"].partition("What the log says")[2]

    assert set(first_cells(table)) == worrying_log_lines()


def test_the_retention_that_is_written_is_the_default() -> None:
    written = {row[2].strip("`"): row[1] for row in rows(PARTS["Retention"]) if row[2]}

    for name, field in Retain.model_fields.items():
        days = int(parse_duration(field.default) / 86400)
        assert written[f"store.retain.{name}"].startswith(f"{days} days")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("shortened at random by up to 10 %", cadence.SPREAD == 0.1),
        ("at most a fifth of a second's worth", budget.BURST == 0.2),
        ("tried again after 5 s", cadence.RETRY_FLOOR == 5),
        ("each time, up to 5 min", cadence.RETRY_CAP == 300),
        ("does not know up to 1 h", cadence.REFUSED_CAP == 3600),
        ("after 3 refusals in a row the source rests for 5 s", breaker.CREDENTIAL_FAILURES == 3),
        ("rests for 5 s, doubling up to 30 min", (breaker.PAUSE_FLOOR, breaker.CREDENTIAL_PAUSE_CAP) == (5, 1800)),
        ("as long as `Retry-After` says, else 1 s", engine_poller.THROTTLE_PAUSE == 1),
        ("finished within 10 s", generation.GRACE <= 10),
        ("after the work in hand, within 2 s", generation.RELOAD_GRACE == 2),
        ("looks every 10 minutes", serving.JANITOR_TICK == 600),
        ("it tries again after 5 s", tenant.STORE_PAUSE == 5),
        ("decides anew every 10 s", governor.PLAN_EVERY == 10),
        ("reads pages of 100 jobs", plan.PAGE == 100),
        ("read for it every 5 min", plan.DISCOVER_EVERY == 300),
        ("at half its pace", throttle.HALVED == 0.5),
        ("within 20 s, and never goes above `rate`", throttle.RECOVERY == 20),
        ("five or more jobs have left a state", stay.ENOUGH == 5),
        ("the last 500 stays in a state", staying.STAYS == 500),
        ("more than 10 s late now", forecast.LATE == 10),
        ("in the database, if it has at least 20", foreseeing.ENOUGH == 20),
    ],
)
def test_the_numbers_that_are_written_are_those_of_the_program(said: str, meant: bool) -> None:
    assert said in " ".join(PAGE.split())
    assert meant


def test_the_sums_of_the_budget_are_right() -> None:
    every, source = Every(), AvatarConfig.model_fields
    need = 100 / every.active + 300 / every.waiting_on_us

    assert (
        f"100/{every.active:g} + 300/{every.waiting_on_us:g} = {need:.1f} requests a second, {need * 1.1:.1f}" in PAGE
    )
    assert source["rate"].default == "5/s"
    assert "each asked every 200 s" in PAGE
    assert (source["concurrency"].default, source["timeout"].default) == (16, "10s")
    assert "with the defaults 16 / 10 s = 1.6" in PAGE
