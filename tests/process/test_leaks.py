"""INTERFACE.md sections 2 and 6: no secret, phone number or link comes out, whichever way. Each way out has its own test."""

import logging
from collections.abc import Mapping
from functools import partial
from io import StringIO
from pathlib import Path

import anyio
import pytest
import structlog

from poller.config import load
from poller.core.exchange import Reply, Request
from poller.core.secret import Secret
from poller.errors import ConfigError
from poller.host.logs import configure_logs
from tests.process import planted
from tests.process.evidence import PAGES, READING, Evidence, gather
from tests.process.planted import DESCRIPTION, KEPT_PHONE, NAME, found_in
from tests.process.settings import Tables, document, webhook


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return anyio.run(partial(gather, tmp_path_factory.mktemp("leaks")))


@pytest.fixture(scope="module")
def markers(evidence: Evidence) -> Mapping[str, str]:
    assert len(evidence.sent) > 10, "credentials went over the wire"
    return {**planted.CONFIGURED, **planted.PERSONAL, **evidence.sent}


def test_the_bytes_of_the_database_and_its_journal_hold_nothing_planted(
    evidence: Evidence, markers: Mapping[str, str]
) -> None:
    assert found_in(evidence.database, markers) == set()
    assert {NAME, DESCRIPTION} == found_in(evidence.database, {NAME: NAME, DESCRIPTION: DESCRIPTION})


def test_the_decoded_values_of_the_database_hold_nothing_planted(
    evidence: Evidence, markers: Mapping[str, str]
) -> None:
    assert found_in(evidence.rows, markers) == set()
    assert found_in(evidence.rows, {"": DESCRIPTION})


def test_the_log_holds_nothing_planted(evidence: Evidence, markers: Mapping[str, str]) -> None:
    assert found_in(evidence.log, markers) == set()
    assert b"source cannot be read" in evidence.log
    assert b"delivery is dead" in evidence.log


def test_the_bodies_of_webhooks_hold_nothing_planted(evidence: Evidence, markers: Mapping[str, str]) -> None:
    assert found_in(evidence.bodies, markers) == set()
    assert found_in(evidence.bodies, {"": DESCRIPTION})


def test_the_headers_of_webhooks_hold_nothing_planted_but_what_their_own_table_says(
    evidence: Evidence, markers: Mapping[str, str]
) -> None:
    own = {"value of a webhook's header"}
    for _, headers in evidence.headers:
        sent = {name: value for name, value in headers.items() if name.lower() != "webhook-signature"}
        assert found_in(repr(sent).encode(), markers) <= own
    assert any(planted.HEADER in headers.values() for _, headers in evidence.headers)


@pytest.mark.parametrize("command", READING)
def test_reading_commands_show_nothing_planted(evidence: Evidence, markers: Mapping[str, str], command: str) -> None:
    assert found_in(evidence.commands[command], markers) == set()
    failed = "check --online" in command
    assert evidence.commands[command].rstrip().endswith(b"exit 1" if failed else b"exit 0")


@pytest.mark.parametrize("command", ["jobs list", "jobs list --json", "jobs show keys planted", "events --json"])
def test_reading_commands_do_show_what_may_be_shown(evidence: Evidence, command: str) -> None:
    assert found_in(evidence.commands[command], {"": NAME})


def test_the_control_socket_answers_nothing_planted(evidence: Evidence, markers: Mapping[str, str]) -> None:
    assert found_in(evidence.answers, markers) == set()
    assert found_in(evidence.answers, {"": DESCRIPTION})


@pytest.mark.parametrize("path", PAGES)
def test_pages_and_metrics_show_nothing_planted(evidence: Evidence, markers: Mapping[str, str], path: str) -> None:
    assert found_in(evidence.pages[path], markers) == set()


def test_the_status_page_and_the_metrics_do_show_what_may_be_shown(evidence: Evidence) -> None:
    assert found_in(evidence.pages["/"], {"": NAME})
    assert b"poller_jobs{" in evidence.pages["/metrics"]


def test_a_backup_holds_nothing_planted(evidence: Evidence, markers: Mapping[str, str]) -> None:
    assert found_in(evidence.backup, markers) == set()
    assert found_in(evidence.backup, {"": NAME})


def test_a_phone_number_that_keep_fields_names_is_in_the_snapshot_and_in_no_log(evidence: Evidence) -> None:
    kept = {"phone": KEPT_PHONE}
    assert found_in(evidence.database, kept)
    assert found_in(evidence.rows, kept)
    assert found_in(evidence.bodies, kept)
    assert not found_in(evidence.log, kept)


