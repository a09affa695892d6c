"""The program under test, put together as the daemon does it: configuration file, store, sources, notifiers, HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import anyio

from poller.config import Config, load
from poller.core.delivery import Delivery
from poller.core.work import Fallback, Poll
from poller.daemon.assembly import Parts, assemble
from poller.daemon.tools import Tools
from poller.engine.shift import Shift
from poller.host.clock import SystemClock
from poller.host.logs import configure_logs
from poller.net.guard import Policy
from poller.net.mail import Mail
from poller.net.session import Http
from poller.simulator.auth import Accepted
from poller.store.ledger import Ledger
from poller.store.outbox import Outbox
from poller.store.store import Store, open_store
from poller.web.tally import Tally as Counts
from tests.bench.laps import Lap, Mark, lap, mark
from tests.bench.servers import SIGNING_SECRET

SOURCE = "bench"
NOTIFIER = "hooks"
CONCURRENCY = 16  # of the source (the default), of the notifier and of the baselines
WARM = 100  # polls before a lap begins
PATIENCE = 60.0  # seconds that anything may take
T = TypeVar("T")

RIGHT = Accepted()
TOKEN = f'{{ method = "token", token = "{RIGHT.token}" }}'
CLASSES = ("active", "waiting_on_us", "waiting_on_vendor", "failed", "done", "unknown")
AKSK = f'{{ method = "aksk", access_key = "{RIGHT.access_key}", secret_key = "{RIGHT.secret_key}" }}'


def pacing(*, rate: str = "100000/s", every: str = "10ms", sweep: str = "detail") -> str:
    """The lines of a source that say how often it is asked; of themselves: everything is due at once and nothing limits the rate."""
    classes = ", ".join(f'{name} = "{every}"' for name in CLASSES)
    return f'rate = "{rate}"\nevery = {{ {classes} }}\nsweep = "{sweep}"'


class Tally:
    """Counts what was committed, and wakes those who wait for it."""

    def __init__(self) -> None:
        self.last = mark(0)
        self._moved = anyio.Event()

    def add(self, count: int) -> None:
        """So many more, as of now."""
        self.last = mark(self.last.done + count)
        self._moved.set()
        self._moved = anyio.Event()

    async def until(self, *, done: int = 0, at: float = 0.0) -> Mark:
        """The first commit at or after both."""
        await self._moved.wait()
        while self.last.done < done or self.last.at < at:
            await self._moved.wait()
        return self.last


class CountingLedger(Ledger):
    """Counts the polls of each committed transaction."""

    tally: Tally

    async def record(self, polls: Sequence[Poll]) -> Sequence[int]:
        refused = await super().record(polls)
        self.tally.add(len(polls) - len(refused))
        return refused


class CountingOutbox(Outbox):
    """Counts the deliveries of each committed transaction."""

    tally: Tally

    async def settle(self, deliveries: Sequence[Delivery], *, fallback: Fallback | None = None) -> None:
        await super().settle(deliveries, fallback=fallback)
        self.tally.add(sum(delivery.state == "delivered" for delivery in deliveries))


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """The parts that outlive a lap."""

    config: Config
    store: Store
    tools: Tools
    polls: Tally
    deliveries: Tally

    def parts(self) -> Parts:
        """A poller and a dispatcher that have not run yet."""
        return assemble(self.config, self.tools)

    async def poll_for(self, seconds: float) -> Lap:
        """Poll as fast as it goes, and count what was committed."""

        async def measured() -> Lap:
            start = await self.polls.until(done=self.polls.last.done + WARM)
            return lap(start, await self.polls.until(at=start.at + seconds))

        poller = self.parts().tenants[SOURCE]
        return await _while_running(poller.shift, poller.run, measured)

    async def poll_until(self, count: int) -> None:
        """Poll until so many more polls are committed."""

        async def reached() -> None:
            await self.polls.until(done=self.polls.last.done + count)

        poller = self.parts().tenants[SOURCE]
        await _while_running(poller.shift, poller.run, reached)

    async def deliver(self, count: int) -> Lap:
        """Deliver what is owed: `count`, from the first look at the rows to the last commit."""

        async def measured() -> Lap:
            start = mark(self.deliveries.last.done)
            return lap(start, await self.deliveries.until(done=start.done + count))

        dispatcher = self.parts().dispatchers[NOTIFIER]
        return await _while_running(dispatcher.shift, dispatcher.run, measured)


async def _while_running(
    shift: Shift, run: Callable[[], Coroutine[Any, Any, None]], body: Callable[[], Awaitable[T]]
) -> T:
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            result = await body()
            shift.close()
    return result


@asynccontextmanager
async def program(
    scratch: Path,
    *,
    database: str,
    endpoint: str,
    auth: str = TOKEN,
    hook: str = "",
    paced: str | None = None,
    notifying: str = "",
    store: str = "",
) -> AsyncIterator[Program]:
    """The program with the database file of that name in `scratch`; with `hook`, every event is owed to that URL.

    `notifying` are further lines of that notifier's table. `store` is the URL of another database in the place of that file.
    """
    file = write_config(
        scratch,
        database=database,
        endpoint=endpoint,
        auth=auth,
        hook=hook,
        paced=paced,
        notifying=notifying,
        store=store,
    )
    config = load(file, environ={})
    with (scratch / "poller.log").open("w", encoding="utf-8") as log_file:
        configure_logs(log_file)
        async with open_store(store or scratch / database) as opened, Http(Policy()) as http, Mail(Policy()) as mail:
            ledger, outbox = CountingLedger(opened.database), CountingOutbox(opened.database)
            ledger.tally, outbox.tally = Tally(), Tally()
            tools = Tools(
                ledger=ledger,
                roll=opened.roll,
                outbox=outbox,
                retention=opened.retention,
                care=opened.care,
                batches=opened.batches,
                clock=SystemClock(),
                http=http,
                strict=http,
                tally=Counts(),
                mail=mail,
            )
            yield Program(config=config, store=opened, tools=tools, polls=ledger.tally, deliveries=outbox.tally)


def write_config(
    scratch: Path,
    *,
    database: str,
    endpoint: str,
    auth: str = TOKEN,
    hook: str = "",
    paced: str | None = None,
    notifying: str = "",
    store: str = "",
) -> Path:
    """A file with one source, which is asked as `paced` says (`pacing`)."""
    lines = [
        f'[store]\nurl = "{store or f"sqlite:///{scratch / database}"}"',
        f'[sources.{SOURCE}]\nkind = "metastudio-avatar"\nendpoint = "{endpoint}"\nproject_id = "{RIGHT.project_id}"',
        f'auth = {auth}\nconcurrency = {CONCURRENCY}\nfirst_sight = "silent"\n{paced or pacing()}',
    ]
    if hook:
        lines.append(f'[notifiers.{NOTIFIER}]\nkind = "webhook"\nurl = "{hook}"\nsecret = "{SIGNING_SECRET}"')
        lines.append(f'rate = "100000/s"\nconcurrency = {CONCURRENCY}\n{notifying}')
    file = scratch / f"{database}.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
