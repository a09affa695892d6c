"""Building all that works on one source."""

import math
import random
from collections.abc import Callable
from functools import partial
from typing import Final

from poller.config import SourceConfig
from poller.core.crew import Crew
from poller.daemon.counted import CountedSource
from poller.daemon.tools import Tools
from poller.engine.batches import BatchWatch
from poller.engine.credentials import CredentialWatch
from poller.engine.discovery import Discovery
from poller.engine.governor import Governor
from poller.engine.learner import Learner
from poller.engine.pace import Pace
from poller.engine.poller import Poller
from poller.engine.ports import Pacing
from poller.engine.recorder import Recorder
from poller.engine.shared_pace import SharedPace
from poller.engine.stuck import StuckWatch
from poller.engine.sweeper import Sweeper
from poller.engine.tenant import Tenant
from poller.engine.tending import Tender
from poller.engine.verdict import Rules
from poller.engine.watch import Watch
from poller.sources.kinds import has_gate

HEALTH_KEPT: Final = (
    10.0  # seconds that a daemon goes by what it read of a source's health, where others may have told more
)


def build_tenant(
    source: CountedSource, table: SourceConfig, rules: Rules, tools: Tools, told: Callable[[], None]
) -> Tenant:
    """The parts share one budget, one judgement of the source's health, and one plan."""
    pace = _pace(source.name, table, tools)
    governor = Governor(source.name, tools.roll, tools.clock, rules, pace, table.sweep if source.can_list else "detail")
    watch = _watch(source.name, rules, tools, lambda: governor.jobs, told)
    learner = Learner(source.name, tools.roll, tools.clock)
    recorder = Recorder(
        source=source.name,
        ledger=tools.ledger,
        rules=rules,
        pace=pace,
        watch=watch,
        governor=governor,
        learner=learner,
        dice=random.random,
        told=told,
    )
    poller = Poller(
        source=source,
        ledger=tools.ledger,
        clock=tools.clock,
        pace=pace,
        watch=watch,
        governor=governor,
        recorder=recorder,
        concurrency=table.concurrency,
        timeout=table.timeout,
    )
    sweeper = Sweeper(
        source=source,
        ledger=tools.ledger,
        roll=tools.roll,
        clock=tools.clock,
        rules=rules,
        pace=pace,
        watch=watch,
        governor=governor,
        discovery=_discovery(table),
        chores=tools.chores,
        moved=poller.look,
    )
    return Tenant(
        poller=poller,
        sweeper=sweeper,
        governor=governor,
        learner=learner,
        stuck=_stuck_watch(source.name, rules, tools, told),
        tender=Tender(source.name, tools.ledger, tools.care, tools.clock, rules, told),
        credentials=_credential_watch(source, rules, tools, told),
        batches=BatchWatch(source.name, tools.batches, tools.clock, rules, told),
    )


def _watch(source: str, rules: Rules, tools: Tools, jobs: Callable[[], int | None], told: Callable[[], None]) -> Watch:
    return Watch(
        source,
        ledger=tools.ledger,
        roll=tools.roll,
        clock=tools.clock,
        rules=rules,
        jobs=jobs,
        told=told,
        kept=math.inf if tools.budgets is None else HEALTH_KEPT,
    )


def _credential_watch(source: CountedSource, rules: Rules, tools: Tools, told: Callable[[], None]) -> CredentialWatch:
    return CredentialWatch(source.name, source.validity, ledger=tools.ledger, clock=tools.clock, rules=rules, told=told)


def _stuck_watch(source: str, rules: Rules, tools: Tools, told: Callable[[], None]) -> StuckWatch:
    return StuckWatch(
        source,
        ledger=tools.ledger,
        roll=tools.roll,
        chores=tools.chores,
        clock=tools.clock,
        rules=rules,
        told=told,
    )


def _pace(source: str, table: SourceConfig, tools: Tools) -> Pacing:
    if tools.budgets is None:
        return Pace(table.rate, tools.clock)
    # What waits at the gate of a credential in vain would look like an outage.
    crew = partial(_asking, tools.crew) if has_gate(table) else tools.crew
    return SharedPace(source, table.rate, budgets=tools.budgets, crew=crew, clock=tools.clock)


def _asking(crew: Callable[[], Crew]) -> Crew:
    return crew().asking


def _discovery(table: SourceConfig) -> Discovery | None:
    wanted = table.discover
    if wanted is None:
        return None
    return Discovery(tags=wanted.tags, batch_names=wanted.batch_names, created_within=wanted.created_within)