MISTAKES: tuple[Tables, ...] = (
    {"auth": {"method": "aksk", "access_key": "plantAA\u0007", "secret_key": planted.WRONG_KEY, "extra": 1}},
    {"auth": {"method": "token", "token": f"{planted.WRONG_TOKEN}\n"}},
    {"auth": {"method": "token", "token": [planted.WRONG_TOKEN]}},
    {"auth": {"method": "token", "token": {"env": "PLANTED", "file": planted.WRONG_TOKEN}}},
    {"auth": {"method": "password", "password": planted.WRONG_PASSWORD, "user": "", "domain": 1}},
    {"auth": planted.WRONG_TOKEN},
    {"endpoint": f"https://user:{planted.WRONG_PASSWORD}@example.com"},
)
MISTAKEN_HOOKS: tuple[Tables, ...] = (
    {"secret": planted.WRONG_KEY},
    {"secret": f"whsec_{planted.WRONG_KEY}!"},
    {"secrets": [planted.SIGNING, planted.WRONG_KEY]},
    {"url": f"ftp://example.com/{planted.URL_PATH}"},
    {"url": f"https://example.com/{planted.URL_PATH}#{planted.URL_QUERY}"},
    {"url": {"value": planted.URL_PATH}},
    {"headers": {"X-Team": f"{planted.HEADER}\r\nX-Other: 1"}},
    {"headers": planted.HEADER},
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_errors_about_a_source_in_the_file_show_nothing_planted(tmp_path: Path, mistake: Tables) -> None:
    prod = {
        "kind": "metastudio-avatar",
        "region": "cn-north-4",
        "project_id": "p",
        "auth": {"method": "token", "token": "t"},
    }
    assert _shown_of(tmp_path, sources={"prod": {**prod, **mistake}}) == set()


@pytest.mark.parametrize("mistake", MISTAKEN_HOOKS)
def test_errors_about_a_notifier_in_the_file_show_nothing_planted(tmp_path: Path, mistake: Tables) -> None:
    assert _shown_of(tmp_path, notifiers={"backend": {**webhook("https://example.com"), **mistake}}) == set()


def test_an_error_about_a_database_url_shows_nothing_planted(tmp_path: Path) -> None:
    assert _shown_of(tmp_path, store={"url": f"postgresql://user:{planted.WRONG_PASSWORD}@host"}) == set()


def test_a_file_that_is_no_toml_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "poller.toml"
    file.write_text(f"[sources.prod.auth]\ntoken = {planted.WRONG_TOKEN}\n")
    with pytest.raises(ConfigError) as error:
        load(file, environ={})
    assert found_in(str(error.value).encode(), planted.CONFIGURED) == set()


def _shown_of(folder: Path, **tables: object) -> set[str]:
    """What of the planted the error about a file with these tables shows."""
    file = folder / "poller.toml"
    file.write_text(document(tables))
    with pytest.raises(ConfigError) as error:
        load(file, environ={"PLANTED": planted.WRONG_TOKEN})
    said = f"{error.value} {error.value!r} {error.value.__cause__!r} {error.value.__context__!r}"
    return found_in(said.encode(), {**planted.CONFIGURED, "control character": "plantAA"})


def test_reprs_of_the_configuration_and_of_exchanges_show_nothing_planted(tmp_path: Path) -> None:
    keys = planted.ACCEPTED
    auth = {
        "method": "aksk",
        "access_key": keys.access_key,
        "secret_key": keys.secret_key,
        "security_token": keys.security_token,
    }
    prod = {"kind": "metastudio-avatar", "endpoint": "http://x", "project_id": "p", "auth": auth}
    hook = webhook(
        f"https://example.com/{planted.URL_PATH}?key={planted.URL_QUERY}",
        secret=planted.SIGNING,
        headers={"X-Team": planted.HEADER},
    )
    store = {"url": f"postgresql://user:{planted.WRONG_PASSWORD}@host/db"}
    file = tmp_path / "poller.toml"
    file.write_text(document({"store": store, "sources": {"prod": prod}, "notifiers": {"backend": hook}}))
    config = load(file, environ={})
    request = Request(
        method="POST",
        url=f"https://example.com/{planted.URL_PATH}",
        headers={"X-Auth-Token": keys.token},
        body=planted.PHONE.encode(),
    )
    reply = Reply(status=200, headers={"x-subject-token": keys.token}, body=planted.PHONE.encode(), received_at=0.0)
    secret = Secret(keys.password)
    shown = f"{config!r} {config} {config.model_dump(mode='json')} {request!r} {reply!r} {secret!r} {secret} {secret:>20} {[secret]}"
    assert found_in(shown.encode(), {**planted.CONFIGURED, **planted.PERSONAL}) == set()
    assert "example.com" in shown


@pytest.mark.parametrize("terminal", [True, False])
def test_an_exception_in_the_log_shows_no_local_variable(terminal: bool) -> None:
    class Stream(StringIO):
        def isatty(self) -> bool:
            return terminal

    stream = Stream()
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        configure_logs(stream)
        _fail_with(planted.URL_PATH)
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)
        structlog.reset_defaults()
    assert "ZeroDivisionError" in stream.getvalue()
    assert found_in(stream.getvalue().encode(), planted.CONFIGURED) == set()


def _fail_with(url: str) -> None:
    log = structlog.get_logger("poller.tests")
    held = {"url": url}
    try:
        assert len(held) / 0
    except ZeroDivisionError:
        log.exception("delivering failed because of a bug; please report it")
