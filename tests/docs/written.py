"""The parts of the documentation that are made from the program. `python -m tests.docs.written` writes them anew."""

import json

from poller.core.jsonvalue import Json
from poller.core.message import cloud_event
from tests.docs.life import examples
from tests.docs.pages import EVENTS, read

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


if __name__ == "__main__":
    EVENTS.write_text(events_page(), encoding="utf-8")
