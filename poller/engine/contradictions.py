"""Lists that lag behind the details: a job whose listed state differs is asked about at once, but not at every page for ever."""


class Contradictions:
    """Remembers which listed state of a job was already followed up by a detail call.

    The list and the details of one upstream agree in the end, not at once (eventual consistency). Only detail calls tell anything, so
    a lagging list causes no false event; and a job is asked about again after 1, 2, 4, 8 … sweeps that go on to contradict.
    """

    def __init__(self) -> None:
        self._open: dict[int, tuple[str, int]] = {}

    def is_news(self, key: int, listed: str) -> bool:
        """Whether to ask about the job, whose listed state differs from the known one."""
        state, sweeps = self._open.get(key, (listed, 0))
        sweeps = sweeps + 1 if state == listed else 1
        self._open[key] = (listed, sweeps)
        return sweeps & (sweeps - 1) == 0

    def agreed(self, key: int) -> None:
        """The list says what is known."""
        self._open.pop(key, None)
