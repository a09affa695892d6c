"""Which jobs of a list page are to be watched by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from poller.core.jsonvalue import Json
from poller.core.reading import Listed


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovery:
    """The table `discover`; an absent criterion matches all. Several tags are alternatives, and so are several batch names; the two
    criteria must both match (INTERFACE.md section 9). `created_within` is in seconds.
    """

    tags: Sequence[str] = ()
    batch_names: Sequence[str] = ()
    created_within: float | None = None

    def wants(self, job: Listed, now: float) -> bool:
        """Whether a listed job that is not watched yet should be."""
        return (
            _any(self.tags, job.snapshot.fields.get("tags"))
            and _any(self.batch_names, [job.snapshot.fields.get("batch_name")])
            and self._is_young(job.created_at, now)
        )

    def _is_young(self, created_at: float | None, now: float) -> bool:
        return self.created_within is None or (created_at is not None and created_at >= now - self.created_within)


def _any(globs: Sequence[str], values: Json) -> bool:
    if not globs:
        return True
    present = values if isinstance(values, (list, tuple)) else []
    return any(isinstance(value, str) and fnmatchcase(value, glob) for value in present for glob in globs)
