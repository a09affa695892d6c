"""Which request gets which fault: `500=0.05,slow=0.02:3s,…` read, and one throw of the dice per request."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Final

from poller.errors import UsageError

KINDS: Final = {
    "html": "502 with a load balancer's HTML page",
    "cut": "the connection ends before the announced length",
    "reset": "the connection is reset without an answer",
    "slow": "a good answer, late by the amount",
    "hang": "no answer; the connection is reset after the amount",
    "badtoken": "400 MSS.00010008 though the credentials are right",
    "shape": "200 with something of the wrong type, in one field or as a whole",
    "shrink": "200 with only a part of the operation log",
    "shuffle": "200 with the operation log in another order",
    "empty": "200 with an empty body",
    "gzipbomb": "200 with 1 MB of gzip that unpacks to 1 GB",
    "redirect": "3xx to somewhere else",
    "huge": "200 with many megabytes",
}
"""Beside these, any status from 400 to 599 is a kind; 429 and 503 carry the amount as Retry-After."""

RECEIVER_KINDS: Final = {
    "cut": "200, then the connection ends before the announced length: the event was accepted",
    "lost": "the event is accepted, but the connection is reset instead of an answer",
    "reset": "the connection is reset, the event is not accepted",
    "slow": "accepted, late by the amount",
    "hang": "no answer; the connection is reset after the amount",
    "huge": "accepted, with an answer of many megabytes",
    "redirect": "3xx to somewhere else",
}
"""What the webhook receiver can do, beside any status from 400 to 599 with the amount, if given, as Retry-After."""

USUAL_AMOUNTS: Final = {"slow": 2.0, "hang": 60.0, "503": 1.0}
PRESETS: Final = {
    "none": "",
    "flaky": (
        "500=0.03,502=0.01,503=0.02,504=0.01,429=0.02,html=0.02,cut=0.02,reset=0.02,slow=0.02:500ms,badtoken=0.005,"
        "shape=0.02,shrink=0.01,shuffle=0.02,empty=0.01"
    ),
    "flaky-receiver": "500=0.05,503=0.02,429=0.02,reset=0.03,lost=0.02,slow=0.02:300ms,cut=0.01,redirect=0.01",
}
"""`flaky` is a bad day upstream, `flaky-receiver` one at a webhook's receiver."""
_PART: Final = re.compile(
    r"(?P<kind>[a-z]+|[45]\d\d)=(?P<share>1(?:\.0*)?|0|0?\.\d+)(?::(?P<amount>\d+(?:\.\d+)?)(?P<unit>ms|s)?)?"
)
_STATUS: Final = re.compile(r"[45]\d\d")
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What goes wrong with one request. `amount` is in seconds, where the kind has one."""

    kind: str
    amount: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """Faults with their shares of all requests; the shares together are at most 1."""

    shares: tuple[tuple[float, Fault], ...] = ()

    def pick(self, chance: Random) -> Fault | None:
        """The next request's fault, or None for a good answer."""
        if not self.shares:
            return None
        thrown = chance.random()
        for share, fault in self.shares:
            thrown -= share
            if thrown < 0:
                return fault
        return None


NO_FAULTS: Final = Faults()


def parse_faults(text: str, known: Collection[str] = KINDS) -> Faults:
    """Reads `kind=share[:amount]`, comma separated, or a preset's name; raises UsageError that names the piece.

    The amount is in seconds (`2`, `2s`, `200ms`). `known` is KINDS or, for the webhook receiver, RECEIVER_KINDS.
    """
    spec = PRESETS.get(text.strip(), text)
    shares = tuple(_read(part.strip(), known) for part in spec.split(",") if part.strip())
    total = sum(share for share, _ in shares)
    if total > 1 + _ROUNDING:
        raise UsageError(f"faults: the shares add up to {total:g}; together they must not exceed 1")
    return Faults(shares=shares)


def fault(kind: str, amount: float | None = None, known: Collection[str] = KINDS) -> Fault:
    """A fault by name, with its kind's usual amount; raises UsageError for an unknown kind."""
    if kind not in known and not _STATUS.fullmatch(kind):
        raise UsageError(f"faults: unknown kind {kind!r}; known are {', '.join(known)} and any status from 400 to 599")
    return Fault(kind=kind, amount=USUAL_AMOUNTS.get(kind) if amount is None else amount)


def _read(part: str, known: Collection[str]) -> tuple[float, Fault]:
    found = _PART.fullmatch(part)
    if found is None:
        raise UsageError(
            f"faults: {part!r} is not kind=share or kind=share:amount, such as 500=0.05 or slow=0.02:3s, the share "
            f"from 0 to 1; presets are {', '.join(PRESETS)}"
        )
    amount = None
    if found["amount"] is not None:
        amount = float(found["amount"]) / (1000 if found["unit"] == "ms" else 1)
    return float(found["share"]), fault(found["kind"], amount, known)
