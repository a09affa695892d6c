"""How an explanation of a job is shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from poller.cli.explanation import Explanation, Told
from poller.cli.reasons import reason_of, taken_by
from poller.cli.screen import Column, Listing, instant, note, print_pairs, say
from poller.cli.spans import span
from poller.core.snapshot import LOGS
from poller.core.stay import limit_for
from poller.core.timestamps import rfc3339

if TYPE_CHECKING:
    from poller.core.listing import DeliveryRow, SnapshotRow

SEEN: Final = (Column("SEEN"), Column("EVENTS"), Column("CHANGED"))
TOLD: Final = (Column("TOLD"), Column("SEQ", right=True), Column("TRANSITION"), Column("ROUTES"), Column("DELIVERIES"))
MOST_NAMES: Final = 4  # fields that are named; the first look brings them all
_SAME: Final = 0.001  # seconds: what one poll saw and told bears the same time


def document(given: Explanation) -> dict[str, Any]:
    """For `--json`."""
    from poller.web.shown import event_shown, shown

    blind = given.health.blind_since
    return {
        **shown(given.detail.row),
        "meaning": _meaning(given) or None,
        "why": _why(given),
        "blind_since": None if blind is None else rfc3339(blind),
        "usual_stay": None if given.usual is None else shown(given.usual),
        "stuck_after": _limit(given),
        "history": [
            {
                "observed_at": rfc3339(row.observed_at),
                "changed": row.delta,
                "events": [told.event.event.id for told in _of(row, given)],
            }
            for row in given.history
        ],
        "events": [
            {
                **event_shown(told.event),
                "routes": told.routes,
                "deliveries": [shown(row) for row in told.deliveries],
            }
            for told in given.told[: given.limit]
        ],
    }


def print_explanation(given: Explanation) -> None:
    """For a person."""
    print_pairs(_facts(given))
    _show(SEEN, [_seen(row, given) for row in given.history])
    _show(TOLD, [_cells(told, given) for told in given.told[: given.limit]])
    if given.rules.trouble is not None:
        note(f"routes and intervals are not known: {given.rules.trouble}")


def _facts(given: Explanation) -> list[tuple[str, str]]:
    row = given.detail.row
    meaning, usual, limit = _meaning(given), given.usual, _limit(given)
    facts = [
        ("job", f"{row.source} {row.job_id}" + (f" ({row.name})" if row.name else "")),
        ("state", (row.state or "not known yet") + (f": {meaning}" if meaning else "")),
        ("class", row.state_class),
        ("since", instant(row.state_since if row.state is not None else None) + _stay(given)),
    ]
    if usual is not None:
        words = f"{span(usual.p50)}, 95 % within {span(usual.p95)} ({usual.stays} earlier stays)"
        facts.append(("usual stay", words))
    if limit is not None:
        facts.append(("stuck after", span(limit)))
    return [
        *facts,
        *([("taken by", taken_by(row))] if row.acknowledged_by is not None else []),
        ("last answer", instant(row.seen_at)),
        ("next poll", instant(row.due_at)),
        ("why", _why(given)),
        ("last error", row.last_error or "-"),
    ]


def _meaning(given: Explanation) -> str:
    """What the vendor says of the state; empty where nobody says anything."""
    from poller.core.vocabulary import vocabulary_of

    return vocabulary_of(given.kind).meanings.get(given.detail.row.state or "", "")


def _stay(given: Explanation) -> str:
    row = given.detail.row
    return f" ({span(max(0.0, given.now - row.state_since))})" if row.state is not None else ""


def _why(given: Explanation) -> str:
    return reason_of(given.detail.row, given.sources, given.now, every=given.rules.every, health=given.health)


def _limit(given: Explanation) -> float | None:
    """Seconds after which the job counts as stuck in its state."""
    row = given.detail.row
    return limit_for(row.state, row.state_class, given.rules.stuck_after or {})


def _show(columns: Sequence[Column], lines: Sequence[Sequence[str]]) -> None:
    if lines:
        say("")
    listing: Listing[Sequence[str]] = Listing(
        columns, cells=lambda line: line, document=lambda _: {}, as_json=False, none=""
    )
    listing.show(lines)


def _of(row: "SnapshotRow", given: Explanation) -> list[Told]:
    """The events that came of this change, in their order."""
    found = [told for told in given.told if abs(told.event.event.observed_at - row.observed_at) < _SAME]
    return sorted(found, key=lambda told: told.event.position)


def _seen(row: "SnapshotRow", given: Explanation) -> Sequence[str]:
    transitions = ", ".join(told.event.event.transition for told in _of(row, given))
    return (instant(row.observed_at), transitions or "-", ", ".join(_changes(row)) or "-")


def _changes(row: "SnapshotRow") -> list[str]:
    """The state first, then how many log entries, then the names of other fields."""
    delta = row.delta
    logs = [f"{len(delta[key])} x {key}" for key in LOGS.values() if isinstance(delta.get(key), list) and delta[key]]  # type: ignore[arg-type]  # a list, as was asked
    fields = [name for name in delta if name != "state" and name not in LOGS.values()]
    named = fields if len(fields) <= MOST_NAMES else [f"{len(fields)} other fields"]
    return [*([f"state {delta['state']}"] if "state" in delta else []), *logs, *named]


def _cells(told: Told, given: Explanation) -> Sequence[str]:
    event = told.event.event
    return (
        instant(event.observed_at),
        "-" if event.sequence is None else str(event.sequence),
        event.transition,
        _routes(told, given),
        ", ".join(_outcome(row) for row in told.deliveries) or "owed to nobody",
    )


def _routes(told: Told, given: Explanation) -> str:
    if told.routes is None:
        return "?"
    if not given.rules.routes:
        return "all"
    return ", ".join(f"[{place}]" for place in told.routes) or "none"


def _outcome(row: "DeliveryRow") -> str:
    whom = " ".join(part for part in (row.notifier, row.recipient) if part)
    tries = f"{row.attempts} attempt{'' if row.attempts == 1 else 's'}"
    match row.state:
        case "pending" if not row.attempts:
            return f"{whom}: pending, not tried yet"
        case "pending":
            return f"{whom}: pending after {tries}, next {instant(row.next_attempt_at)} ({row.last_error})"
        case "dead":
            return f"{whom}: dead after {tries} ({row.last_error})"
        case "discarded" if row.last_error and not row.attempts:
            return f"{whom}: discarded, {row.last_error}"
        case _:
            return f"{whom}: {row.state} {instant(row.settled_at)}, {tries}"
