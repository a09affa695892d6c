"""A second process that uses the storage, for the tests to refuse or to kill: ``python -m tests.store.process hold|write FILE``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

import anyio

from poller.store.store import Store, open_store
from tests.core.samples import NOON
from tests.store.making import changed, claim, event, watch

BATCH = 20  # jobs that change together in one `record`


@contextmanager
def another_process(role: str, file: Path) -> Iterator[tuple[Popen[str], IO[str]]]:
    """The process and what it says, a line for each thing done; killed in the end."""
    with Popen([sys.executable, "-m", "tests.store.process", role, str(file)], stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            process.kill()


async def write(store: Store) -> None:
    """Record batches for ever, and say so after each commit."""
    await watch(store, *(f"job{number}" for number in range(BATCH)))
    for sequence in range(1, 1_000_000):
        now = NOON + sequence * 100
        jobs = await claim(store, now=now)
        await store.ledger.record([changed(due, event(due.job_id, sequence), now=now, due_at=now) for due in jobs])
        print(sequence, flush=True)  # noqa: T201  # the parent reads it


async def main(role: str, file: Path) -> None:
    async with open_store(file) as store:
        print("open", flush=True)  # noqa: T201  # the parent reads it
        if role == "write":
            await write(store)
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], Path(sys.argv[2]))
