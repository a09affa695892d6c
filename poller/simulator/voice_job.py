"""One voice training job: what its calls answer, with the fields of the vendor's client (ShowVoiceTrainingJobResponse)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from poller.simulator import lifecycle
from poller.simulator.answers import Document, link, timestamp
from poller.simulator.calendar import Calendar
from poller.simulator.lifecycle import Life
from poller.simulator.portrait import paint
from poller.simulator.truth import EntryTruth, JobTruth, StateTruth
from poller.simulator.voice_life import voice_life


@dataclass(kw_only=True, slots=True)
class VoiceJob:
    """Lives by its script from `created_at` on. `put` and `added` are what a test has set by hand.

    Every second job writes its times in milliseconds, the others in seconds: the vendor's documentation leaves it open.
    """

    job_id: str
    number: int
    seed: int
    created_at: int
    calendar: Calendar
    put: dict[str, Any] = field(default_factory=dict)
    added: list[Document] = field(default_factory=list)

    @property
    def life(self) -> Life:
        """The whole script, what is still to come included."""
        return voice_life(self.seed, self.job_id)

    def state(self, at: float) -> Any:
        """The state alone; of any type when it was put so by hand."""
        return self.put.get("state", lifecycle.state_after(self.life, self._taken(at)))

    def instant(self, offset: float) -> int:
        """A time as this job's answers write it, `offset` seconds after its creation."""
        at = int(self.created_at + offset)
        return at * 1000 if self.number % 2 == 0 else at

    def document(self, at: float) -> Document:
        """The detail answer, which is a list item too."""
        portrait, state = paint(self.seed, self.number), self.state(at)
        changed = [step.offset for step in self.life.steps[: self._taken(at)] if step.state is not None]
        return {
            "job_type": "ADVANCE",
            "job_id": self.job_id,
            "app_user_id": portrait.app_user_id,
            "voice_name": f"Voice of {portrait.name}",
            "sex": "FEMALE",
            "language": "CN",
            "state": state,
            "reject_times": sum(step.state == "AUDIT_FAILED" for step in self.life.steps[: self._taken(at)]),
            "asset_id": portrait.asset_id if state == "SUCCEED" else None,
            "job_failed_code": "MSS.40500012" if state == "FAILED" else None,
            "create_time": self.instant(0),
            "lastupdate_time": self.instant(changed[-1]),
            "voice_authorization_url": link(self.job_id, "authorization"),
            "training_input_source_url": link(self.job_id, "recordings"),
            "create_type": "PACKAGE",
            "tag": ("NEWS", "LIVE", "EDUCATION")[self.number % 3],
            "phone": portrait.contact,
            "dhtms_job_id": portrait.job_id,
            "batch_name": portrait.batch_name,
            "output_language": "CN",
            "is_remake": False,
            "is_ondemand_resource": False,
            **self.put,
        }

    def operations(self, at: float) -> list[Document]:
        """The log, oldest line first."""
        entries = lifecycle.view_after(self.life, self._taken(at)).entries
        return [*(self._line(entry) for entry in entries), *self.added]

    def truth(self, at: float) -> JobTruth:
        """What its script has told by now; times are RFC 3339, as events carry them."""
        taken = self._taken(at)
        steps = lifecycle.states(self.life, taken)
        return JobTruth(
            job_id=self.job_id,
            name=f"Voice of {paint(self.seed, self.number).name}",
            states=tuple(
                StateTruth(state=state, at=self.created_at + offset, real_at=self._real(offset))
                for offset, state in steps
            ),
            entries=tuple(
                EntryTruth(
                    operate_time=timestamp(self.created_at + entry.offset),
                    log_type=entry.log_type,
                    operate_user=entry.operate_user,
                    real_at=self._real(entry.offset),
                    log_description=entry.log_description,
                )
                for entry in lifecycle.view_after(self.life, taken).entries
            ),
        )

    def _line(self, entry: lifecycle.Entry) -> Document:
        line: Document = {
            "time": self.instant(entry.offset),
            "action": entry.log_type,
            "operator": entry.operate_user,
        }
        if entry.log_description is not None:
            line["external_info"] = {"review_id_list": ["r-1"], "admin_audit_failure_reason": entry.log_description}
        return line

    def _taken(self, at: float) -> int:
        return lifecycle.steps_taken(self.life, at - self.created_at)

    def _real(self, offset: int) -> float:
        return self.calendar.real(self.created_at + offset)


def matches(document: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether the fields that are named have these values; a field that is not there matches nothing."""
    return all(document.get(name) == value for name, value in wanted.items())
