"""`poller jobs list|show`: reading, with the daemon running or not."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from poller.cli.examples import examples
from poller.cli.explaining import explain
from poller.cli.interruptible import run
from poller.cli.reasons import taken_by
from poller.cli.screen import PAGE, AsJson, Column, Listing, instant, print_json, print_pairs
from poller.cli.setting import ConfigFile, Setting, read_setting
from poller.cli.which import OneJob, one_job

if TYPE_CHECKING:
    from poller.core.listing import JobDetail, JobFilter, JobRow

COLUMNS: Final = tuple(map(Column, ("SOURCE", "JOB ID", "NAME", "STATE", "CLASS", "SINCE", "NEXT POLL", "TAKEN BY")))
LOG_COLUMNS: Final = tuple(map(Column, ("TIME", "ENTRY", "BY", "DESCRIPTION")))


def register(noun: typer.Typer) -> None:
    """Add the commands."""
    noun.command(
        "list",
        epilog=examples(
            "poller jobs list",
            "poller jobs list --source prod --class failed",
            "poller jobs list --json | jq -r .job_id",
        ),
    )(list_)
    noun.command(epilog=examples("poller jobs show prod 8ab21f", "poller jobs show prod 8ab21f --json | jq .snapshot"))(
        show
    )
    noun.command(epilog=examples("poller jobs explain prod 8ab21f", "watch -n5 poller jobs explain prod 8ab21f"))(
        explain
    )


def list_(
    *,
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only jobs of this source.")] = None,
    state: Annotated[str | None, typer.Option(metavar="STATE", help="Only jobs in this state.")] = None,
    state_class: Annotated[
        str | None,
        typer.Option(
            "--class", metavar="CLASS", help="active, waiting_on_us, waiting_on_vendor, failed, done or unknown."
        ),
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Start of the job id, or part of the name or batch name.")
    ] = None,
    removed: Annotated[bool, typer.Option("--removed", help="Removed jobs as well.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List the watched jobs."""
    from poller.core.listing import JobFilter

    setting = read_setting(config)
    which = JobFilter(source=source, state=state, state_class=_class(state_class), text=text, removed=removed)
    run(_list, setting, which, as_json)


def show(job: OneJob, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Show all that is known of a job: what is kept of the upstream's answer, and its log."""
    setting = read_setting(config)
    run(_show, setting, *one_job(setting, job), as_json)


def next_poll(row: "JobRow", sources: Sequence[str], now: float) -> str:
    """When the job is polled next, or why it is not."""
    if row.removed_at is not None:
        return "removed"
    if row.source not in sources:
        return "source not configured"
    if row.paused:
        return "paused"
    if row.due_at is None:
        return "forgotten"
    return "now" if row.due_at <= now else instant(row.due_at)


def _class(text: str | None) -> Any:
    from poller.core.vocabulary import CLASSES
    from poller.errors import UsageError

    if text is not None and text not in CLASSES:
        raise UsageError(f"--class: found {text!r}; allowed: {', '.join(CLASSES)}")
    return text


async def _list(setting: Setting, which: "JobFilter", as_json: bool) -> None:
    from poller.cli.reading import pages, reading
    from poller.web.shown import shown

    now = time.time()
    listing: Listing[JobRow] = Listing(
        COLUMNS,
        cells=lambda row: _cells(row, setting.sources, now),
        document=shown,
        as_json=as_json,
        none="no jobs; `poller jobs add SOURCE JOB_ID` adds some",
    )
    async with reading(setting) as archive:
        async for rows in pages(lambda after: archive.jobs(which, after=after or 0, limit=PAGE), lambda row: row.key):
            listing.show(rows)
    listing.end()


def _cells(row: "JobRow", sources: Sequence[str], now: float) -> Sequence[str]:
    return (
        row.source,
        row.job_id,
        row.name or "-",
        "missing" if row.missing else row.state or "-",
        row.state_class if row.state is not None else "-",
        instant(row.state_since or None),
        next_poll(row, sources, now),
        row.acknowledged_by or "-",
    )


async def _show(setting: Setting, source: str, job_id: str, as_json: bool) -> None:
    from poller.cli.reading import reading
    from poller.web.shown import detail_shown

    async with reading(setting) as archive:
        detail = await archive.job(source, job_id)
    if as_json:
        print_json(detail_shown(detail))
    else:
        print_pairs(_facts(detail, setting))
        _print_log(detail)


def _facts(detail: "JobDetail", setting: Setting) -> list[tuple[str, str]]:
    row = detail.row
    labels = " ".join(f"{name}={value}" for name, value in row.labels.items())
    known = [
        ("source", row.source),
        ("job", row.job_id),
        ("state", row.state or "-"),
        ("class", row.state_class),
        ("since", instant(row.state_since or None)),
        ("next poll", next_poll(row, setting.sources, time.time())),
        ("labels", labels or "-"),
        ("taken by", taken_by(row)),
        ("watched by", ", ".join(row.origins) or "-"),
        ("added", instant(row.added_at)),
    ]
    return known + [(name, _worded(value)) for name, value in _kept(detail).items()]


def _kept(detail: "JobDetail") -> Mapping[str, Any]:
    """The upstream's fields that are not shown by other names, the logs left out."""
    return {
        name: value
        for name, value in (detail.snapshot or {}).items()
        if name not in {"job_id", "state"} and not name.endswith("_logs")
    }


def _worded(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _print_log(detail: "JobDetail") -> None:
    from poller.cli.screen import say

    lines: Any = (detail.snapshot or {}).get("operation_logs") or ()
    if not lines:
        return
    say("")
    listing: Listing[Mapping[str, Any]] = Listing(
        LOG_COLUMNS, cells=_log_cells, document=lambda line: line, as_json=False, none=""
    )
    listing.show(list(lines))


def _log_cells(line: Mapping[str, Any]) -> Sequence[str]:
    return tuple(str(line.get(name) or "-") for name in ("operate_time", "log_type", "operate_user", "log_description"))
