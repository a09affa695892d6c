"""The daemon from start to end: open, run generation after generation, close in order."""

import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import structlog

from poller import __version__
from poller.config import Config, DatabaseLocation, database_location, load_and_inspect
from poller.config import Store as StoreConfig
from poller.core.requiet import waits_until
from poller.daemon.assembly import Parts, assemble, routes_of
from poller.daemon.controls import STALLED, Controls
from poller.daemon.counted import CountedBatches, CountedLedger, CountedOutbox
from poller.daemon.fitness import Fitness
from poller.daemon.generation import RELOAD_GRACE, Generation
from poller.daemon.heartbeat import Heart
from poller.daemon.heralding import Herald
from poller.daemon.presence import Company, in_company
from poller.daemon.timekeeping import Timekeeper
from poller.daemon.tools import Tools
from poller.engine.bell import Bell
from poller.errors import ConfigError, PollerError, StoreError
from poller.host import loop
from poller.host.clock import SystemClock
from poller.host.heap import settle
from poller.host.logs import LogFormat, configure_logs
from poller.host.runtime import control_socket
from poller.host.shortage import LOOK_EVERY, Descriptors, watch_shortages
from poller.host.signals import watch_signals
from poller.host.systemd import Supervisor, supervisor
from poller.host.ticker import Ticker
from poller.net.guard import Policy
from poller.net.mail import Mail
from poller.net.session import Http
from poller.store.agreeing import Identity
from poller.store.store import Store, open_store
from poller.web.api import build_app
from poller.web.listener import Front, serve_web
from poller.web.news import News
from poller.web.socket import serve_socket
from poller.web.tally import Tally

TICK: Final = 1.0  # seconds between rings: the longest that work waits for which nobody rang
JANITOR_TICK: Final = 600.0  # seconds between two rounds of the janitor
OPENING_TICK: Final = 10.0  # seconds between two requests for more time, while the schema is upgraded
OPENING_MORE: Final = 60.0  # seconds that each of them asks for

log = structlog.get_logger(__name__)


def serve(config_file: Path, environ: Mapping[str, str], log_format: LogFormat | None = None) -> int:
    """Run the daemon in the foreground until a signal ends it; returns the exit code. `log_format` comes before the file's.

    Raises PollerError (ConfigError, StoreBusy, StoreError) when it cannot start.
    """
    configure_logs(form=log_format or "auto")
    config = _load(config_file, environ)
    log_as = partial(_log_as, log_format)
    log_as(config)
    loop.run(partial(_serve, config, config_file, environ, log_as))
    return 0


def _load(config_file: Path, environ: Mapping[str, str]) -> Config:
    config, exposed = load_and_inspect(config_file, environ=environ)
    for said in exposed:
        log.warning("a secret is not kept well", reason=said)
    return config


def _log_as(log_format: LogFormat | None, config: Config) -> None:
    configure_logs(level=config.log.level, form=log_format or config.log.format)


async def _serve(
    config: Config, config_file: Path, environ: Mapping[str, str], log_as: Callable[[Config], None]
) -> None:
    watch_shortages()
    location, manager = database_location(config.store, environ, Path.cwd()), supervisor(environ)
    async with (
        _opened(location, manager, config.store) as store,
        in_company(store) as company,
        _tools(store, company) as tools,
    ):
        daemon = Daemon(store, tools, await adopt(config, store, tools), manager)
        make_app = partial(
            build_app,
            controls=Controls(lambda: daemon.generation, tools, lambda: daemon.fitness.misfit),
            registry=store.registry,
            archive=store.archive,
            outbox=store.backlog,
            tally=tools.tally,
            news=tools.news,
            silences=store.silences,
        )
        # The control socket opens last: who is answered there finds all the rest listening too.
        async with (
            serve_web(make_app, config.web) as front,
            serve_socket(make_app(), control_socket(environ, location.file, Path.cwd())),
        ):
            settle()
            await daemon.run(partial(_read_again, config_file, environ, location), log_as, front)
    log.info("stopped")


@asynccontextmanager
async def _opened(location: DatabaseLocation, manager: Supervisor, table: StoreConfig) -> AsyncIterator[Store]:
    """The store. An upgrade of its schema may take long: the service manager is asked for patience meanwhile."""
    async with AsyncExitStack() as stack:
        async with anyio.create_task_group() as group:
            group.start_soon(_ask_for_patience, manager)
            try:
                store = await stack.enter_async_context(
                    open_store(location.url, identity=Identity(lease=table.lease, listen=table.listen))
                )
            finally:
                group.cancel_scope.cancel()
        before = store.schema
        if before.revision is not None and not before.is_current:
            log.info(
                "the schema was upgraded", before=before.revision, now=before.head, copy=str(before.copy or "none")
            )
        yield store


async def _ask_for_patience(manager: Supervisor) -> None:
    while True:
        manager.wait_longer(OPENING_MORE, "opening the database, which may include an upgrade of its schema")
        await anyio.sleep(OPENING_TICK)


