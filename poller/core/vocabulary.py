"""From a state to its class: who has to act. The vocabulary is open: what is not listed is `unknown`, never an error."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias, get_args

StateClass: TypeAlias = Literal["active", "waiting_on_us", "waiting_on_vendor", "failed", "done", "unknown"]
CLASSES: Final[tuple[StateClass, ...]] = get_args(StateClass)


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """The documented states of one kind of job."""

    classes: Mapping[str, StateClass]
    meanings: Mapping[str, str]

    @property
    def living(self) -> tuple[str, ...]:
        """The states that are not `done`, in the order in which they are documented."""
        return tuple(state for state, state_class in self.classes.items() if state_class != "done")

    def classify(self, state: str | None) -> StateClass:
        """The class of `state`; `unknown` for one that the vendor added without notice, or that could not be read."""
        return self.classes.get(state, "unknown") if state is not None else "unknown"


@cache
def avatar_vocabulary() -> Vocabulary:
    """The states of a MetaStudio avatar training job, from the data file beside this module (FACTS.md)."""
    return _read("states.toml")


@cache
def voice_vocabulary() -> Vocabulary:
    """The states of a MetaStudio voice training job, from the data file beside this module."""
    return _read("voice_states.toml")


def vocabulary_of(kind: str | None) -> Vocabulary:
    """The documented states of the jobs of a kind of source; none where nobody documents them, as for `http-json`."""
    match kind:
        case "metastudio-avatar":
            return avatar_vocabulary()
        case "metastudio-voice":
            return voice_vocabulary()
    return Vocabulary(classes={}, meanings={})


def _read(name: str) -> Vocabulary:
    table = tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return Vocabulary(
        classes={state: row["class"] for state, row in table.items()},
        meanings={state: row["meaning"] for state, row in table.items()},
    )
