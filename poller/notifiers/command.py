"""The notifier `command`: a program is run for each notification. All but `deliver` and `reach` is pure."""

import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from poller.core.delivery import REASON_LIMIT, Delivered, Outcome, Rejected, Retry
from poller.core.jsonvalue import Json
from poller.core.message import batch, body
from poller.core.notification import Notification
from poller.core.secret import Secret
from poller.notifiers.programs import Ending, Exited, NotStarted, Overdue, Program, run

TRY_LATER: Final = 75  # EX_TEMPFAIL of sysexits.h
INHERITED: Final = (
    "PATH",
    "LANG",
    "HOME",
)  # what a program gets of the daemon's environment; its secrets stand in the rest
LONGEST_VALUE: Final = 1000  # characters of an environment variable of ours


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandSettings:
    """What to run. `inherited` is the part of the daemon's environment that the program may see, `env` what the operator adds."""

    argv: tuple[str, ...] = field(repr=False)
    inherited: Mapping[str, str] = field(repr=False)
    env: Mapping[str, Secret] = field(default_factory=dict)
    timeout: float = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One program."""

    name: str
    settings: CommandSettings

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:  # noqa: ARG002 the same at any time
        """One attempt: the program runs once."""
        program = Program(argv=self.settings.argv, env=environment(self.name, self.settings, notification))
        return judge(await run(program, given(notification), timeout=self.settings.timeout))

    async def reach(self) -> str | None:
        """Why the program cannot be run; None when it is there. Does not run it."""
        if shutil.which(self.settings.argv[0], path=self.settings.inherited.get("PATH")) is None:
            return "the program is not there, or may not be executed"
        return None


def given(notification: Notification) -> bytes:
    """What the program reads: the CloudEvent, or an array of several, on one line."""
    events = notification.events
    return (body(events[0]) if len(events) == 1 else batch(events)) + b"\n"


def environment(name: str, settings: CommandSettings, notification: Notification) -> dict[str, str]:
    """All that the program sees. Of several events the variables are about the last; `POLLER_EVENTS` counts them."""
    last = notification.events[-1]
    job = last.data.get("job")
    about: Mapping[str, Json] = job if isinstance(job, dict) else {}
    ours: dict[str, Json] = {
        "POLLER_NOTIFIER": name,
        "POLLER_EVENT_ID": notification.id,
        "POLLER_EVENTS": len(notification.events),
        "POLLER_EVENT_TYPE": last.type,
        "POLLER_TRANSITION": last.transition,
        "POLLER_SUMMARY": last.data.get("summary"),
        "POLLER_SOURCE": last.source,
        "POLLER_SUBJECT": last.subject,
        "POLLER_JOB_ID": last.job_id,
        "POLLER_JOB_NAME": about.get("name"),
        "POLLER_STATE": about.get("state"),
        "POLLER_CLASS": about.get("class"),
        "POLLER_SEQUENCE": last.sequence,
        "POLLER_TIME": last.time,
    }
    configured = {key: value.reveal() for key, value in settings.env.items()}
    return {**settings.inherited, **configured, **{key: _tame(value) for key, value in ours.items()}}


def _tame(value: Json) -> str:
    """One line without control characters, bounded: the words of the upstream in a variable that scripts will print."""
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else " " for char in text[:LONGEST_VALUE])


def judge(ending: Ending) -> Outcome:
    """What the end of the program means for the delivery."""
    match ending:
        case Exited(code=0):
            return Delivered()
        case Exited(code=code) if code == TRY_LATER:
            return Retry(reason=f"exit code {TRY_LATER}: the program asks to be tried later")
        case Exited(code=code) if code < 0:
            return Retry(reason=f"the program was ended by {_signal(-code)}")
        case Exited(code=code):
            return Rejected(reason=f"exit code {code}: the program rejects it")
        case NotStarted(why=why):
            return Retry(reason=f"the program cannot be started: {why}"[:REASON_LIMIT])
        case Overdue():
            return Retry(reason="timeout: the program had not ended in time and was killed")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
