"""From the configuration to the parts that run: everything here can fail, and nothing here has an effect."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from poller.config import Config, NotifierConfig, RouteConfig, SourceConfig
from poller.core.addressing import addressed
from poller.core.care import tended_routes
from poller.core.event import Event
from poller.core.route import Route
from poller.core.vocabulary import CLASSES
from poller.core.work import Fallback, NotifierHealth
from poller.daemon.counted import CountedHttp, CountedNotifier, CountedSource
from poller.daemon.tenancy import build_tenant
from poller.daemon.tools import Tools
from poller.engine.dispatcher import Dispatcher
from poller.engine.ports import Source
from poller.engine.standing import Announce
from poller.engine.tenant import Tenant
from poller.engine.verdict import Rules
from poller.notifiers import kinds as notifier_kinds
from poller.sources import kinds as source_kinds


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """One configuration at work: a tenant for each source, a dispatcher for each notifier."""

    config: Config
    tenants: Mapping[str, Tenant]
    dispatchers: Mapping[str, Dispatcher]

    def look_for_deliveries(self) -> None:
        """Tell every dispatcher that something may be owed."""
        for dispatcher in self.dispatchers.values():
            dispatcher.look()

    def look_for_jobs(self) -> None:
        """Tell every tenant that something may be due."""
        for tenant in self.tenants.values():
            tenant.look()


def assemble(config: Config, tools: Tools) -> Parts:
    """Build every part. Raises ConfigError for what only shows when a part is built."""
    routes = routes_of(config)
    dispatchers: dict[str, Dispatcher] = {}
    tenants: dict[str, Tenant] = {}
    parts = Parts(config=config, tenants=tenants, dispatchers=dispatchers)
    for name, source in config.sources.items():
        built = _source(name, source, tools, partial(_unpaid, tenants, name))
        tenants[name] = build_tenant(
            built, source, _rules(built, source, config, routes), tools, parts.look_for_deliveries
        )

    async def announce(event: Event, health: NotifierHealth) -> None:
        told = addressed(event, routes, list(config.notifiers))
        await tools.ledger.announce_notifier(told, event.subject, health)
        parts.look_for_deliveries()

    for name, notifier in config.notifiers.items():
        dispatchers[name] = _dispatcher(name, notifier, tools, announce)
    return parts


def _unpaid(tenants: Mapping[str, Tenant], name: str) -> None:
    tenants[name].unpaid()


def _source(name: str, table: SourceConfig, tools: Tools, unpaid: Callable[[], None]) -> CountedSource:
    http = CountedHttp(tools.http, name, tools.clock, tools.tally, unpaid)
    return CountedSource(source_kinds.build(name, table, http, tools.wall, tools.gates), tools.clock, tools.tally)


def routes_of(config: Config) -> list[Route]:
    """The routes of the file as the core knows them."""
    return [_route(route) for route in config.routes]


def _route(route: RouteConfig) -> Route:
    return Route(
        notify=route.notify,
        on=route.on,
        sources=route.sources,
        batch_names=route.batch_names,
        tags=route.tags,
        names=route.names,
        labels=route.labels,
        classes=route.classes,
        operators=route.operators,
        quiet=None if route.quiet is None else route.quiet.hours,
        tending=route.tending,
    )


def _rules(source: Source, table: SourceConfig, config: Config, routes: Sequence[Route]) -> Rules:
    return Rules(
        classify=source.classify,
        every={state_class: table.every.of(state_class) for state_class in CLASSES},
        forget_done_after=table.forget_done_after,
        first_sight=table.first_sight,
        routes=routes,
        notifiers=list(config.notifiers),
        stuck_after=table.stuck_after,
        follow=_followed(table),
        tended=tended_routes(routes),
    )


def _followed(table: SourceConfig) -> dict[str, str]:
    voice = getattr(table, "follow_voice", None)
    return {} if voice is None else {"voice_train_job_id": voice}


def _dispatcher(name: str, table: NotifierConfig, tools: Tools, announce: Announce) -> Dispatcher:
    built = notifier_kinds.build(name, table, http=tools.http, strict=tools.strict, mail=tools.mail)
    return Dispatcher(
        notifier=CountedNotifier(built, tools.clock, tools.tally),
        outbox=tools.outbox,
        clock=tools.clock,
        waits=table.retry,
        rate=table.rate,
        concurrency=table.concurrency,
        timeout=table.timeout,
        ordered=table.ordered,
        dice=random.random,
        announce=announce,
        fallback=_fallback(table),
        recipients=table.recipients,
        window=table.window,
    )


def _fallback(table: NotifierConfig) -> Fallback | None:
    return None if table.fallback is None else Fallback(notifier=table.fallback, after=table.fallback_after)
