"""Jobs that a test moves by hand; what was put into them is the truth about them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from poller.simulator import answers
from poller.simulator.answers import LISTED, Document
from poller.simulator.job import Job
from poller.simulator.lifecycle import View
from poller.simulator.portrait import paint
from poller.simulator.truth import CommentTruth, EntryTruth, JobTruth, StateTruth

FIRST_STATE: Final = "WAIT_FILE_UPLOAD"


@dataclass(kw_only=True, slots=True)
class PlacedJob:
    """Changes only by hand. What was put into it is remembered as truth, with the time it was put there."""

    told: JobTruth
    created_at: int
    contents: Document
    revision: int = 1
    _entries: Counter[tuple[str | None, str | None, str | None]] = field(default_factory=Counter)
    _comments: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._entries.update(entry.key for entry in self.told.entries)
        self._comments.update(comment.key for comment in self.told.comments)

    @property
    def job_id(self) -> str:
        """As it was put."""
        return self.told.job_id

    @property
    def voice_id(self) -> str | None:
        """As it was put, if it is one."""
        return _text(self.contents, "voice_train_job_id")

    def version(self, at: float) -> int:  # noqa: ARG002 - it changes by hand, not with time
        """Rises with every change."""
        return self.revision

    def state(self, at: float) -> Any:  # noqa: ARG002 - it changes by hand, not with time
        """As it was put, whatever its type."""
        return self.contents.get("state")

    def item(self, at: float) -> Document:  # noqa: ARG002 - it changes by hand, not with time
        """The list item, fields that were dropped left out."""
        return {name: self.contents[name] for name in LISTED if name in self.contents}

    def document(self, at: float) -> Document:  # noqa: ARG002 - it changes by hand, not with time
        """The detail answer."""
        return self.contents

    def truth(self, at: float) -> JobTruth:  # noqa: ARG002 - it changes by hand, not with time
        """What was put so far."""
        return self.told

    def change(self, fields: Mapping[str, Any], drop: Iterable[str], *, at: float, now: float) -> None:
        """Sets fields verbatim and drops others; remembers the new state, log lines and comments, if they make sense."""
        self.contents = {**self.contents, **fields}
        for name in drop:
            self.contents.pop(name, None)
        self.revision += 1
        self._remember(at, now)

    def _remember(self, at: float, now: float) -> None:
        state = self.contents.get("state")
        states = self.told.states
        if isinstance(state, str) and state and state != self.told.final_state:
            states = (*states, StateTruth(state=state, at=at, real_at=now))
        name = self.contents.get("name")
        self.told = replace(
            self.told,
            name=name if isinstance(name, str) else self.told.name,
            states=states,
            entries=self.told.entries + tuple(self._new_entries(now)),
            comments=self.told.comments + tuple(self._new_comments(now)),
        )

    def _new_entries(self, now: float) -> Iterable[EntryTruth]:
        seen: Counter[tuple[str | None, str | None, str | None]] = Counter()
        for line in _lines(self.contents.get("operation_logs")):
            entry = EntryTruth(
                operate_time=_text(line, "operate_time"),
                log_type=_text(line, "log_type"),
                operate_user=_text(line, "operate_user"),
                real_at=now,
                log_description=_text(line, "log_description"),
                error_code=_text(line, "error_code"),
            )
            seen[entry.key] += 1
            if seen[entry.key] > self._entries[entry.key]:
                self._entries[entry.key] += 1
                yield entry

    def _new_comments(self, now: float) -> Iterable[CommentTruth]:
        seen: Counter[tuple[str | None, str | None]] = Counter()
        for line in _lines(self.contents.get("comment_logs")):
            comment = CommentTruth(
                operate_time=_text(line, "operate_time"), comment_type=_text(line, "comment_type"), real_at=now
            )
            seen[comment.key] += 1
            if seen[comment.key] > self._comments[comment.key]:
                self._comments[comment.key] += 1
                yield comment


def blank(job_id: str, number: int, *, at: float, project_id: str) -> PlacedJob:
    """A job to be moved by hand: complete, in its first state, with empty logs; nothing of it counts as told yet."""
    portrait = replace(paint(0, number), job_id=job_id)
    view = View(state=FIRST_STATE, entries=(), comments=(), fields={})
    return PlacedJob(
        told=JobTruth(job_id=job_id, name=portrait.name, states=(), entries=()),
        created_at=int(at),
        contents=answers.detail(portrait, view, int(at), project_id),
    )


def held(job: Job, at: float) -> PlacedJob:
    """A living job stopped as it is at `at`, from now on moved by hand."""
    return PlacedJob(told=job.truth(at), created_at=job.created_at, contents=job.document(at), revision=job.version(at))


def _lines(value: object) -> list[Mapping[str, object]]:
    return (
        [cast("Mapping[str, object]", line) for line in value if isinstance(line, Mapping)]
        if isinstance(value, list)
        else []
    )


def _text(line: Mapping[str, object], name: str) -> str | None:
    value = line.get(name)
    return value if isinstance(value, str) else None
