"""docs/configuration.md is what the program makes of its tables, and none of them is missing."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from poller.config import Config, load
from poller.config.table import Table
from tests.docs.configuration import PARTS, configuration_page
from tests.docs.pages import CONFIGURATION, first_cells, read, rows, sections


def tables_in(hint: Any) -> Iterator[type[Table]]:
    """The tables of an annotation, and those of their keys."""
    for one in get_args(hint):
        yield from tables_in(one)
    if isinstance(hint, type) and issubclass(hint, Table):
        yield hint
        for field in hint.model_fields.values():
            yield from tables_in(field.annotation)


def test_the_page_is_what_the_program_makes() -> None:
    assert read(CONFIGURATION) == configuration_page(), "renew it with: python -m tests.docs.written"


def test_every_table_has_its_part() -> None:
    assert {part.table for part in PARTS} >= set(tables_in(Config))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.table.__name__)
def test_every_key_of_a_table_is_in_its_part_or_in_that_of_all_kinds(part: Any) -> None:
    written = sections(read(CONFIGURATION), 2)
    shared = [other.heading for other in PARTS if other.table is part.beside]
    found = [key for heading in (part.heading, *shared) for key in first_cells(written[heading])]
    assert set(found) >= set(part.table.written_keys())
    for row in rows(written[part.heading]):
        assert all(row), row


def test_a_default_that_is_written_means_what_the_program_takes(tmp_path: Any) -> None:
    file = tmp_path / "poller.toml"
    for table in ("store", "store.retain", "log"):
        cells = rows(sections(read(CONFIGURATION), 2)[f"`[{table}]`"])
        keys = [
            f"{key.strip('`')} = {default.strip('`')}" for key, _, default, _ in cells if not default.startswith("*")
        ]
        file.write_text(f"[{table}]\n" + "\n".join(keys))
        file.chmod(0o600)
        assert load(file, environ={}) == Config(), table
