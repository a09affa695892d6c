"""A stage: a real receiver on this machine that behaves as it is told, and notifiers that tell it."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar

import anyio

from poller.core.delivery import Gone, Rejected, Retry
from poller.notifiers.ports import Notifier

Way = Literal["accepts", "later", "refuses", "hangs", "breaks", "floods", "echoes", "absent"]
# accepts  takes what it is told                      later   asks to be told later
# refuses  does not want it, now or ever              hangs   takes it and never answers
# breaks   goes away in the middle of an attempt      floods  answers without an end
# echoes   refuses, and repeats all that it was sent  absent  is not there
WAYS: tuple[Way, ...] = ("accepts", "later", "refuses", "hangs", "breaks", "floods", "echoes", "absent")


class Stage(Protocol):
    """What the suite needs of a kind of notifier.

    A stage may have two attributes more: `probes = False` where `reach` cannot know without telling something, and `slow = True` where
    an attempt takes so long that not every type of event is tried.
    """

    @property
    def secrets(self) -> Sequence[str]:
        """Every secret of the configuration, in each form in which it could show."""
        ...

    @property
    def refusal(self) -> type[Retry | Rejected | Gone]:
        """What it means to this kind when the receiver refuses."""
        ...

    def notifier(self, *, timeout: float) -> Notifier:
        """A notifier called `stage`; an attempt takes at most `timeout` seconds."""
        ...

    async def behaves(self, way: Way) -> None:
        """How the receiver meets what comes from now on; at first it accepts."""
        ...

    async def told(self) -> Sequence[bytes]:
        """What came, one item for each attempt that got so far: without what may differ from attempt to attempt."""
        ...


StageT = TypeVar("StageT")
SuiteT = TypeVar("SuiteT")
P = ParamSpec("P")


def on_stage(trial: Callable[Concatenate[SuiteT, StageT, P], Awaitable[None]]) -> Callable[..., None]:
    """A test that opens the suite's stage, makes the trial on it and closes it. It needs no plug-in of pytest."""

    def test(self: Any, **given: Any) -> None:
        async def run(open_stage: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
            async with open_stage() as stage:
                await trial(self, stage, *(), **given)  # type: ignore[call-arg]  # pytest gives what the signature below names

        anyio.run(partial(run, self.stage))

    told = list(inspect.signature(trial).parameters.values())
    test.__signature__ = inspect.Signature([told[0], *told[2:]])  # type: ignore[attr-defined]  # pytest reads it for fixtures
    test.__name__, test.__doc__ = trial.__name__, trial.__doc__
    return test
