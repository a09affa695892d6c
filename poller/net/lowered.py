"""The headers of an answer by lower-case name, made only of those that somebody asks for: of most answers nobody asks for any."""

from collections.abc import Iterator, Mapping

from multidict import MultiMapping


class Lowered(Mapping[str, str]):
    """Values of one name are joined as RFC 9110, section 5.3, says; bytes that are no text are replaced."""

    __slots__ = ("_headers",)

    def __init__(self, headers: MultiMapping[str]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        value = ", ".join(self._headers.getall(name))
        if value.isascii():
            return value
        return value.encode(errors="surrogateescape").decode(errors="replace")

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name in self._headers))

    def __len__(self) -> int:
        return sum(1 for _ in self)
