"""What a plug-in may rely on: the names here change only with a version that says so.

A package brings a kind of notifier or source by an entry point of the group `poller.notifiers` or `poller.sources`: its name is the
kind, and it leads to a `NotifierKind` or a `SourceKind`. docs/plugins.md shows one; `poller.testing` has the suites it should pass.
"""

from typing import Annotated, TypeAlias, TypeVar

from poller.config.notifying import Notifying as NotifierTable
from poller.config.plugged import Kind
from poller.config.secrecy import SecretRule
from poller.config.table import Table, key, optional
from poller.config.watching import Watching as SourceTable
from poller.core.delivery import Delivered, Gone, Outcome, Rejected, Retry
from poller.core.event import Event
from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.core.message import cloud_event
from poller.core.notification import Notification
from poller.core.reading import (
    Absent,
    Denied,
    Failed,
    Listed,
    Listing,
    ListQuery,
    Page,
    Reading,
    Refused,
    Same,
    Seen,
    Target,
)
from poller.core.secret import Secret
from poller.core.snapshot import Entry, Snapshot
from poller.core.validity import Ending, Lasting, Validity
from poller.core.vocabulary import CLASSES, StateClass
from poller.notifiers.ports import Http, Notifier, NotifierTools
from poller.sources.ports import Clock, Credentialed, Source, SourceTools

__all__ = [
    "CLASSES",
    "Absent",
    "Broken",
    "Clock",
    "Credentialed",
    "Delivered",
    "Denied",
    "Ending",
    "Entry",
    "Event",
    "Exchange",
    "Failed",
    "Gone",
    "Http",
    "Lasting",
    "ListQuery",
    "Listed",
    "Listing",
    "Notification",
    "Notifier",
    "NotifierKind",
    "NotifierTable",
    "NotifierTools",
    "Outcome",
    "Page",
    "Reading",
    "Refused",
    "Rejected",
    "Reply",
    "Request",
    "Retry",
    "Same",
    "Secret",
    "SecretText",
    "Seen",
    "Snapshot",
    "Source",
    "SourceKind",
    "SourceTable",
    "SourceTools",
    "StateClass",
    "Target",
    "Validity",
    "cloud_event",
    "key",
    "optional",
]

TableT = TypeVar("TableT", bound=Table)


class NotifierKind(Kind[TableT, NotifierTools, Notifier]):
    """What an entry point of the group `poller.notifiers` leads to: a `NotifierTable`, and a function of name, table and tools."""


class SourceKind(Kind[TableT, SourceTools, Source]):
    """What an entry point of the group `poller.sources` leads to: a `SourceTable`, and a function of name, table and tools."""


SecretText: TypeAlias = Annotated[Secret, SecretRule()]
"""The type of a key that holds a secret: a string, or one of env, file and credential."""
