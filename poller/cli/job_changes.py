"""`poller jobs add|remove|pause|resume|poll|ack`: what changes the watched jobs; through the daemon."""

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.naming import Author, JobIds, Source, given_author, given_ids, given_labels
from poller.cli.screen import note, say
from poller.cli.setting import ConfigFile, Setting, read_setting
from poller.cli.which import SomeJobs, each_job, split_source
from poller.errors import NotFound, UsageError

if TYPE_CHECKING:
    from poller.cli.control import Control

Change: TypeAlias = "Callable[[Control, str, str], Awaitable[Any]]"

BATCH: Final = 1000  # jobs of one request
QUIET: Final = 2.0  # seconds between two lines of progress, and before the first


def register(noun: typer.Typer) -> None:
    """Add the commands."""
    noun.command(
        epilog=examples(
            "poller jobs add prod efc5300ecdba4ea48d1ff13a9d907bc0",
            "poller jobs add prod 8ab21f 8ab220 --label team=avatars --label vip=yes",
            "cut -d, -f1 orders.csv | poller jobs add prod -   # ids, one a line; # begins a remark",
        )
    )(add)
    noun.command(epilog=examples("poller jobs remove prod 8ab21f", "poller jobs remove prod - < done.txt"))(remove)
    noun.command(epilog=examples("poller jobs pause prod 8ab21f", "poller jobs pause prod 8ab21f 8ab220"))(pause)
    noun.command(epilog=examples("poller jobs resume prod 8ab21f", "poller jobs resume prod 8ab21f 8ab220"))(resume)
    noun.command(
        epilog=examples("poller jobs poll prod 8ab21f", "poller jobs poll prod 8ab21f && poller events --follow")
    )(poll)
    noun.command(
        epilog=examples(
            'poller jobs ack prod 8ab21f --comment "new material is on its way"',
            "poller jobs ack 8ab21f --author night-shift",
        )
    )(ack)


def add(
    source: Source,
    job_ids: JobIds,
    label: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="A label for routes to ask about; may be repeated.")
    ] = None,
    app_user_id: Annotated[str | None, typer.Option(metavar="U", help="Sent as X-App-UserId with every poll.")] = None,
    config: ConfigFile = None,
) -> None:
    """Watch jobs; the first poll follows at once.

    A job that is watched already stays so; its labels are added to.
    """
    setting, ids = read_setting(config), given_ids(job_ids)
    body = {"source": source, "labels": given_labels(label or ()), "app_user_id": app_user_id}
    added = run(_add, setting, ids, body)
    before = len(ids) - added
    say(f"{added:,} added" + (f", {before:,} watched before" if before else ""))


def remove(jobs: SomeJobs, config: ConfigFile = None) -> None:
    """Watch jobs no more; their history stays, and what is owed is still delivered."""
    _change("removed", read_setting(config), jobs, lambda c, s, j: c.delete("jobs", s, j))


def pause(jobs: SomeJobs, config: ConfigFile = None) -> None:
    """Poll jobs no more until they are resumed."""
    _change("paused", read_setting(config), jobs, partial(_act, "pause"))


def resume(jobs: SomeJobs, config: ConfigFile = None) -> None:
    """Poll paused jobs again."""
    _change("resumed", read_setting(config), jobs, partial(_act, "resume"))


def poll(jobs: SomeJobs, config: ConfigFile = None) -> None:
    """Poll jobs as soon as the source's rate allows, also those forgotten."""
    _change("due now", read_setting(config), jobs, partial(_act, "poll"))


def ack(
    jobs: SomeJobs,
    author: Author = None,
    comment: Annotated[str | None, typer.Option(metavar="TEXT", help="What is being done about it.")] = None,
    config: ConfigFile = None,
) -> None:
    """Acknowledge jobs: somebody takes care of them. Nobody is reminded any more while a job stays in its state."""
    body = {"author": given_author(author), "comment": comment}
    _change("acknowledged", read_setting(config), jobs, lambda c, s, j: c.post("jobs", s, j, "ack", body=body))


async def _act(action: str, daemon: "Control", source: str, job_id: str) -> Any:
    return await daemon.post("jobs", source, job_id, action)


async def _add(setting: Setting, ids: Sequence[str], body: dict[str, Any]) -> int:
    from poller.cli.control import control

    added, progress = 0, _Progress(len(ids))
    async with control(setting.socket) as daemon:
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            added += (await daemon.post("jobs", body={**body, "job_ids": batch}))["added"]
            progress.show(start + len(batch))
    return added


def _change(done: str, setting: Setting, names: Sequence[str], change: Change) -> None:
    source, rest = split_source(setting, names)
    ids = given_ids(rest)
    refused = run(_change_each, setting, each_job(setting, source, ids), change)
    for reason in refused:
        note(f"poller: {reason}")
    say(f"{len(ids) - len(refused):,} {done}")
    if refused:
        raise typer.Exit(1)


async def _change_each(setting: Setting, jobs: Sequence[tuple[str, str]], change: Change) -> list[str]:
    """What was refused; one job that is not there does not stop the others."""
    from poller.cli.control import control

    refused, progress = [], _Progress(len(jobs))
    async with control(setting.socket) as daemon:
        for done, (source, job_id) in enumerate(jobs, 1):
            try:
                await change(daemon, source, job_id)
            except (NotFound, UsageError) as error:
                refused.append(str(error))
            progress.show(done)
    return refused


class _Progress:
    """Tells on standard error how far a long command is."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._told_at = time.monotonic()

    def show(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= QUIET and done < self._total:
            note(f"{done:,} of {self._total:,}")
            self._told_at = now
