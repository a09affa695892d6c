"""INTERFACE.md sections 2 and 6: no secret, phone number or link comes out, whichever way. Each way out has its own test."""

from collections.abc import Mapping
from functools import partial

import anyio
import pytest

from tests.process import planted
from tests.process.evidence import READING, Evidence, gather
from tests.process.planted import DESCRIPTION, KEPT_PHONE, NAME, found_in


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


def test_a_phone_number_that_keep_fields_names_is_in_the_snapshot_and_in_no_log(evidence: Evidence) -> None:
    kept = {"phone": KEPT_PHONE}
    assert found_in(evidence.database, kept)
    assert found_in(evidence.rows, kept)
    assert found_in(evidence.bodies, kept)
    assert not found_in(evidence.log, kept)
