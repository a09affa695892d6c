"""`python -m tests.bench`: every figure as a ratio that was measured in one run on one core, or as bytes and seconds."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.bench.figure import Figure
from tests.bench.machine import cores, description
from tests.bench.table import show_figures
from tests.bench.telling import read_line
from tests.bench.worker import BENCHES

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
        for bench in options.only or BENCHES:
            try:
                figures += _run(bench, options.scale, Path(scratch), progress)
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


def _run(bench: str, scale: str, scratch: Path, progress: Console) -> list[Figure]:
    figures = []
    with progress.status(bench) as status:
        for said in _lines(bench, scale, scratch):
            if isinstance(said, Figure):
                figures.append(said)
            elif progress.is_terminal:
                status.update(f"{bench}: {said}")
            else:
                progress.print(f"{bench}: {said}", markup=False)
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
