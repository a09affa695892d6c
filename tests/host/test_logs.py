"""Log lines: what they look like, and that a stream which takes none stops nobody."""

import errno
import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from poller.host.logs import configure_logs


@pytest.fixture(autouse=True)
def nothing_stays_configured() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_line_is_constant_text_with_fields() -> None:
    out = io.StringIO()
    configure_logs(out)
    structlog.get_logger("poller.x").info("delivered", notifier="backend", attempt=1)
    assert out.getvalue().endswith("Z level=info event=delivered notifier=backend attempt=1\n")
    assert out.getvalue().startswith("timestamp=")


def test_a_bug_is_logged_with_its_traceback_on_one_line() -> None:
    out = io.StringIO()
    configure_logs(out)
    structlog.get_logger("poller.x").error("a bug", source="prod", exc_info=KeyError("job"))
    line, end = out.getvalue().split("\n")
    assert "KeyError" in line
    assert "level=error" in line
    assert end == ""


def test_libraries_are_heard_from_warnings_on_in_the_same_form() -> None:
    out = io.StringIO()
    configure_logs(out)
    logging.getLogger("somebody").info("not this")
    logging.getLogger("somebody").warning("but %s", "this")
    assert "not this" not in out.getvalue()
    assert 'level=warning event="but this"\n' in out.getvalue()


@pytest.mark.parametrize("closed", [False, True])
def test_a_stream_that_takes_no_line_stops_nobody(closed: bool) -> None:
    out = FullDisk()
    configure_logs(out)
    if closed:
        out.close()
    structlog.get_logger("poller.x").error("lost")
