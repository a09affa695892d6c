"""Log lines: constant text plus fields, readable on a terminal, logfmt elsewhere. Everything goes to standard error."""

import logging
import sys
from typing import Final, TextIO

import structlog

# Libraries that log through the standard library are heard from this level on.
_LIBRARIES: Final = logging.WARNING


def configure_logs(stream: TextIO | None = None) -> None:
    """Send all logging, that of libraries included, to `stream` (standard error)."""
    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(out)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LIBRARIES)
    logging.getLogger("poller").setLevel(logging.INFO)


def _rendering(out: TextIO) -> list[structlog.typing.Processor]:
    tidy = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if out.isatty():
        # The usual formatter of exceptions shows local variables, and with them URLs, headers and bodies.
        plain = structlog.dev.plain_traceback
        return [tidy, structlog.dev.ConsoleRenderer(colors=True, exception_formatter=plain)]
    order = ["timestamp", "level", "event"]
    return [tidy, structlog.processors.format_exc_info, structlog.processors.LogfmtRenderer(key_order=order)]
