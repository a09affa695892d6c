"""A job's logs as text, of which entries are made only when somebody looks.

A log nearly always has only grown, and an upstream that writes it the same way each time shows that by its text alone: what is known
of it need not be taken apart, compared or written again. Where the text does not show it, the entries are compared (`core.merge`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias, overload

from poller.core.jsonvalue import JsonObject
from poller.core.snapshot import Entry, Family, entry_from_json

ReadLines: TypeAlias = Callable[[str], Iterable[JsonObject]]


class WrittenLog(Sequence[Entry]):
    """`texts` has the log of each family: a JSON array of what `Entry.as_json` gives, without white space, its names in any order.

    `read` decodes such an array. One that is compared with another was written by the same encoder.
    """

    __slots__ = ("_entries", "_read", "texts")

    def __init__(self, texts: Mapping[Family, str], read: ReadLines) -> None:
        self.texts = texts
        self._read = read
        self._entries: tuple[Entry, ...] | None = None

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | Sequence[Entry]:
        return self._whole()[place]

    def __len__(self) -> int:
        return len(self._whole())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, WrittenLog):
            return self.texts == other.texts or self._whole() == other._whole()
        return self._whole() == other

    __hash__ = None  # type: ignore[assignment]  # neither has an entry

    def __repr__(self) -> str:
        return repr(self._whole())

    def beyond(self, known: "WrittenLog") -> list[Entry] | None:
        """The entries that follow the known ones; None when this log does not begin with those, word for word."""
        more: list[Entry] = []
        for family, text in self.texts.items():
            had = known.texts[family]
            if text == had:
                continue
            if not text.startswith(had[:-1]):  # without its bracket
                return None
            rest = text[len(had) - 1 :].removeprefix(",")
            more += self._made(family, f"[{rest}")
        return more

    def lacks(self, word: str) -> bool:
        """Whether no entry has `word` in it; quick, and never wrongly True: without a backslash every text stands here as it is."""
        text = "".join(self.texts.values())
        return "\\" not in text and word not in text

    def _whole(self) -> tuple[Entry, ...]:
        if self._entries is None:
            self._entries = tuple(entry for family, text in self.texts.items() for entry in self._made(family, text))
        return self._entries

    def _made(self, family: Family, text: str) -> Iterable[Entry]:
        return [entry_from_json(family, line) for line in self._read(text)]
