"""Joining what was known of a log with what a poll saw of it.

Log entries have no id and their order is not documented (FACTS.md), so a log is compared as a multiset: an entry is new only when
a poll shows more entries of its identity than were ever known. What is known never shrinks: an entry that vanishes and comes back
is the same entry. An entry keeps the identity under which it was first known, so that the ids of its events stay unique.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from poller.core.snapshot import Entry, Identity, Snapshot

_identity = itemgetter(slice(4))  # `Entry.identity`, for whole logs
_Spare: TypeAlias = "dict[Identity, list[int]]"  # known entries that no seen one was paired with yet, as indexes
_Seen: TypeAlias = "list[tuple[int, Entry]]"  # with the vendor's position


@dataclass(frozen=True, kw_only=True, slots=True)
class Fresh:
    """A new entry, its number among the known ones of the same identity (from 0 on), and the vendor's position of it."""

    entry: Entry
    occurrence: int
    position: int


def merge_logs(known: Sequence[Entry], seen: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[Fresh, ...]]:
    """The log as it is known after the poll, and what of it is new, in the vendor's positions."""
    merged = list(known)
    same = _equal_at_first(known, seen)  # most logs have only grown, and equal entries can stand for each other
    left = list(enumerate(seen[same:], same))
    if left and same < len(known):
        left = _pair_all(merged, left, same)
    fresh = _number(known, left)
    return (*merged, *(new.entry for new in fresh)), fresh


def _pair_all(merged: list[Entry], seen: _Seen, first: int) -> _Seen:
    """Pair seen entries with the known ones from `first` on; the seen ones that are left."""
    spare: _Spare = {}
    for at, entry in enumerate(merged[first:], first):
        spare.setdefault(entry.identity, []).append(at)
    left = _pair(merged, spare, seen, same_rest=True)
    left = _pair(merged, spare, left, same_rest=False)
    return _pair_despite_gaps(merged, spare, left)


def merge_snapshots(known: Snapshot, seen: Snapshot) -> tuple[Snapshot, tuple[Fresh, ...]]:
    """The snapshot as it is known after the poll, and the new entries.

    What could not be read this time keeps its last known value: a wrong type costs that field only (FACTS.md).
    """
    entries, fresh = merge_logs(known.entries, seen.entries)
    state = known.state if seen.state is None else seen.state
    fields = seen.fields
    if seen.doubtful:
        fields = {key: value for key, value in known.fields.items() if key in seen.doubtful} | dict(fields)
    return Snapshot(state=state, fields=fields, entries=entries), fresh


def _equal_at_first(known: Sequence[Entry], seen: Sequence[Entry]) -> int:
    if known == seen[: len(known)]:
        return len(known)
    return next(
        (at for at, pair in enumerate(zip(known, seen, strict=False)) if pair[0] != pair[1]), min(len(known), len(seen))
    )


def _pair(merged: list[Entry], spare: _Spare, seen: _Seen, *, same_rest: bool) -> _Seen:
    left: _Seen = []
    for position, entry in seen:
        places = spare.get(entry.identity, [])
        at = next((p for p in places if not same_rest or merged[p].rest == entry.rest), None)
        if at is None:
            left.append((position, entry))
            continue
        places.remove(at)
        if not same_rest:
            merged[at] = merged[at]._replace(rest={**merged[at].rest, **entry.rest})
    return left


def _pair_despite_gaps(merged: list[Entry], spare: _Spare, seen: _Seen) -> _Seen:
    """Pair entries of which one lacks a time, type or operator that the other has: filled in later, or unreadable this time."""
    if not seen:
        return []
    places = [at for group in spare.values() for at in group]
    gappy = [at for at in places if merged[at].has_gaps]  # only with these can an entry without gaps be paired
    left: _Seen = []
    for position, entry in seen:
        alike = (p for p in (places if entry.has_gaps else gappy) if _alike(merged[p], entry))
        at = max(alike, key=lambda p: _in_common(merged[p], entry), default=None)
        if at is None:
            left.append((position, entry))
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


def _number(known: Sequence[Entry], new: _Seen) -> tuple[Fresh, ...]:
    if not new:
        return ()
    count: Counter[Identity] = Counter(map(_identity, known))
    fresh: list[Fresh] = []
    for position, entry in new:
        fresh.append(Fresh(entry=entry, occurrence=count[entry.identity], position=position))
        count[entry.identity] += 1
    return tuple(fresh)
