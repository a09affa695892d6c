"""Log lines: constant text plus fields. Everything goes to standard error, in one of three forms.

Readable on a terminal, else logfmt or JSON. The field `each` makes several lines, written at once: one for each of the mappings in it,
which have the other fields in common. Where standard error is the journal each line begins with its priority, as sd-daemon(3)
says, and logfmt leaves out the time, which the journal has.
"""

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, Final, Literal, TextIO, TypeAlias, get_args

import structlog

from poller.host.logfmt import Logfmt, stamp
from poller.host.storms import Calm, Quiet

LogFormat: TypeAlias = Literal["auto", "console", "logfmt", "json"]
FORMATS: Final[tuple[str, ...]] = get_args(LogFormat)

# Libraries that log through the standard library are heard from this level on.
_LIBRARIES: Final = logging.WARNING
# Of syslog(3), by level; the journal shows errors in red and finds them with `journalctl -p err`.
_PRIORITIES: Final[Mapping[str, int]] = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_ORDER: Final = ("timestamp", "level", "event")

# What every logger does with a line. Loggers that exist keep this list, so that a reload changes what is in it.
_STEPS: Final[list[structlog.typing.Processor]] = []


class Lines:
    """Writes lines one by one. What cannot be written is lost: a full disk or a closed pipe must not stop the daemon.

    Our own lines come here without a detour over the standard library, which would cost more than all else about them.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, line: str) -> None:
        """One line."""
        try:
            self._out.write(f"{line}\n")
            self._out.flush()
        except (OSError, ValueError):  # ValueError: the stream was closed
            return

    debug = info = warning = error = critical = exception = write


def configure_logs(stream: TextIO | None = None, *, level: str = "info", form: LogFormat = "auto") -> None:
    """Send all logging, that of libraries included, to `stream` (standard error). Called again, it changes what is logged how."""
    out = stream or sys.stderr
    journal = is_journal(out, os.environ)
    *steps, render = _rendering(out, form, journal=journal)
    _STEPS[:] = [_from(level), Calm(), *_stamps(), *steps, _several(render)]
    structlog.configure(
        processors=_STEPS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=lambda *_: Lines(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    tidy = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    rendering = [tidy, *_rendering(out, form, journal=journal)]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_stamps(), processors=rendering))
    handler.addFilter(Quiet())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LIBRARIES)


def is_journal(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether what is written to `out` goes to the journal: systemd says which device and inode that is."""
    try:
        found = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _stamps() -> list[structlog.typing.Processor]:
    return [structlog.processors.add_log_level, stamp]


def _from(level: str) -> structlog.typing.Processor:
    known = logging.getLevelNamesMapping() | {"EXCEPTION": logging.ERROR}
    least = known[level.upper()]

    def enough(_: Any, name: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if known[name.upper()] < least:
            raise structlog.DropEvent
        return line

    return enough


def _several(render: structlog.typing.Processor) -> structlog.typing.Processor:
    """`render` for each member of the field `each`, where there is one."""

    def rendered(logger: Any, name: str, line: structlog.typing.EventDict) -> Any:
        members = line.pop("each", None)
        if members is None:
            return render(logger, name, line)
        return "\n".join([str(render(logger, name, {**member, **line})) for member in members])

    return rendered


def _rendering(out: TextIO, form: LogFormat, *, journal: bool) -> list[structlog.typing.Processor]:
    if form == "console" or (form == "auto" and out.isatty()):
        # The usual formatter of exceptions shows local variables, and with them URLs, headers and bodies.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)]
    render: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form != "json":
        render = Logfmt(_ORDER[1:] if journal else _ORDER)
    traced = structlog.processors.format_exc_info
    return [traced, _for_the_journal(render, timed=form == "json")] if journal else [traced, render]


def _for_the_journal(render: structlog.typing.Processor, *, timed: bool) -> structlog.typing.Processor:
    def prioritized(logger: Any, name: str, line: structlog.typing.EventDict) -> str:
        priority = _PRIORITIES.get(str(line.get("level")), _PRIORITIES["info"])
        if not timed:
            line.pop("timestamp", None)
        # A value with line breaks would be several lines of the journal, all but the first without a priority.
        text = str(render(logger, name, line)).replace("\n", "\\n")
        return f"<{priority}>{text}"

    return prioritized
