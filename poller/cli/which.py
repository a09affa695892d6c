"""Which jobs a command means: `SOURCE JOB_ID…`, or only the ids where that leaves no doubt."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from poller.cli.interruptible import run
from poller.cli.setting import Setting
from poller.errors import NotFound, UsageError

OneJob: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="[SOURCE] JOB_ID",
        help="The job; its source may be left out where only one source has a job of this id.",
        show_default=False,
    ),
]
SomeJobs: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="[SOURCE] JOB_ID…",
        help="Ids of jobs; [bold]-[/bold] reads them from standard input. The source may be left out where an id is not ambiguous.",
        show_default=False,
    ),
]


def one_job(setting: Setting, names: Sequence[str]) -> tuple[str, str]:
    """(source, job id). Raises UsageError for too many words or an id that two sources have, NotFound for one that nobody has."""
    match list(names):
        case [source, job_id]:
            return source, job_id
        case [job_id]:
            return run(_source_of, setting, job_id), job_id
        case _:
            raise UsageError(f"found {len(names)} names; expected SOURCE JOB_ID, or JOB_ID alone")


def split_source(setting: Setting, names: Sequence[str]) -> tuple[str | None, list[str]]:
    """The source, if the first of the names is one, and the other names."""
    if len(names) > 1 and names[0] in setting.sources:
        return names[0], list(names[1:])
    return None, list(names)


def each_job(setting: Setting, source: str | None, job_ids: Sequence[str]) -> list[tuple[str, str]]:
    """(source, job id) of each. Raises what `one_job` raises; a job of a configuration with one source need not be looked up."""
    only = source or (setting.sources[0] if len(setting.sources) == 1 else None)
    if only is not None:
        return [(only, job_id) for job_id in job_ids]
    return [one_job(setting, [job_id]) for job_id in job_ids]


async def _source_of(setting: Setting, job_id: str) -> str:
    from poller.cli.reading import reading
    from poller.core.listing import JobFilter

    async with reading(setting) as archive:
        rows = await archive.jobs(JobFilter(job_id=job_id, removed=True), after=0, limit=2)
    if not rows:
        raise NotFound(f"no job {job_id} is known; `poller jobs list` shows them")
    if len(rows) > 1:
        sources = ", ".join(row.source for row in rows)
        raise UsageError(f"several sources have a job {job_id} ({sources}, …): write SOURCE JOB_ID")
    return rows[0].source
