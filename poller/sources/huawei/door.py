"""Leave to send a request with a credential: what a caller sees of the gate in front of it."""

from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

from poller.core.reading import Denied, Failed


class Ticket(NamedTuple):
    """Leave to send one request. `epoch` counts the failures known when it was given; a `probe` follows a rest.

    Tickets are numbered in the order in which they were given; each holds so many `places`. A tuple: one is made per request.
    """

    epoch: int
    probe: bool
    number: int = 0
    places: int = 1


class Door(Protocol):
    """What a caller needs of a gate, its own or one that is shared with other daemons."""

    def admit(self, patience: float) -> AbstractAsyncContextManager[Ticket | Denied | Failed]:
        """A ticket for the time of the block, or why there is none; waits at most `patience` seconds."""
        ...

    def accepted(self, ticket: Ticket) -> None:
        """The upstream took the credential."""
        ...

    def refused(self, ticket: Ticket, reason: str, *, renewable: bool) -> None:
        """The upstream did not take the credential; `renewable`: another one can be fetched."""
        ...


class _Gate(Protocol):
    async def enter(self, passage: "Passage") -> Ticket | Denied | Failed: ...

    def leave(self, ticket: Ticket) -> None: ...


class Passage:
    """A block that holds a `ticket`, which the gate fills in. Not a generator with a decorator: that costs a poll more than all else of
    the gate.
    """

    __slots__ = ("_gate", "patience", "ticket")

    def __init__(self, gate: _Gate, patience: float) -> None:
        self._gate = gate
        self.patience = patience
        self.ticket: Ticket | None = None

    def __aenter__(self) -> Coroutine[Any, Any, Ticket | Denied | Failed]:
        return self._gate.enter(self)

    async def __aexit__(self, *_: object) -> None:
        if self.ticket is not None:
            self._gate.leave(self.ticket)
