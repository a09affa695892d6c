"""The simulated upstream and receiver as processes of their own, on the core that is not under test."""

import argparse
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
import anyio.to_thread
from aiohttp import web

from poller.host import loop
from poller.simulator.receiver import running_receiver
from poller.simulator.server import Simulator
from poller.simulator.serving import serving
from tests.bench.answers import upstream_world
from tests.bench.machine import busy_seconds, cores, pin

SIGNING_SECRET = "whsec_" + "YmVuY2htYXJrcyBzaWduIHdpdGggdGhpcyBrZXkuLi4="
FIRST_REQUEST = "/bench/first"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A process that serves at `url`."""

    url: str
    pid: int

    def busy(self) -> float:
        """The processor time it has used, in seconds."""
        return busy_seconds(self.pid)

    def first_request(self) -> float | None:
        """When it was first asked for a job, by the monotonic clock of this machine; None while it was not."""
        with urllib.request.urlopen(self.url + FIRST_REQUEST, timeout=5) as answer:
            at: float | None = json.load(answer)["at"]
        return at


@contextmanager
def upstream(*, jobs: int, changing: bool = False) -> Iterator[Server]:
    """The simulated MetaStudio; it checks tokens and signatures as the real one does."""
    with process("upstream", "--jobs", str(jobs), *(["--changing"] if changing else [])) as server:
        yield server


@contextmanager
def receiver() -> Iterator[Server]:
    """The verifying receiver, which keeps nothing."""
    with process("receiver") as server:
        yield server


@contextmanager
def process(*arguments: str, module: str = "tests.bench.servers") -> Iterator[Server]:
    """A module that prints its URL first, and ends with its standard input."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes")
        url = process.stdout.readline().strip()
        try:
            yield Server(url=url, pid=process.pid)
        finally:
            process.stdin.close()  # the server ends with its standard input, so also when this process is killed


class _Noting:
    """The simulator, noting when it was first asked."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._at: float | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request comes in here."""
        if self._at is None:
            if request.path == FIRST_REQUEST:
                return web.json_response({"at": None})
            self._at = time.monotonic()
        elif request.path == FIRST_REQUEST:
            return web.json_response({"at": self._at})
        return await self._simulator.handle(request)


async def _serve(arguments: argparse.Namespace) -> None:
    if arguments.kind == "receiver":
        async with running_receiver(SIGNING_SECRET, keep=False) as webhooks:
            await until_input_ends(webhooks.url)
    else:
        noting = _Noting(Simulator(upstream_world(jobs=arguments.jobs, changing=arguments.changing)))
        async with serving(noting.handle, "127.0.0.1", 0) as url:
            await until_input_ends(url)


async def until_input_ends(url: str) -> None:
    """Say where it is served, and wait."""
    sys.stdout.write(url + "\n")
    sys.stdout.flush()
    await anyio.to_thread.run_sync(sys.stdin.read)


def main() -> None:
    """Serve until standard input ends."""
    pin(cores()[1])
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["upstream", "receiver"])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--changing", action="store_true")
    loop.run(_serve, parser.parse_args())


if __name__ == "__main__":
    main()
