"""`poller wait`: one job, until it is there."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import anyio
import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.naming import JobId, Source, given_duration, given_ids
from poller.cli.screen import AsJson, note, say
from poller.cli.setting import ConfigFile, Setting, read_config, read_setting
from poller.core.goal import Goal, Verdict
from poller.errors import PollerError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from poller.cli.glimpse import Glimpse
    from poller.core.stay import Usual

TIMED_OUT: Final = 124  # exit code (INTERFACE.md section 3), as of timeout(1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "poller wait prod efc5300ecdba4ea48d1ff13a9d907bc0",
            "poller wait prod 8ab21f --for done --timeout 3d && ./publish 8ab21f",
            "poller wait prod 8ab21f --for waiting_on_us --for failed",
            "poller wait prod 8ab21f --json | jq -r .data.transition",
        )
    )(wait)


def wait(
    *,
    source: Source,
    job_id: JobId,
    more: Annotated[
        list[str] | None,
        typer.Argument(metavar="STATE_OR_CLASS", help="More of what --for names.", show_default=False),
    ] = None,
    wanted: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="STATE_OR_CLASS",
            help="What to wait for, such as JOB_SUCCESS or waiting_on_us; may be repeated; else until it has ended.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Give up after this, with exit code 124.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Follow one job until it is done, or in one of the states or classes that --for names.

    Shows its transitions as they are seen, how long it is in its state, and how long others usually are. With a running
    daemon the job is watched from now on, if it is not yet; without one this command polls by itself, at the intervals of `every`,
    and keeps nothing. --json prints one line for each transition, an event as in `poller events --json`. Exit codes: 0 it is there, 1 it
    has ended in another way (failed; done, when something else was waited for; gone), 124 it took longer than --timeout.
    """
    goal = Goal(wanted=_wanted(wanted, more))
    limit = math.inf if timeout is None else given_duration(timeout, "--timeout")
    setting = read_setting(config)
    (job_id,) = given_ids([job_id])
    if source not in setting.sources:
        names = ", ".join(setting.sources) or "none"
        raise UsageError(f"there is no source {source}; the configuration has: {names}")
    waiting = _Waiting(setting, source, job_id, goal, as_json=as_json)
    run(waiting.run, config, limit)
    waiting.conclude(timeout or "")


def _wanted(wanted: Sequence[str] | None, more: Sequence[str] | None) -> frozenset[str]:
    """`--for A --for B`, `--for A B` and `--for A,B` are the same. Raises UsageError."""
    if more and not wanted:
        raise UsageError(f"found {more[0]!r} after the job; expected --for before a state or class, and one job only")
    names = [name for each in (*(wanted or ()), *(more or ())) for name in each.split(",")]
    if not all(names):
        raise UsageError("--for: found nothing; expected a state such as JOB_SUCCESS, or a class such as done")
    return frozenset(names)


class _Waiting:
    """One job being waited for."""

    def __init__(self, setting: Setting, source: str, job_id: str, goal: Goal, *, as_json: bool) -> None:
        from poller.cli.progress import Progress

        self._setting = setting
        self._source = source
        self._job_id = job_id
        self._goal = goal
        self._as_json = as_json
        self._title = f"{source} {job_id}"
        self._progress: Progress = Progress(self._title, self._usual, as_json=as_json)
        self._verdict: Verdict | None = None
        self._where = "not seen yet"

    async def run(self, config: "Path | None", limit: float) -> None:
        """Until it is over, at most `limit` seconds."""
        _remark(self._goal, self._setting.kinds.get(self._source))
        with self._progress.moving(), anyio.move_on_after(limit):
            async with anyio.create_task_group() as group:
                group.start_soon(self._progress.keep_moving)
                await self._follow(config)
                group.cancel_scope.cancel()

    def conclude(self, timeout: str) -> None:
        """Say how it ended. Raises PollerError when it ended otherwise, Exit(124) when it did not."""
        match self._verdict:
            case "reached":
                if not self._as_json:
                    say(f"{self._title}: reached {self._where}")
            case "failed" | "ended":
                wanted = f", which is not {', '.join(sorted(self._goal.wanted))}" if self._goal.wanted else ""
                raise PollerError(f"{self._title}: ended in {self._where}{wanted}")
            case None:
                note(f"poller: {self._title}: not there within {timeout}; it is {self._where}")
                raise typer.Exit(TIMED_OUT)

    async def see(self, glimpse: "Glimpse") -> bool:
        """Show it; whether the waiting is over."""
        await self._progress.show(glimpse)
        if glimpse.missing:
            raise PollerError(f"{self._title}: the upstream says that it does not exist ({glimpse.trouble})")
        passed = [event for event in glimpse.events if event["type"] == "poller.job.state_changed"]
        for event in passed:
            if self._judge(event["data"]["transition"], event["data"]["job"]["class"]):
                return True
        return glimpse.fresh and self._judge(glimpse.state, glimpse.state_class)

    def _judge(self, state: Any, state_class: Any) -> bool:
        self._where = f"{state or 'an unreadable state'} ({state_class})"
        self._verdict = self._goal.judge(state, state_class)
        return self._verdict is not None

    async def _follow(self, config: "Path | None") -> None:
        from poller.cli.alone import poll_alone
        from poller.cli.following import follow
        from poller.errors import DaemonNotRunning

        try:
            await follow(self._setting.socket, self._source, self._job_id, self.see)
        except DaemonNotRunning:
            note("poller: no daemon answers: polling by itself, and nothing is kept")
        else:
            return
        table = read_config(config).sources[self._source]
        await poll_alone(self._source, table, self._job_id, self.see)

    async def _usual(self, state: str) -> "Usual | None":
        """What the database knows, if there is one that can be read."""
        from poller.cli.reading import reading
        from poller.core.stay import usual_of

        try:
            async with reading(self._setting) as archive:
                return usual_of(await archive.usual_stays(self._source, state))
        except PollerError:
            return None


def _remark(goal: Goal, kind: str | None) -> None:
    """The vocabulary is open: a state that is not known may come all the same. A slip of the hand would wait for ever."""
    from poller.core.vocabulary import CLASSES, vocabulary_of

    states = vocabulary_of(kind).classes
    unknown = [name for name in sorted(goal.wanted) if name not in CLASSES and name not in states]
    for name in unknown if states else []:
        note(f"poller: {name} is no class, and no state that is known of {kind} jobs; it is waited for all the same")
