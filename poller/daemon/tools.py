"""What the parts of the daemon stand on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from poller.core.crew import ALONE, Crew
from poller.engine.bell import Bell
from poller.engine.caring import Batches, Care
from poller.engine.owing import Outbox
from poller.engine.ports import Budgets, Chores, Clock, Ledger, Retention, Roll
from poller.host.clock import SystemClock
from poller.net.mail import Mail
from poller.net.session import Http
from poller.sources import kinds as source_kinds
from poller.store.chores import SoleChores
from poller.web.news import News
from poller.web.tally import Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What every part needs and what outlives a reload. `strict` connects to public addresses only; `gates` guard credentials.

    `clock` shows the time that all daemons on a database share; `wall` is this machine's, for signatures. `crew` are those daemons, and
    `budgets` the rates of sources that they share; None for a daemon that is alone.
    `tally` counts, `news` rings for those who follow the events.
    """

    ledger: Ledger
    roll: Roll
    outbox: Outbox
    retention: Retention
    care: Care
    batches: Batches
    clock: Clock
    http: Http
    strict: Http
    tally: Tally
    mail: Mail
    news: News = field(default_factory=News)
    wall: Clock = field(default_factory=SystemClock)
    chores: Chores = field(default_factory=SoleChores)
    crew: Callable[[], Crew] = lambda: ALONE
    budgets: Budgets | None = None
    gates: source_kinds.Gates = field(default_factory=dict)
    heard: Bell = field(default_factory=Bell)
