"""`poller jobs explain`: what is known of one job now, why it is polled when it is, and what became of its latest events."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio

from poller.cli.naming import JobId, Source
from poller.cli.screen import AsJson, Column, Listing, instant, print_json, print_pairs, say
from poller.cli.setting import ConfigFile, Setting, read_setting

if TYPE_CHECKING:
    from poller.core.listing import DeliveryRow, EventRow, JobDetail, JobRow

LATEST: Final = 10  # events shown, each with its deliveries
COLUMNS: Final = (Column("SEEN"), Column("SEQ", right=True), Column("TRANSITION"), Column("DELIVERIES"))


def explain(source: Source, job_id: JobId, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Explain a job: its state, when and why it is polled next, what went wrong last, and who was told what."""
    anyio.run(_explain, read_setting(config), source, job_id, as_json)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """An event and what became of it."""

    event: "EventRow"
    deliveries: "Sequence[DeliveryRow]"


async def _explain(setting: Setting, source: str, job_id: str, as_json: bool) -> None:
    from poller.cli.reading import reading
    from poller.core.listing import DeliveryFilter, EventFilter

    async with reading(setting) as archive:
        detail = await archive.job(source, job_id)
        latest = await archive.events(EventFilter(source=source, job_id=job_id), limit=LATEST)
        ids = tuple(row.event.id for row in latest)
        deliveries = await archive.deliveries(DeliveryFilter(event_ids=ids)) if ids else ()
    told = [
        _Told(event=row, deliveries=[each for each in deliveries if each.event_id == row.event.id]) for row in latest
    ]
    if as_json:
        print_json(_document(detail, told, setting))
    else:
        _print(detail, told, setting)


def reason_of(row: "JobRow", sources: Sequence[str], now: float) -> str:
    """Why the next poll is when it is, in words."""
    return _not_polled(row, sources) or _polled_because(row, now)


def _not_polled(row: "JobRow", sources: Sequence[str]) -> str | None:
    if row.removed_at is not None:
        return "removed: it is polled no more; `poller jobs add` watches it again"
    if row.source not in sources:
        return "the configuration has no source of this name: it is polled again when the source is back"
    if row.paused:
        return "paused by an operator; `poller jobs resume` goes on"
    if row.due_at is None:
        return "forgotten: it has been done for longer than forget_done_after; `poller jobs poll` asks once more"
    return None


def _polled_because(row: "JobRow", now: float) -> str:
    if row.claimed_until is not None and row.claimed_until > now:
        return "being polled just now"
    if row.missing:
        return "the upstream says that it does not exist; polled on, in case it comes back"
    if row.failures:
        return f"failed polls in a row: {row.failures}; the time between them doubles up to a limit"
    if row.absences:
        return "the last answer was that it does not exist; a second one decides"
    if row.seen_at is None:
        return "it was never polled"
    late = row.due_at is not None and row.due_at < now
    overdue = "; it is overdue: is the daemon running, is the rate of its source high enough?" if late else ""
    return f"the interval of the class {row.state_class}{overdue}"


def _document(detail: "JobDetail", told: Sequence[_Told], setting: Setting) -> dict[str, Any]:
    from poller.web.shown import event_shown, shown

    return {
        **shown(detail.row),
        "why": reason_of(detail.row, setting.sources, time.time()),
        "events": [{**event_shown(each.event), "deliveries": [shown(row) for row in each.deliveries]} for each in told],
    }


def _print(detail: "JobDetail", told: Sequence[_Told], setting: Setting) -> None:
    from poller.core.vocabulary import avatar_vocabulary

    row = detail.row
    meaning = avatar_vocabulary().meanings.get(row.state or "", "")
    print_pairs(
        [
            ("job", f"{row.source} {row.job_id}" + (f" ({row.name})" if row.name else "")),
            ("state", (row.state or "not known yet") + (f": {meaning}" if meaning else "")),
            ("class", row.state_class),
            ("since", instant(row.state_since or None)),
            ("last answer", instant(row.seen_at)),
            ("next poll", instant(row.due_at)),
            ("why", reason_of(row, setting.sources, time.time())),
            ("last error", row.last_error or "-"),
        ]
    )
    if told:
        say("")
    listing: Listing[_Told] = Listing(COLUMNS, cells=_cells, document=lambda _: {}, as_json=False, none="no events yet")
    listing.show(told)
    listing.end()


def _cells(told: _Told) -> Sequence[str]:
    event = told.event.event
    return (
        instant(event.observed_at),
        "-" if event.sequence is None else str(event.sequence),
        event.transition,
        ", ".join(_outcome(row) for row in told.deliveries) or "owed to nobody",
    )


def _outcome(row: "DeliveryRow") -> str:
    if row.state == "pending" and row.attempts:
        return f"{row.notifier}: tried {row.attempts} times, next {instant(row.next_attempt_at)} ({row.last_error})"
    return f"{row.notifier}: {row.state}" + (f" ({row.last_error})" if row.state == "dead" else "")
