"""Events that are told together: which ones, for how long they are collected, and what the bundle is called."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from poller.core.message import event_id

# What the events of one bundle share: the job, the recipient alone, or the recipient and the batch of the job.
Shared: TypeAlias = Literal["job", "recipient", "batch_name"]
LARGEST: Final = 500  # events in one bundle; what is more makes the next one at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """How events are collected: it opens with the first one that is owed, and closes `seconds` later."""

    shared: Shared
    seconds: float


def bundle_id(event_ids: Sequence[str]) -> str:
    """The name of events that are told together, a function of which they are: the event's own id when it is one."""
    return event_ids[0] if len(event_ids) == 1 else event_id("bundle", *event_ids)
