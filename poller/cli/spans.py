"""How long something takes, and how often it happens, for a person."""

from poller.core.spans import span

__all__ = ["rate", "span"]


def rate(per_second: float) -> str:
    """Requests a second: ``4.2/s``, ``0.03/s``."""
    return f"{per_second:.2g}/s" if per_second < 1.0 else f"{per_second:.4g}/s"
