"""Which rows this daemon has claimed and not given back yet: the ones whose leases its beat renews."""

from collections import defaultdict
from collections.abc import Iterable


class Held:
    """Keys by table, each with the instant (seconds) at which its lease ends at the latest: what got lost is renewed no more then."""

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

    def keys(self, table: str, now: float) -> list[int]:
        """Rows whose leases are to be renewed, in ascending order; those that were held too long are forgotten."""
        self.drop(table, [key for key, until in self._until[table].items() if until <= now])
        return sorted(self._until[table])
