"""Jobs that live by their script, with nobody's help."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from poller.simulator import answers, lifecycle
from poller.simulator.answers import Document, timestamp
from poller.simulator.calendar import Calendar
from poller.simulator.lifecycle import Life, View
from poller.simulator.portrait import Portrait, paint
from poller.simulator.script import Fate, live
from poller.simulator.truth import CommentTruth, EntryTruth, JobTruth, StateTruth

LIVES_KEPT: Final = 20_000
"""Lives are written again when needed; one takes about 10 kB and half a millisecond."""

remembered_life = lru_cache(maxsize=LIVES_KEPT)(live)


@dataclass(frozen=True, kw_only=True, slots=True)
class LivingJob:
    """Lives by its script from `created_at` on, with nobody's help."""

    seed: int
    number: int
    created_at: int
    project_id: str
    calendar: Calendar
    portrait: Portrait
    fate: Fate | None = None

    @property
    def job_id(self) -> str:
        """32 hex digits, a function of seed and number."""
        return self.portrait.job_id

    @property
    def life(self) -> Life:
        """The whole script, what is still to come included."""
        return remembered_life(self.seed, self.number, self.fate)

    @property
    def voice_id(self) -> str | None:
        """A function of seed and number too."""
        return self.portrait.voice_train_job_id

    def version(self, at: float) -> int:
        """How many steps of the life have happened."""
        return lifecycle.steps_taken(self.life, at - self.created_at)

    def state(self, at: float) -> str:
        """The state alone, cheaply."""
        return lifecycle.state_after(self.life, self.version(at))

    def item(self, at: float) -> Document:
        """The list item."""
        taken = self.version(at)
        fields = {name: value for step in self.life.steps[:taken] for name, value in step.fields}
        state = lifecycle.state_after(self.life, taken)
        return answers.listed(self.portrait, state, fields, self.created_at, self.project_id)

    def document(self, at: float) -> Document:
        """The detail answer."""
        view = lifecycle.view_after(self.life, self.version(at))
        return answers.detail(self.portrait, view, self.created_at, self.project_id)

    def truth(self, at: float) -> JobTruth:
        """Everything that has happened by now."""
        taken = self.version(at)
        view = lifecycle.view_after(self.life, taken) if taken else View(state="", entries=(), comments=(), fields={})
        return JobTruth(
            job_id=self.job_id,
            name=self.portrait.name,
            states=tuple(
                StateTruth(state=state, at=self.created_at + offset, real_at=self._real(offset))
                for offset, state in lifecycle.states(self.life, taken)
            ),
            entries=tuple(
                EntryTruth(
                    operate_time=timestamp(self.created_at + entry.offset),
                    log_type=entry.log_type,
                    operate_user=entry.operate_user,
                    real_at=self._real(entry.offset),
                    log_description=entry.log_description,
                    error_code=entry.error_code,
                )
                for entry in view.entries
            ),
            comments=tuple(
                CommentTruth(
                    operate_time=timestamp(self.created_at + comment.offset),
                    comment_type=comment.comment_type,
                    real_at=self._real(comment.offset),
                )
                for comment in view.comments
            ),
        )

    def _real(self, offset: int) -> float:
        return self.calendar.real(self.created_at + offset)


def living(
    seed: int, number: int, *, created_at: int, project_id: str, calendar: Calendar, fate: Fate | None
) -> LivingJob:
    """Job `number` of a world."""
    return LivingJob(
        seed=seed,
        number=number,
        created_at=created_at,
        project_id=project_id,
        calendar=calendar,
        portrait=paint(seed, number),
        fate=fate,
    )
