"""A string that does not show itself."""

from typing import Any, Final

MASK: Final = "<secret>"


class Secret:
    """A credential. `str`, `repr` and formatting show a mask; only `reveal()` gives the value.

    Equality compares values, so that a reload can tell whether a credential was rotated.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: for the wire only, never for a log line, an error or the disk."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not pickled")
