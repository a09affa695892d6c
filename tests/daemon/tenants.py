"""All that works on one source in one daemon, put together as the daemon does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from poller.config.loading import parse
from poller.daemon.assembly import assemble
from poller.daemon.tools import Tools
from poller.engine.tenant import Tenant
from poller.host.clock import SystemClock
from poller.net.guard import Policy
from poller.net.mail import Mail
from poller.net.session import Http
from poller.store.store import Store
from poller.web.tally import Tally
from tests.process.settings import Tables, document


@asynccontextmanager
async def tenant_of(store: Store, table: Tables, tally: Tally, **shared: Any) -> AsyncIterator[Tenant]:
    """That of the source `prod`, with `table`; it does not run yet. `shared` is what it shares with other daemons, as in `Tools`."""
    config = parse(document({"sources": {"prod": table}}), environ={})
    async with Http(Policy()) as http, Mail(Policy()) as mail:
        tools = Tools(
            ledger=store.ledger,
            roll=store.roll,
            outbox=store.outbox,
            retention=store.retention,
            care=store.care,
            batches=store.batches,
            clock=SystemClock(),
            http=http,
            strict=http,
            tally=tally,
            mail=mail,
            **shared,
        )
        yield assemble(config, tools).tenants["prod"]
