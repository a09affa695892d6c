"""How long something takes, for a person: two units are enough."""

from typing import Final

_UNITS: Final = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_PRECISE_BELOW: Final = 10.0  # seconds


def span(seconds: float) -> str:
    """`seconds` in its two largest units: ``2d 3h``, ``1h 20m``, ``45s``; below 10 s with a tenth: ``0.4s``."""
    if seconds < _PRECISE_BELOW:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    left = round(seconds)
    parts: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
        if len(parts) == 2:  # noqa: PLR2004 the two of the docstring
            break
    return " ".join(part for part in parts if part)
