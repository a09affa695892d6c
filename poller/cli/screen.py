"""What commands print: tables with colour on a terminal, aligned text when piped, JSON Lines on request."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeAlias, TypeVar

import typer

from poller.core.timestamps import rfc3339

if TYPE_CHECKING:
    from rich.console import Console

Row = TypeVar("Row")
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="JSON Lines: one object a line.")]

LONGEST: Final = 4000  # characters of one fact about a thing
PAGE: Final = 500  # rows that are read and laid out together
WIDEST: Final = 200  # characters of a cell: the longest job id fits
_GAP: Final = "  "
# What is worth a colour: by class of a job, state of a delivery, verdict of a check.
STYLES: Final[Mapping[str, str]] = {
    "failed": "red",
    "dead": "red",
    "no": "bold red",
    "missing": "red",
    "waiting_on_us": "yellow",
    "waiting_on_vendor": "blue",
    "pending": "yellow",
    "active": "cyan",
    "done": "green",
    "delivered": "green",
    "ok": "green",
    "unknown": "magenta",
    "discarded": "dim",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: `title` stands above it."""

    title: str
    right: bool = False


def is_terminal() -> bool:
    """Whether a person is looking."""
    return sys.stdout.isatty()


@cache
def console() -> "Console":
    """The terminal; it obeys NO_COLOR."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


class Listing(Generic[Row]):
    """A list that is printed part by part. `none` is said to a person when it stayed empty."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        cells: Callable[[Row], Sequence[str]],
        document: Callable[[Row], Mapping[str, Any]],
        as_json: bool,
        none: str,
    ) -> None:
        self._columns = columns
        self._cells = cells
        self._document = document
        self._as_json = as_json
        self._none = none
        self._first = True

    def show(self, rows: Sequence[Row]) -> None:
        """The next part; what is printed is out when this returns, so that a reader at the other end of a pipe sees it."""
        if not rows:
            return
        if self._as_json:
            _write_json(self._document(row) for row in rows)
        else:
            lines = [[_cut(printable(cell)) for cell in self._cells(row)] for row in rows]
            _lay_out(self._columns, lines, titles=self._first)
        self._first = False

    def end(self) -> None:
        """That was all."""
        if self._first and not self._as_json and is_terminal():
            console().print(self._none, style="dim")


def print_json(document: Mapping[str, Any]) -> None:
    """One object on one line."""
    _write_json([document])


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """`name  value` lines, the names aligned."""
    lines = [(name, printable(value[:LONGEST])) for name, value in pairs]
    width = max((len(name) for name, _ in lines), default=0)
    if not is_terminal():
        sys.stdout.writelines(f"{name:{width}}{_GAP}{value}".rstrip() + "\n" for name, value in lines)
        return
    from rich.text import Text

    out = console()
    for name, value in lines:
        out.print(Text.assemble((f"{name:{width}}{_GAP}", "bold"), (value, STYLES.get(value, ""))), soft_wrap=True)


def say(text: str) -> None:
    """One line of result."""
    sys.stdout.write(printable(text) + "\n")


def note(text: str) -> None:
    """A remark for a person, which must not get into what is piped."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def instant(at: float | None, *, none: str = "-") -> str:
    """An instant: local time for a person, RFC 3339 otherwise."""
    if at is None:
        return none
    if not is_terminal():
        return rfc3339(at)
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def printable(text: str) -> str:
    """`text` in one line, without characters that a terminal would obey: names and errors come from elsewhere."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _cut(cell: str) -> str:
    """A cell that is not wider than a person reads; --json has it whole."""
    return cell if len(cell) <= WIDEST else cell[: WIDEST - 1] + "…"


def _write_json(documents: Iterable[Mapping[str, Any]]) -> None:
    from poller.web.shown import encode

    for document in documents:
        sys.stdout.write(encode(document).decode() + "\n")
    sys.stdout.flush()


def _lay_out(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, titles: bool) -> None:
    """Aligned columns, as wide as they need: a terminal wraps what is too long, and an id can be copied in one piece."""
    from rich.cells import cell_len  # a Chinese character is two columns wide

    lines = [*([[column.title for column in columns]] if titles else []), *rows]
    widths = [max(cell_len(line[place]) for line in lines) for place in range(len(columns))]
    show = _show_coloured if is_terminal() else _show_plain
    for number, line in enumerate(lines):
        filled = []
        for cell, width, column in zip(line, widths, columns, strict=True):
            filler = " " * (width - cell_len(cell))
            filled.append((filler + cell if column.right else cell + filler) + _GAP)
        show(filled, "bold" if titles and number == 0 else "")
    sys.stdout.flush()


def _show_plain(cells: Sequence[str], _: str) -> None:
    sys.stdout.write("".join(cells).rstrip() + "\n")


def _show_coloured(cells: Sequence[str], style: str) -> None:
    from rich.text import Text

    text = Text.assemble(*((cell, style or STYLES.get(cell.strip(), "")) for cell in cells))
    text.rstrip()
    console().print(text, soft_wrap=True)
