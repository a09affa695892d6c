"""docs/commands.md has every command, and every command line in the documentation is one that the program takes."""

import ast
import re
from collections.abc import Iterator

import pytest

from poller.cli.wait import TIMED_OUT
from poller.errors import ConfigError, DaemonNotRunning, PollerError, UsageError
from tests.docs.commandline import Command, check, commands, words_of
from tests.docs.pages import COMMANDS, PAGES, blocks, first_cells, read, rows
from tests.docs.written import commands_page
from tests.test_architecture import MODULES

HEAD = read(COMMANDS).partition("\n## ")[0]
INLINE = re.compile(r"`(?:\w+=\S+ )*(poller [^`]+)`")


def command_lines() -> Iterator[tuple[str, str]]:
    """Every line of a console block that calls poller, with the page it stands on."""
    for page in PAGES:
        for block in blocks(read(page), "console"):
            for line in block.text.splitlines():
                if line.startswith("$ ") and re.search(r"(^|[ |/])poller ", line.removeprefix("$ ")):
                    yield page.name, line.removeprefix("$ ").replace("/opt/poller/bin/poller", "poller")


def mentions() -> Iterator[tuple[str, str]]:
    """Every `poller …` in running text, with the page it stands on."""
    for page in PAGES:
        text = "\n".join(line for line in read(page).splitlines() if not line.startswith("#"))
        for match in INLINE.finditer(text):
            yield page.name, match[1]


def path_of(one: Command) -> str:
    return one.path


def test_the_page_is_what_the_program_says() -> None:
    assert commands_page() == read(COMMANDS), "renew it with: python -m tests.docs.written"


@pytest.mark.parametrize("one", commands(), ids=path_of)
def test_every_command_says_what_it_does_and_gives_an_example(one: Command) -> None:
    assert one.paragraphs[0].endswith(".")
    assert one.examples
    assert all(option.help for option in one.options)
    assert all(argument.help for argument in one.arguments)


@pytest.mark.parametrize(("page", "line"), sorted(set(command_lines())))
def test_a_command_line_in_a_block_is_one_that_the_program_takes(page: str, line: str) -> None:
    check(words_of(line))


@pytest.mark.parametrize(("page", "mention"), sorted(set(mentions())))
def test_a_command_in_the_text_is_one_that_the_program_takes(page: str, mention: str) -> None:
    words = [word.replace("…", "") for word in words_of(mention)]
    known = [one for one in commands() if mention.startswith(one.path)]
    if not known:
        check(words)
        return
    options = {option for one in known for param in one.command.params for option in (*param.opts, "--help")}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_readme_names_every_command() -> None:
    readme = read(PAGES[0])

    assert [one.path for one in commands() if one.path.removeprefix("poller ") not in readme] == []


def test_the_exit_codes_are_those_of_the_errors() -> None:
    codes = {int(cell) for cell in first_cells(HEAD) if cell.isdecimal()}

    errors = (PollerError, UsageError, ConfigError, DaemonNotRunning)
    assert codes == {0, TIMED_OUT, *(error.exit_code for error in errors)}


def test_every_variable_of_the_environment_is_explained() -> None:
    told = {name for row in rows(HEAD) for name in re.findall("`([A-Z_]+)`", row[0])}

    assert set(looked_up()) <= told


def looked_up() -> Iterator[str]:
    """The names that the program looks up in the environment."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str() as name), *_]
                ):
                    pass
                case ast.Subscript(value=value, slice=ast.Constant(value=str() as name)):
                    pass
                case _:
                    continue
            if ast.unparse(value).endswith("environ"):
                yield name
