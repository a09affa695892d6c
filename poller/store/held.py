"""Which rows this daemon has claimed and not given back yet.

On PostgreSQL these are the ones whose leases its beat renews. On SQLite a claim on a job is this and nothing else: there is no other daemon
that could read it from the file.
"""

from collections import defaultdict
from collections.abc import Iterable


class Held:
    """Keys by table, each with the instant (seconds) at which its lease ends at the latest: then it is free, or renewed no more."""

    def __init__(self) -> None:
        self._until: defaultdict[str, dict[int, float]] = defaultdict(dict)

    def take(self, table: str, keys: Iterable[int], until: float) -> None:
        """These rows were claimed."""
        self._until[table].update(dict.fromkeys(keys, until))

    def drop(self, table: str, keys: Iterable[int]) -> None:
        """These rows are held no more, whoever has them now."""
        held = self._until[table]
        for key in keys:
            held.pop(key, None)

    def count(self, table: str) -> int:
        """How many rows of this table are held."""
        return len(self._until[table])

    def keys(self, table: str, now: float = 0.0) -> list[int]:
        """The rows that are held, in ascending order; those whose leases are over by `now` are forgotten."""
        self.drop(table, [key for key, until in self._until[table].items() if until <= now])
        return sorted(self._until[table])
