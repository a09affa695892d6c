"""Joining what was known of a log with what a poll saw of it.

Log entries have no id and their order is not documented (FACTS.md), so a log is compared as a multiset: an entry is new only when
a poll shows more entries of its identity than were ever known. What is known never shrinks: an entry that vanishes and comes back
is the same entry. An entry keeps the identity under which it was first known, so that the ids of its events stay unique.
"""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from poller.core.snapshot import Entry, Identity, Snapshot
from poller.core.written_log import WrittenLog

_identity = itemgetter(slice(4))  # `Entry.identity`, for whole logs
_family = itemgetter(0)
_Spare: TypeAlias = "dict[Identity, list[int]]"  # known entries that no seen one was paired with yet, as indexes


class Fresh(NamedTuple):
    """A new entry, and its number among the known ones of the same identity, from 0 on."""

    entry: Entry
    occurrence: int


class MergedLog(NamedTuple):
    """The log as it is known after a poll, operations first; what of it is new, in the vendor's order; and what was completed."""

    entries: Sequence[Entry]
    fresh: Sequence[Fresh]
    completed: Sequence[Entry] = ()


class Merged(NamedTuple):
    """The snapshot as it is known after a poll, and what of its log is new or was completed."""

    snapshot: Snapshot
    fresh: Sequence[Fresh]
    completed: Sequence[Entry]

    @property
    def moved(self) -> list[Entry]:
        """Both, completed ones first."""
        return [*self.completed, *[new.entry for new in self.fresh]]


def merge_logs(known: Sequence[Entry], seen: Sequence[Entry]) -> MergedLog:
    """What is known of a log after a poll. Most logs have only grown, which is seen by their texts alone where there are such."""
    if isinstance(known, WrittenLog) and isinstance(seen, WrittenLog):
        new = seen.beyond(known)
        if new is not None:
            return MergedLog(seen, _number(known, new))
    return _compare(known, seen)


def merge_snapshots(known: Snapshot, seen: Snapshot) -> Merged:
    """The snapshot as it is known after the poll, and the entries that are new or were completed.

    What could not be read this time keeps its last known value: a wrong type costs that field only (FACTS.md).
    """
    log = merge_logs(known.entries, seen.entries)
    state = known.state if seen.state is None else seen.state
    fields = seen.fields
    if seen.doubtful:
        fields = {key: value for key, value in known.fields.items() if key in seen.doubtful} | dict(fields)
    return Merged(Snapshot(state=state, fields=fields, entries=log.entries), log.fresh, log.completed)


def _compare(known: Sequence[Entry], seen: Sequence[Entry]) -> MergedLog:
    """Entry by entry."""
    had, have = tuple(known), tuple(seen)
    merged = list(had)
    same = _equal_at_first(had, have)  # equal entries can stand for each other
    left: Sequence[Entry] = have[same:]
    if left and same < len(had):
        left = _pair_all(merged, left, same)
    completed = tuple(now for before, now in zip(had, merged, strict=True) if now != before)
    fresh = _number(had, left)
    entries = tuple(sorted([*merged, *left], key=_family, reverse=True))
    # The text of a poll that shows all there is need not be taken apart at the next one.
    whole = isinstance(seen, WrittenLog) and entries == have
    return MergedLog(seen if whole else entries, fresh, completed)


def _pair_all(merged: list[Entry], seen: Sequence[Entry], first: int) -> list[Entry]:
    """Pair seen entries with the known ones from `first` on; the seen ones that are left."""
    spare: _Spare = {}
    for at, entry in enumerate(merged[first:], first):
        spare.setdefault(entry.identity, []).append(at)
    left = _pair(merged, spare, seen, same_rest=True)
    left = _pair(merged, spare, left, same_rest=False)
    return _pair_despite_gaps(merged, spare, left)


def _equal_at_first(known: Sequence[Entry], seen: Sequence[Entry]) -> int:
    if known == seen[: len(known)]:
        return len(known)
    return next(
        (at for at, pair in enumerate(zip(known, seen, strict=False)) if pair[0] != pair[1]), min(len(known), len(seen))
    )


def _pair(merged: list[Entry], spare: _Spare, seen: Sequence[Entry], *, same_rest: bool) -> list[Entry]:
    left: list[Entry] = []
    for entry in seen:
        places = spare.get(entry.identity, [])
        at = next((p for p in places if not same_rest or merged[p].rest == entry.rest), None)
        if at is None:
            left.append(entry)
            continue
        places.remove(at)
        if not same_rest:
            merged[at] = merged[at]._replace(rest={**merged[at].rest, **entry.rest})
    return left


def _pair_despite_gaps(merged: list[Entry], spare: _Spare, seen: Sequence[Entry]) -> list[Entry]:
    """Pair entries of which one lacks a time, type or operator that the other has: filled in later, or unreadable this time."""
    if not seen:
        return []
    places = [at for group in spare.values() for at in group]
    gappy = [at for at in places if merged[at].has_gaps]  # only with these can an entry without gaps be paired
    left: list[Entry] = []
    for entry in seen:
        alike = (p for p in (places if entry.has_gaps else gappy) if _alike(merged[p], entry))
        at = max(alike, key=lambda p: _in_common(merged[p], entry), default=None)
        if at is None:
            left.append(entry)
            continue
        places.remove(at)
        if at in gappy:
            gappy.remove(at)
        merged[at] = merged[at]._replace(rest={**merged[at].rest, **entry.rest})
    return left


def _alike(one: Entry, other: Entry) -> bool:
    pairs = list(zip(one.identity, other.identity, strict=True))
    compatible = all(a == b or a is None or b is None for a, b in pairs)
    recognised = any(a == b and a is not None for a, b in pairs[1:3])  # by its time or by its type
    return compatible and recognised


def _in_common(one: Entry, other: Entry) -> tuple[bool, int]:
    """How well two entries fit; the same time says most."""
    return one.time == other.time, sum(a == b for a, b in zip(one.identity, other.identity, strict=True))


def _number(known: Sequence[Entry], new: Sequence[Entry]) -> list[Fresh]:
    """The new entries, each with its number among those of its identity."""
    count: dict[Identity, int] = {} if _are_first_of_their_time(new, known) else Counter(map(_identity, known))
    fresh: list[Fresh] = []
    for entry in new:
        identity = entry[:4]
        occurrence = count.get(identity, 0)
        count[identity] = occurrence + 1
        fresh.append(Fresh(entry, occurrence))
    return fresh


def _are_first_of_their_time(new: Sequence[Entry], known: Sequence[Entry]) -> bool:
    """Whether it shows at a glance that no known entry has the identity of a new one."""
    if isinstance(known, WrittenLog):
        return all([entry.time is not None and known.lacks(entry.time) for entry in new])
    return not (known and new)
