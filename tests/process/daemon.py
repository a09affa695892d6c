"""A real `poller run` in a folder of its own: started, waited for, killed, and its log read."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from inspect import isawaitable
from pathlib import Path
from typing import IO, Final

import anyio

from poller.cli.control import Control, control
from poller.errors import DaemonNotRunning
from tests.process.settings import document

START: Final = 40.0  # seconds: two cores may be busy with eight other tests
END: Final = 30.0
GLANCE: Final = 0.02
_OURS: Final = ("POLLER_", "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY")


class Daemon:
    """The daemon of one folder; what was started last is the one that is spoken of."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.config = folder / "poller.toml"
        self.database = folder / "poller.db"
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self.environ.update(environ or {})
        self._log = folder / "daemon.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "not started yet"
        return self._process

    @property
    def log(self) -> str:
        """All that any life wrote to standard output or standard error."""
        return self._log.read_text() if self._log.exists() else ""

    def write(self, **tables: object) -> None:
        """The configuration file; what runs does not hear of it until SIGHUP."""
        self.config.write_text(document(tables))
        self.config.chmod(0o600)  # it holds secrets

    def launch(self, *, piped: bool = False) -> None:
        """Start it, and do not wait. `piped`: its log goes through a pipe, so that it writes to no file but the database."""
        command = [sys.executable, "-m", "poller", "run", "--config", str(self.config)]
        with self._log.open("ab") as log:
            out = subprocess.PIPE if piped else log
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=self.environ, stdout=out, stderr=subprocess.STDOUT
            )
        if piped:
            threading.Thread(target=self._copy, args=(self._process.stdout,), daemon=True).start()

    async def start(self, within: float = START, *, piped: bool = False) -> None:
        """Start it, and wait until it answers at its control socket."""
        self.launch(piped=piped)
        await until(self._answers, within)

    def _copy(self, pipe: IO[bytes]) -> None:
        with pipe, self._log.open("ab", buffering=0) as log:
            for line in pipe:
                log.write(line)

    def control(self) -> AbstractAsyncContextManager[Control]:
        """A client of the control socket."""
        return control(Path(self.environ.get("RUNTIME_DIRECTORY", self.folder)) / "poller.sock")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut would end it."""
        self.process.kill()
        self.process.wait()

    async def ended(self, within: float = END) -> int:
        """The exit code, once it has ended by itself."""
        await until(lambda: self.process.poll() is not None, within)
        return self.process.returncode

    async def stop(self, within: float = END) -> int:
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return await self.ended(within)

    async def run(self) -> int:
        """Start it and wait for its end: for daemons that refuse to start."""
        self.launch()
        return await self.ended(START)

    async def _answers(self) -> bool:
        assert self.process.poll() is None, f"the daemon ended with {self.process.returncode}:\n{self.log}"
        try:
            async with self.control() as daemon:
                await daemon.get("status")
        except DaemonNotRunning:
            return False
        return True


@asynccontextmanager
async def daemon_in(folder: Path, environ: Mapping[str, str] | None = None) -> AsyncIterator[Daemon]:
    """A daemon that has not been started; whatever runs at the end is killed, and its log shown if the test failed."""
    daemon = Daemon(folder, environ)
    try:
        yield daemon
    except BaseException:
        code = None if daemon._process is None else daemon._process.poll()
        print(f"{daemon.log[-5_000:]}\nexit code: {code}")  # noqa: T201 pytest shows it with the failure
        raise
    finally:
        if daemon._process is not None and daemon._process.poll() is None:
            daemon.kill()


async def until(
    condition: Callable[[], bool | Awaitable[bool]], within: float = 30.0, *, glance: float = GLANCE
) -> None:
    """Wait until `condition` holds; TimeoutError after `within` seconds."""
    with anyio.fail_after(within):
        while True:
            held = condition()
            if await held if isawaitable(held) else held:
                return
            await anyio.sleep(glance)
