"""What the parts of the daemon stand on."""

from dataclasses import dataclass, field

from poller.engine.ports import Clock, Ledger, Outbox, Retention, Roll
from poller.net.session import Http
from poller.sources import kinds as source_kinds


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What every part needs and what outlives a reload. `strict` connects to public addresses only; `gates` guard credentials."""

    ledger: Ledger
    roll: Roll
    outbox: Outbox
    retention: Retention
    clock: Clock
    http: Http
    strict: Http
    gates: source_kinds.Gates = field(default_factory=dict)
