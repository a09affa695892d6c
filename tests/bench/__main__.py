"""`python -m tests.bench`: the figures, as ratios that were measured in one run on one core wherever there is a baseline."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from tests.bench.figure import Figure
from tests.bench.machine import cores, description
from tests.bench.table import show_figures
from tests.bench.telling import read_line
from tests.bench.worker import BENCHES

UNHURRIED: Final = ("fresh", "throttled")  # they keep to few requests a second, and leave the cores alone
HOW: Final = (
    "The program under test and its baseline run on core {}, in turn (A B A B …), and a rate is that of the median lap; the simulated "
    "upstream and receiver run on core {} and verify tokens and signatures. Nothing else should use the machine meanwhile."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures. Exit code 0 whatever they are; 1 when a bench itself breaks."""
    options = _parser().parse_args(arguments)
    out, progress = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)
    began, figures, broken = time.monotonic(), list[Figure](), False
    with tempfile.TemporaryDirectory(prefix="poller-bench-") as scratch:
        out.print(f"Machine: {description(Path(scratch).resolve())}", markup=False)
        out.print(HOW.format(*cores()), markup=False)
        with progress.status("") as status, ThreadPoolExecutor() as pool:
            for group in _groups(options.only or list(BENCHES)):
                for bench, run in [
                    (one, pool.submit(_run, one, options.scale, Path(scratch), status)) for one in group
                ]:
                    try:
                        figures += run.result()
                    except subprocess.CalledProcessError as failure:
                        broken = True
                        progress.print(f"the bench {bench} broke (exit code {failure.returncode})", markup=False)
    show_figures(figures, out)
    out.print(f"Took {time.monotonic() - began:.0f} s.")
    return int(broken)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only", metavar="NAME", action="append", choices=list(BENCHES), help=f"one of: {', '.join(BENCHES)}"
    )
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument(
        "--quick",
        dest="scale",
        action="store_const",
        const="quick",
        default="whole",
        help="fewer and shorter laps, fewer jobs",
    )
    scale.add_argument(
        "--tiny", dest="scale", action="store_const", const="tiny", help="shows that it runs; the figures say nothing"
    )
    return parser


def _groups(benches: Sequence[str]) -> list[list[str]]:
    """Those of `UNHURRIED` at the same time, where the first of them stands; the others one after the other."""
    together = [bench for bench in benches if bench in UNHURRIED]
    return [
        together if bench in together else [bench] for bench in benches if bench not in together or bench == together[0]
    ]


def _run(bench: str, scale: str, scratch: Path, status: Status) -> list[Figure]:
    figures = []
    for said in _lines(bench, scale, scratch):
        if isinstance(said, Figure):
            figures.append(said)
        elif status.console.is_terminal:
            status.update(escape(f"{bench}: {said}"))
        else:
            status.console.print(f"{bench}: {said}", markup=False)
    return figures


def _lines(bench: str, scale: str, scratch: Path) -> Iterator[str | Figure]:
    command = [sys.executable, "-m", "tests.bench.worker", bench, "--scale", scale, "--shared", str(scratch)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            yield read_line(line)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


if __name__ == "__main__":
    sys.exit(main())
