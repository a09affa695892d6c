"""What the engine needs of the rows to deliver, as a Protocol like those in `ports`."""

from collections.abc import Sequence
from typing import Protocol

from poller.core.bundling import Window
from poller.core.delivery import Delivery
from poller.core.work import Fallback, NotifierHealth, Owed


class Outbox(Protocol):
    """Deliveries. Every method is one short transaction."""

    async def claim(
        self,
        notifier: str,
        *,
        now: float,
        until: float,
        limit: int,
        ordered: bool,
        recipients: Sequence[str],
        window: Window | None,
    ) -> Sequence[Owed]:
        """Lease up to `limit` deliveries that are to be tried now, none of which has to wait for an earlier one of its job.

        `ordered`: an earlier one that is pending is waited for; else only one that was never tried. What is owed to somebody else
        than `recipients` is left alone. With a `window` deliveries are collected, and tried together when it is over; a bundle
        counts as one.
        """
        ...

    async def release(self, ids: Sequence[int]) -> None:
        """Give claimed deliveries back untried."""
        ...

    async def next_attempt(self, notifier: str, *, recipients: Sequence[str]) -> float | None:
        """When the next unclaimed delivery may be tried; None when there is none."""
        ...

    async def settle(self, deliveries: Sequence[Delivery], *, fallback: Fallback | None = None) -> None:
        """Save the deliveries after their attempts; ends the leases. One that is no longer pending stays as it is.

        What has failed often enough, or is dead, is owed to the `fallback` as well, in the same transaction.
        """
        ...

    async def hand_over(
        self, notifier: str, fallback: Fallback, *, before: float, after: int, limit: int
    ) -> Sequence[int]:
        """Owe the fallback as well what is pending since `before` (seconds), behind the id `after`; returns what was looked at."""
        ...

    async def health(self, notifier: str) -> NotifierHealth:
        """What was last told of the notifier."""
        ...
