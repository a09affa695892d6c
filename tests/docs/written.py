"""The parts of the documentation that are made from the program. `python -m tests.docs.written` writes them anew."""

import json
import textwrap

from typer.core import TyperArgument, TyperOption

from poller.core.jsonvalue import Json
from poller.core.message import cloud_event
from poller.core.schemas import schemas
from poller.core.specimens import examples
from poller.web.api import ROUTES
from poller.web.openapi import path_of, said
from tests.docs.commandline import Command, commands, plain
from tests.docs.configuration import configuration_page
from tests.docs.pages import API, COMMANDS, CONFIGURATION, EVENTS, read

SCHEMA = EVENTS.parent / "schemas" / "events.json"
WIDTH = 120
START = "## Examples\n\nOne event of each type, as `poller` makes them.\n"


def laid_out(value: Json, indent: int = 0) -> str:
    """JSON for readers: lines are filled up to `WIDTH`."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(line) + indent <= WIDTH:
        return line
    inner = indent + 2
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {laid_out(item, inner)}" for key, item in value.items()]
    else:
        items = [laid_out(item, inner) for item in value]
    margin, end = "\n" + " " * inner, "\n" + " " * indent
    return line[0] + margin + f",{margin}".join(_filled(items, WIDTH - inner)) + end + line[-1]


def _filled(items: list[str], width: int) -> list[str]:
    lines: list[str] = []
    for item in items:
        together = f"{lines[-1]}, {item}" if lines else item
        if lines and len(together) <= width and "\n" not in together:
            lines[-1] = together
        else:
            lines.append(item)
    return lines


def events_examples() -> str:
    """The end of docs/events.md: an example for each type."""
    parts = [START]
    for kind, event in examples().items():
        shown = laid_out(cloud_event(event))
        parts.append(f"\n### `{kind}`\n\n```json\n{shown}\n```\n")
    return "".join(parts)


def events_page() -> str:
    """docs/events.md with its examples renewed."""
    return read(EVENTS).partition(START)[0] + events_examples()


def commands_reference() -> str:
    """The end of docs/commands.md: a part for each command."""
    return "".join(_command_part(one) for one in commands())


def commands_page() -> str:
    """docs/commands.md with its commands renewed."""
    return read(COMMANDS).partition("\n## ")[0] + commands_reference()


def api_page() -> str:
    """docs/api.md with its routes renewed."""
    start = "Each `GET` answers `HEAD` too.\n"
    lines = [f"| `{route.method} {path_of(route)}` | {said(route)} |" for route in ROUTES]
    return read(API).partition(start)[0] + "\n".join([start, "| route | what it does |", "|---|---|", *lines, ""])


def _command_part(one: Command) -> str:
    arguments = " ".join(_named(argument) for argument in one.arguments)
    table = [(_named(argument), argument.help) for argument in one.arguments]
    table += [
        (", ".join(sorted(option.opts, key=len, reverse=True)) + _value(option), option.help) for option in one.options
    ]
    lines = [f"\n## `{' '.join((one.path, arguments)).strip()}`\n"]
    lines += [textwrap.fill(text, WIDTH) + "\n" for text in one.paragraphs]
    if table:
        lines += ["| argument, option | meaning |", "|---|---|"]
        lines += [
            f"| `{_in_a_table(name)}` | {_in_a_table(plain(text))}{default} |"
            for (name, text), default in zip(table, _defaults(one), strict=True)
        ] + [""]
    lines += ["```console", *(f"$ {line}" for line in one.examples), "```", ""]
    return "\n".join(lines)


def _in_a_table(text: str) -> str:
    return text.replace("|", "\\|")


def _named(argument: TyperArgument) -> str:
    return (argument.metavar or (argument.name or "").upper()) + ("…" if argument.nargs == -1 else "")


def _value(option: TyperOption) -> str:
    if option.is_flag:
        return ""
    return f" {option.metavar or 'VALUE'}"


def _defaults(one: Command) -> list[str]:
    params = [*one.arguments, *one.options]
    return ["" if p.default in (None, False, ()) or p.required else f" Default: `{p.default}`." for p in params]


if __name__ == "__main__":
    EVENTS.write_text(events_page(), encoding="utf-8")
    COMMANDS.write_text(commands_page(), encoding="utf-8")
    API.write_text(api_page(), encoding="utf-8")
    CONFIGURATION.write_text(configuration_page(), encoding="utf-8")
    SCHEMA.write_text(json.dumps(schemas(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
