"""What was told about one job."""

from dataclasses import dataclass, field

from poller.simulator.told import JOB_PREFIX, Told


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """An event and when it was accepted first, real time."""

    event: Told
    at: float


@dataclass(kw_only=True, slots=True)
class Story:
    """`tried`: every event by id, in the order of first attempts. `events`: those accepted, once each, in that order."""

    tried: dict[str, Told] = field(default_factory=dict)
    events: list[Accepted] = field(default_factory=list)

    def note(self, event: Told, at: float, *, accepted: bool) -> None:
        """One more attempt; `accepted` if it is the first one that was."""
        self.tried.setdefault(event.id, event)
        if accepted:
            self.events.append(Accepted(event=event, at=at))

    def of(self, *kinds: str) -> list[Accepted]:
        """The accepted events of these kinds (`state_changed`, …), in the order of their sequence."""
        types = {JOB_PREFIX + kind for kind in kinds}
        return sorted(
            (told for told in self.events if told.event.type in types), key=lambda told: told.event.sequence or 0
        )

    def count(self, kind: str) -> int:
        """How many of this kind were accepted."""
        return sum(told.event.type == JOB_PREFIX + kind for told in self.events)

    def entries(self, *, summaries: bool) -> int:
        """How many log entries were told, with `summaries` those in WATCHED events too."""
        listed = sum(len(told.event.operations) for told in self.of("watched")) if summaries else 0
        return listed + self.count("operation_logged")

    @property
    def watched_at(self) -> float:
        """When the job was first seen; before everything if no event says so."""
        first = self.of("watched")
        return first[0].event.observed_at if first else float("-inf")
