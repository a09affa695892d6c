"""The type of a decoded JSON value, and an object that is still as it was written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = "Mapping[str, Json]"


class Written(Mapping[str, Json]):
    """An object as JSON text: `read` when somebody looks into it, and told on as the same `text` by whoever only passes it on."""

    __slots__ = ("_read", "_value", "text")

    def __init__(self, text: str, read: Callable[[str], JsonObject]) -> None:
        self.text = text
        self._read = read
        self._value: JsonObject | None = None

    def __getitem__(self, name: str) -> Json:
        return self._object()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._object())

    def __len__(self) -> int:
        return len(self._object())

    def __repr__(self) -> str:
        return repr(self._object())

    def _object(self) -> JsonObject:
        if self._value is None:
            self._value = self._read(self.text)
        return self._value
