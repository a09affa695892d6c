"""What holds for the documentation as a whole: nothing is left out, and what it points to is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller import __version__
from poller.config.document import Config
from poller.config.table import Table
from poller.core.event import EVENT_TYPES
from poller.core.route import FAMILY_PREFIXES
from poller.core.vocabulary import CLASSES
from tests.docs.pages import DOCS, PAGES, README, ROOT, everything, read, sections, without_blocks

SOURCE_FILE = re.compile(r"`((?:\w+/)+\w+\.(?:py|toml|md))`")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


def tables_below(table: type[Table]) -> Iterator[type[Table]]:
    yield table
    for below in table.__subclasses__():
        yield from tables_below(below)


def config_keys() -> list[str]:
    tables = [table for table in tables_below(Table) if table.__module__.startswith("poller.config.")]
    return sorted({name for table in tables for name in table.written_keys()})


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_every_configuration_key_stands_in_the_example_file() -> None:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")

    assert [name for name in config_keys() if not re.search(rf"\b{name}\b", text)] == []
    assert set(Config.model_fields) <= set(config_keys())


def test_the_readme_leads_to_the_example_file_and_to_every_page() -> None:
    links = LINK.findall(read(README))

    assert {"config.example.toml", "CHANGELOG.md"} <= set(links)
    assert {f"docs/{page.name}" for page in DOCS.glob("*.md")} <= set(links)


@pytest.mark.parametrize("word", [*EVENT_TYPES, *CLASSES, *(f"{family}:" for family in FAMILY_PREFIXES)])
def test_every_event_type_class_and_family_stands_in_the_documentation(word: str) -> None:
    assert f"`{word}`" in everything()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    for link in LINK.findall(without_blocks(read(page))):
        file, _, anchor = link.partition("#")
        if "://" in file:
            continue
        target = page.parent / file if file else page
        assert target.is_file(), link
        if anchor:
            headings = {title for level in (1, 2, 3, 4) for title in sections(read(target), level)}
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}, link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    for named in SOURCE_FILE.findall(read(page)):
        assert (ROOT / named).is_file() or (ROOT / "poller" / named).is_file(), named


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_code_blocks_are_closed_and_lines_are_not_endless(page: Path) -> None:
    text = read(page)

    assert text.count("\n```") % 2 == 0
    assert all(len(line) <= 200 or line.startswith("|") for line in text.splitlines())


def test_the_changelog_begins_with_this_version() -> None:
    newest = next(iter(sections(read(ROOT / "CHANGELOG.md"), 2)))

    assert newest.split(" ")[0] == __version__


def test_the_licence_is_there_and_named() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert "Apache License" in licence
    assert "Version 2.0" in licence
    assert "Apache-2.0" in read(README)
