"""Notifiers that plug-ins bring, held to what poller needs of one: whatever they do, an attempt ends and has an outcome."""

from dataclasses import dataclass
from typing import Final

import anyio

from poller.config.notifying import Notifying
from poller.config.plugged import NOTIFIERS, build_plugged
from poller.core.delivery import REASON_LIMIT, Delivered, Gone, Outcome, Rejected, Retry
from poller.core.notification import Notification
from poller.notifiers.ports import Notifier, NotifierTools

GRACE: Final = 1.0  # seconds beyond its own time-out after which an attempt is ended from outside
_WANTED: Final = ("name", "deliver", "reach")


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A notifier that is not trusted to end, or to answer in our words."""

    name: str
    inner: Notifier
    timeout: float

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:
        """One attempt. What the plug-in raises goes through: it is logged as a bug, and the delivery is tried again."""
        outcome: object = Retry(reason="timeout: the plug-in did not end the attempt")
        with anyio.move_on_after(self.timeout + GRACE):
            outcome = await self.inner.deliver(notification, now=now)
        match outcome:
            case Delivered():
                return outcome
            case Retry(reason=reason, after=after):
                return Retry(reason=_tame(reason), after=after)
            case Rejected(reason=reason):
                return Rejected(reason=_tame(reason))
            case Gone(reason=reason):
                return Gone(reason=_tame(reason))
            case _:
                raise TypeError(f"the plug-in's deliver returned a {type(outcome).__name__}, not an outcome")

    async def reach(self) -> str | None:
        """Why the receiver cannot be reached, as far as the plug-in says so in time."""
        trouble: str | None = "timeout: the plug-in did not end"
        with anyio.move_on_after(self.timeout + GRACE):
            trouble = await self.inner.reach()
        return None if trouble is None else _tame(trouble)


def held(name: str, config: Notifying, tools: NotifierTools) -> Notifier:
    """The notifier of a kind that is not built in. Raises ConfigError."""
    built: Notifier = build_plugged(NOTIFIERS, name, config, tools, _WANTED)
    return Held(name=name, inner=built, timeout=config.timeout)


def _tame(reason: object) -> str:
    line = "".join(char if char.isprintable() else " " for char in str(reason))
    return line[:REASON_LIMIT] or "the plug-in gave no reason"
