"""docs/notifiers.md: every kind has its section, and what it says is so."""

import pytest

from poller.config import Notifying, parse
from poller.core.notification import notification_of
from poller.core.specimens import examples
from poller.notifiers.command import INHERITED, LONGEST_VALUE, TRY_LATER, CommandSettings, environment
from poller.notifiers.kinds import KINDS
from tests.docs.pages import DOCS, blocks, first_cells, read, sections

PAGE = read(DOCS / "notifiers.md")
PARTS = sections(PAGE, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_section_and_a_row(kind: str) -> None:
    assert kind in PARTS
    assert f"| `{kind}` |" in PAGE


@pytest.mark.parametrize("key", Notifying.model_fields)
def test_every_key_that_all_kinds_share_is_explained(key: str) -> None:
    assert f"`{key}`" in PARTS["What all kinds share"]


@pytest.mark.parametrize("example", blocks(PAGE, "toml"), ids=lambda block: block.text.splitlines()[0])
def test_the_examples_load(example: object) -> None:
    text = getattr(example, "text", "")

    assert parse(text, environ={}, secrets=False).notifiers


def test_every_variable_of_a_command_is_explained() -> None:
    settings = CommandSettings(argv=("true",), inherited=dict.fromkeys(INHERITED, "x"))
    given = environment("pager", settings, notification_of(examples()["poller.job.operation_logged"]))
    cells = [name for cell in first_cells(PARTS["command"]) for name in cell.split(", ") if name.startswith("POLLER_")]

    assert [name for name in given if name not in INHERITED] != []
    assert set(cells) == set(given) - set(INHERITED)
    assert f"at most {LONGEST_VALUE} characters" in PARTS["command"]
    assert f"| {TRY_LATER} (" in PARTS["command"]
    assert "`PATH`, `LANG` and `HOME`" in PARTS["command"]
