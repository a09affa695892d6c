"""What the control socket may do to the running daemon."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Final

from poller import __version__
from poller.core.crew import Member
from poller.core.event import Event
from poller.core.jsonvalue import Json
from poller.core.notices import test_event
from poller.core.plan import Plan
from poller.core.work import Told
from poller.daemon.generation import Generation
from poller.daemon.tools import Tools
from poller.engine.janitor import Janitor
from poller.errors import NotFound
from poller.web.ports import SourceState

STALLED: Final = 60.0  # seconds without a round before the daemon calls itself unhealthy


class Controls:
    """The daemon as its API sees it; always speaks of the generation that runs now.

    `misfit` says why the daemon cannot work with the database, None when it can.
    """

    def __init__(
        self, current: Callable[[], Generation], tools: Tools, misfit: Callable[[], str | None] = lambda: None
    ) -> None:
        self._current = current
        self._misfit = misfit
        self._tools = tools
        self._started_at = tools.clock.now()

    def sources(self) -> Sequence[str]:
        """The names under `[sources]`."""
        return list(self._current().parts.tenants)

    def notifiers(self) -> Sequence[str]:
        """The names under `[notifiers]`."""
        return list(self._current().parts.dispatchers)

    def jobs_changed(self, source: str) -> None:
        """Jobs of this source were added, or are due at another time than before."""
        tenant = self._current().parts.tenants.get(source)
        if tenant is not None:
            tenant.look()

    def deliveries_changed(self, notifiers: Sequence[str]) -> None:
        """Deliveries were put back to pending: a notifier that an answer 410 disabled is tried again."""
        for name in notifiers:
            dispatcher = self._current().parts.dispatchers.get(name)
            if dispatcher is not None:
                dispatcher.enable()

    async def acknowledge(self, source: str, job_id: str, author: str, comment: str | None) -> None:
        """Somebody takes care of the job while it stays in its state. Raises NotFound."""
        tenant = self._current().parts.tenants.get(source)
        if tenant is None:
            raise NotFound(f"there is no source {source} in the configuration: `poller check` shows those there are")
        await tenant.tender.acknowledge(job_id, author, comment)

    async def send_test(self, notifier: str) -> Event:
        """Record a `test` event that is owed to this notifier only."""
        event = test_event(notifier, now=self._tools.clock.now())
        await self._tools.ledger.announce(Told(event=event, notifiers=(notifier,)))
        self._current().parts.look_for_deliveries()
        return event

    async def prune(self) -> int:
        """Delete what is older than `store.retain` says; returns how many rows."""
        retain = self._current().parts.config.store.retain
        return await Janitor(self._tools.retention, self._tools.clock, retain.seconds).round()

    def health(self) -> tuple[bool, str]:
        """Whether every loop makes progress, and if not, which does not."""
        stalled = self._current().stalled(self._tools.clock.monotonic(), STALLED)
        return (True, "ok") if stalled is None else (False, f"{stalled}: no progress for {STALLED:.0f} s")

    def myself(self) -> Member:
        """This daemon; one that is asked is alive, and alone where nothing is written about it."""
        return Member(
            id="-",
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            started_at=self._started_at,
            beat_at=self._tools.clock.now(),
            lease=0.0,
            alive=True,
            jobs=sum(tenant.poller.seats.claimed for tenant in self._current().parts.tenants.values()),
            deliveries=sum(one.seats.claimed for one in self._current().parts.dispatchers.values()),
        )

    def missing(self) -> Sequence[str]:
        """Which sources have not been read since the daemon started, and why the database does not take part, if it does not.

        A source without jobs and without a list has nothing to read.
        """
        tenants, read = self._current().parts.tenants, self._tools.tally.read
        unread = [name for name, tenant in tenants.items() if name not in read and tenant.governor.jobs != 0]
        return [*self._absent(), *(f"sources.{name} has not been read yet" for name in unread)]

    def _absent(self) -> Iterator[str]:
        misfit, trouble = self._misfit(), self._current().trouble()
        if misfit is not None:
            yield misfit
        elif trouble is not None:
            yield f"the database does not take part: {trouble}"

    def source_states(self) -> Sequence[SourceState]:
        """Every source, as it works now."""
        parts = self._current().parts
        return [
            SourceState(
                name=name,
                rate=parts.config.sources[name].rate,
                allowed=tenant.governor.allowed,
                plan=tenant.governor.plan,
                listed=tenant.governor.listed,
            )
            for name, tenant in parts.tenants.items()
        ]

    def disabled(self) -> Mapping[str, str | None]:
        """Every notifier, with the reason if an answer 410 has disabled it."""
        return {name: dispatcher.disabled for name, dispatcher in self._current().parts.dispatchers.items()}

    def failing(self) -> Sequence[str]:
        """The notifiers to which attempts fail one after the other, and those that are disabled."""
        return [name for name, dispatcher in self._current().parts.dispatchers.items() if dispatcher.is_failing]

    def status(self) -> Mapping[str, Json]:
        """What runs, for `GET /api/v1/status`."""
        parts = self._current().parts
        plans = {name: _shown(tenant.governor.plan, tenant.governor.listed) for name, tenant in parts.tenants.items()}
        return {"sources": self.sources(), "notifiers": self.notifiers(), "disabled": self.disabled(), "plans": plans}


def _shown(plan: Plan | None, listed: int | None) -> Json:
    if plan is None:
        return None
    return {**{key: value for key, value in asdict(plan).items() if key != "threshold"}, "listed": listed}
