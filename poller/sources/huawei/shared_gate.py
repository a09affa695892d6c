"""The door in front of a credential that several daemons use: together they fail no more often than one alone would.

While the credential is proven each daemon has its part of the places (`core.crew`). Once one of them is refused, all know before
their next request: then one daemon at a time tries it, alone, and not before what was under way elsewhere is known. Without the
database a gate goes by what it knows itself.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

import anyio
import structlog

from poller.core.reading import Denied, Failed
from poller.errors import StoreError
from poller.sources.huawei.door import Ticket
from poller.sources.huawei.gate import WAITED, Gate
from poller.sources.ports import Refusals

GLANCE: Final = 0.25  # seconds that what others know may be old
TRY_AGAIN: Final = 0.1  # seconds between two attempts to be the one that tries
MARGIN: Final = 1.0  # seconds beyond the patience of a request that its try is kept for it

log = structlog.get_logger(__name__)


class SharedGate:
    """`gate` is this daemon's own; `refusals` is what all know of the credential with this fingerprint."""

    def __init__(self, gate: Gate, fingerprint: str, refusals: Refusals) -> None:
        self._gate = gate
        self._fingerprint = fingerprint
        self._refusals = refusals
        self._looked_at = float("-inf")
        self._looking = anyio.Lock()
        self._untold: str | None = None  # a refusal that could not be shared yet
        self._news: dict[int, str | None] = {}  # by ticket: why it was refused, None for accepted

    @asynccontextmanager
    async def admit(self, patience: float) -> AsyncIterator[Ticket | Denied | Failed]:
        """A ticket for the time of the block, or why there is none; waits at most `patience` seconds at each of two doors."""
        await self._look()
        async with self._gate.admit(patience) as ticket:
            if not isinstance(ticket, Ticket):
                yield ticket
                return
            alone = not self._gate.proven
            trouble = await self._become_the_one(patience) if alone else None
            if trouble is not None:
                yield trouble
                return
            try:
                yield self._gate.renewed(ticket) if alone else ticket
            finally:
                await self._report(ticket, alone=alone)

    def accepted(self, ticket: Ticket) -> None:
        """The upstream took the credential; all are to know if it was in doubt."""
        doubted = not self._gate.proven
        self._gate.accepted(ticket)
        if doubted and self._gate.proven:
            self._news[ticket.number] = None

    def refused(self, ticket: Ticket, reason: str, *, renewable: bool) -> None:
        """The upstream did not take the credential."""
        epoch = self._gate.epoch
        self._gate.refused(ticket, reason, renewable=renewable)
        if self._gate.epoch != epoch:
            self._news[ticket.number] = reason

    async def _look(self) -> None:
        async with self._looking:
            if monotonic() - self._looked_at < GLANCE:
                return
            try:
                if self._untold is None:
                    self._gate.learn(await self._refusals.standing(self._fingerprint))
                else:
                    await self._tell(self._untold)
            except StoreError as error:
                log.debug("what others know of a credential cannot be read", reason=str(error))
            self._looked_at = monotonic()

    async def _become_the_one(self, patience: float) -> Denied | Failed | None:
        """Wait until no other daemon tries the credential; why this one may not either, None once it may."""
        until = monotonic() + patience
        while monotonic() < until:
            try:
                if await self._refusals.try_alone(self._fingerprint, seconds=patience + MARGIN):
                    return None
                self._gate.learn(await self._refusals.standing(self._fingerprint))
            except StoreError as error:
                return Failed(kind="outage", reason=str(error))
            if (denied := self._gate.denied()) is not None:
                return denied
            await anyio.sleep(TRY_AGAIN)
        return WAITED

    async def _report(self, ticket: Ticket, *, alone: bool) -> None:
        known = ticket.number in self._news
        reason = self._news.pop(ticket.number, None)
        if not (known or alone):
            return
        with anyio.CancelScope(shield=True):
            try:
                if reason is not None:
                    await self._tell(reason)
                elif known:
                    await self._refusals.accepted(self._fingerprint)
                else:
                    await self._refusals.ended(self._fingerprint)
            except StoreError as error:
                log.debug("what was learned of a credential cannot be shared", reason=str(error))

    async def _tell(self, reason: str) -> None:
        self._untold = reason  # until it is told
        standing = await self._refusals.refused(self._fingerprint, reason)
        self._untold = None
        self._looked_at = monotonic()
        self._gate.learn(standing)
