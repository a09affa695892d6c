"""The figures for people: a table on a terminal, plain lines elsewhere."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.figure import Figure

HEAD = ("figure", "value", "goal", "")


def show_figures(figures: Sequence[Figure], out: Console) -> None:
    """Each figure with its goal; below, what it was made of."""
    if out.is_terminal:
        out.print(_table(figures))
    else:
        _plain(figures, out)
    for figure in figures:
        out.print(f"\n{figure.what}: {figure.shown}", markup=False)
        for name, text in (("poller", figure.ours), ("against", figure.baseline), ("", figure.detail)):
            if text and text != "none":
                out.print(f"  {name:8} {text}", markup=False)


def _rows(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    return [(one.what, one.shown, one.shown_goal, "met" if one.is_met else "NOT MET") for one in figures]


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(*HEAD)
    for figure, row in zip(figures, _rows(figures), strict=True):
        table.add_row(*row, style="" if figure.is_met else "yellow")
    return table


def _plain(figures: Sequence[Figure], out: Console) -> None:
    rows = [HEAD, *_rows(figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    for row in rows:
        out.print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), markup=False)
