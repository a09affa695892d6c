"""Log lines: what they look like, and that a stream which takes none stops nobody."""

import errno
import io
import json
import logging
import os
import pty
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from poller.host.logs import FORMATS, LogFormat, configure_logs

TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@pytest.fixture(autouse=True)
def nothing_stays_configured() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


class FullDisk(io.StringIO):
    tried = 0

    def write(self, text: str) -> int:
        self.tried += 1
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


class CountingWrites(io.StringIO):
    written = 0

    def write(self, text: str) -> int:
        self.written += 1
        return super().write(text)


@pytest.mark.parametrize("form", FORMATS)
def test_what_happened_to_each_of_many_is_a_line_each_written_at_once(form: LogFormat) -> None:
    out, alone = CountingWrites(), io.StringIO()
    configure_logs(out, form=form)
    structlog.get_logger("poller.x").info("transition", each=[{"job_id": "a b", "n": 1}, {"job_id": "c", "n": 2}])
    configure_logs(alone, form=form)
    structlog.get_logger("poller.x").info("transition", job_id="a b", n=1)
    structlog.get_logger("poller.x").info("transition", job_id="c", n=2)
    assert TIME.sub("", out.getvalue()) == TIME.sub("", alone.getvalue())
    assert out.written == 1


@pytest.mark.parametrize("closed", [False, True])
def test_a_stream_that_takes_no_line_stops_nobody(closed: bool) -> None:
    out = FullDisk()
    configure_logs(out)
    if closed:
        out.close()
    structlog.get_logger("poller.x").error("lost")
    assert out.tried == 1


def test_json_is_one_object_a_line() -> None:
    out = io.StringIO()
    configure_logs(out, form="json")
    structlog.get_logger("poller.x").warning("delivery failed", reason='a "quote"\nand ä', attempt=2)
    line, end = out.getvalue().split("\n")
    written = json.loads(line)
    assert end == ""
    assert written.pop("timestamp").endswith("Z")
    assert written == {"level": "warning", "event": "delivery failed", "reason": 'a "quote"\nand ä', "attempt": 2}


def test_a_terminal_gets_colours_and_no_logfmt_unless_asked() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as out:
        configure_logs(out)
        structlog.get_logger("poller.x").info("delivered", notifier="backend")
        readable = os.read(master, 4096).decode()
        configure_logs(out, form="logfmt")
        structlog.get_logger("poller.x").info("delivered", notifier="backend")
        plain = os.read(master, 4096).decode()
    os.close(master)
    assert "\x1b[" in readable
    assert "event=delivered" not in readable
    assert "event=delivered notifier=backend" in plain


def test_the_journal_gets_priorities_and_no_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "journal").open("w+") as out:
        found = os.fstat(out.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        configure_logs(out)
        structlog.get_logger("poller.x").info("delivered", notifier="backend")
        structlog.get_logger("poller.x").error("a bug", exc_info=KeyError("job"))
        logging.getLogger("somebody").warning("two\nlines")
        configure_logs(out, form="json")
        structlog.get_logger("poller.x").warning("failed")
        out.seek(0)
        first, second, third, fourth = out.read().splitlines()
    assert first == "<6>level=info event=delivered notifier=backend"
    assert second.startswith('<3>level=error event="a bug"')
    assert "KeyError" in second
    assert third == "<4>level=warning event=two\\nlines"
    assert fourth.startswith("<4>{")
    assert json.loads(fourth[3:])["event"] == "failed"


def test_another_stream_than_the_journal_gets_no_priorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    with (tmp_path / "file").open("w+") as out:
        configure_logs(out)
        structlog.get_logger("poller.x").info("delivered")
        out.seek(0)
        assert out.read().startswith("timestamp=")


def test_a_logger_that_has_spoken_hears_of_another_level_and_form() -> None:
    out = io.StringIO()
    configure_logs(out)
    log = structlog.get_logger("poller.x")
    log.info("first")
    log.debug("not this")
    configure_logs(out, level="error", form="json")
    log.info("nor this")
    log.warning("nor that")
    log.error("second")
    configure_logs(out, level="debug")
    log.debug("third")
    first, second, third = out.getvalue().splitlines()
    assert "event=first" in first
    assert json.loads(second)["event"] == "second"
    assert "level=debug event=third" in third


def test_every_form_holds_a_line_with_its_fields() -> None:
    for form in FORMATS:
        out = io.StringIO()
        configure_logs(out, form=form)  # type: ignore[arg-type]  # a tuple of the literals
        structlog.get_logger("poller.x").info("delivered", notifier="backend")
        assert "delivered" in out.getvalue()
        assert "backend" in out.getvalue()
        assert out.getvalue().count("\n") == 1
