"""Log lines: constant text plus fields, readable on a terminal, logfmt elsewhere. Everything goes to standard error."""

import logging
import sys
from contextlib import suppress
from typing import Final, TextIO

import structlog

# Libraries that log through the standard library are heard from this level on.
_LIBRARIES: Final = logging.WARNING


class Lines:
    """Writes lines one by one. What cannot be written is lost: a full disk or a closed pipe must not stop the daemon.

    Our own lines come here without a detour over the standard library, which would cost more than all else about them.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, line: str) -> None:
        """One line."""
        with suppress(OSError, ValueError):  # ValueError: the stream was closed
            self._out.write(f"{line}\n")
            self._out.flush()

    debug = info = warning = error = critical = exception = write


def configure_logs(stream: TextIO | None = None) -> None:
    """Send all logging, that of libraries included, to `stream` (standard error)."""
    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, *_rendering(out)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: Lines(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    tidy = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[tidy, *_rendering(out)])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LIBRARIES)


def _rendering(out: TextIO) -> list[structlog.typing.Processor]:
    if out.isatty():
        # The usual formatter of exceptions shows local variables, and with them URLs, headers and bodies.
        return [structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)]
    order = ["timestamp", "level", "event"]
    return [structlog.processors.format_exc_info, structlog.processors.LogfmtRenderer(key_order=order)]