async def adopt(config: Config, store: Store, tools: Tools) -> Parts:
    """The parts of `config`, with the jobs that it names watched. What can fail comes first, what has an effect after it."""
    parts = assemble(config, tools)
    for name, source in config.sources.items():
        await store.registry.sync_file(name, source.jobs, now=tools.clock.now())
    routes, notifiers = routes_of(config), list(config.notifiers)
    moved = await store.backlog.reconsider(
        lambda event, notifier, before: waits_until(event, notifier, before, routes, notifiers), now=tools.clock.now()
    )
    if moved:
        log.info("quiet hours have changed: what waits for their end is due earlier", deliveries=moved)
    return parts


def _read_again(config_file: Path, environ: Mapping[str, str], location: DatabaseLocation) -> Config:
    config = _load(config_file, environ)
    if database_location(config.store, environ, Path.cwd()).url != location.url:
        raise ConfigError(str(config_file), ["store.url: found another database; it changes only with a restart"])
    return config


@asynccontextmanager
async def _tools(store: Store, company: Company) -> AsyncIterator[Tools]:
    async with Http(Policy()) as http, Http(Policy(public_only=True)) as strict, Mail(Policy()) as mail:
        tally, news = Tally(store_errors=store.database.errors), News()
        yield Tools(
            ledger=CountedLedger(store.ledger, tally, news.ring),
            roll=store.roll,
            outbox=CountedOutbox(store.outbox, tally),
            tally=tally,
            news=news,
            retention=store.retention,
            care=store.care,
            batches=CountedBatches(store.batches, tally, news.ring),
            chores=company.chores,
            clock=company.clock,
            wall=SystemClock(),
            crew=company.crew,
            budgets=company.budgets,
            gates=company.gates,
            heard=company.heard,
            http=http,
            strict=strict,
            mail=mail,
        )


class Daemon:
    """Generations in turn, the metronome and the signals."""

    def __init__(self, store: Store, tools: Tools, parts: Parts, manager: Supervisor) -> None:
        self._herald = Herald(manager, store.archive, tools.clock, lambda: self.generation)
        self._heart = Heart(
            tools.http,
            lambda: self.generation.parts.config.heartbeat,
            lambda: self.generation.stalled(tools.clock.monotonic(), STALLED),
        )
        self.fitness = Fitness(store.archive.misfit, tools.clock)
        self._store = store
        self._tools = tools
        self._successor: Parts | None = None
        self._stopping = False
        self.generation = Generation(parts)

    async def run(self, read_again: Callable[[], Config], log_as: Callable[[Config], None], front: Front) -> None:
        """Run until SIGTERM or SIGINT; SIGHUP takes the configuration from `read_again`, logs as it says with `log_as`, and listens
        as it says with `front`.
        """
        reload_bell, prune_bell = Bell(), Bell()
        with Ticker() as ticker:
            ticker.every(TICK, self._tick)
            ticker.every(JANITOR_TICK, prune_bell.ring)
            ticker.every(LOOK_EVERY, Descriptors().look)
            async with anyio.create_task_group() as group:
                group.start_soon(partial(watch_signals, stop=self._stop, reload=reload_bell.ring))
                group.start_soon(self._reload_when_rung, reload_bell, read_again, log_as, front)
                group.start_soon(self._prune_when_rung, prune_bell)
                group.start_soon(self._look_when_heard)
                log.info("started", version=__version__, loop=loop.running(), **_counts(self.generation.parts))
                await self._herald.ready()
                group.start_soon(self._herald.run)
                group.start_soon(self._heart.run)
                group.start_soon(self.fitness.run)
                group.start_soon(Timekeeper(self._tools.wall, self._store.timetable, self._tick).run)
                await self._generations()
                group.cancel_scope.cancel()

    async def _generations(self) -> None:
        while True:
            await self.generation.run()
            if self._stopping or self._successor is None:
                return
            self.generation, self._successor = Generation(self._successor), None
            log.info("configuration reloaded", **_counts(self.generation.parts))
            self._heart.look()
            await self._herald.ready()

    def _tick(self) -> None:
        self.generation.parts.look_for_jobs()
        self.generation.parts.look_for_deliveries()

    def _stop(self) -> None:
        self._herald.stopping()
        self._stopping = True
        self.generation.end()

    async def _reload_when_rung(
        self, bell: Bell, read_again: Callable[[], Config], log_as: Callable[[Config], None], front: Front
    ) -> None:
        while True:
            await bell.wait(math.inf)
            self._herald.reloading()
            try:
                config = read_again()
                async with front.changing(config.web):
                    self._successor = await adopt(config, self._store, self._tools)
            except PollerError as error:
                log.error("the configuration stays as it was", reason=str(error), asked=True)
                await self._herald.refused(str(error))
            else:
                log_as(self._successor.config)
                self.generation.end(RELOAD_GRACE)

    async def _look_when_heard(self) -> None:
        """Another daemon has recorded something: perhaps it is owed from here."""
        while True:
            await self._tools.heard.wait(math.inf)
            self.generation.parts.look_for_deliveries()
            self._tools.news.ring()

    async def _prune_when_rung(self, bell: Bell) -> None:
        while True:
            await bell.wait(math.inf)
            with suppress(StoreError):  # a database that is away says so elsewhere; the next ring comes soon enough
                if await self._tools.chores.take("janitor"):
                    await Controls(lambda: self.generation, self._tools).prune()


def _counts(parts: Parts) -> dict[str, int]:
    return {"sources": len(parts.tenants), "notifiers": len(parts.dispatchers)}
