"""docs/events.md says what the core and the notifier do."""

import pytest

from poller.config import WebhookConfig, parse_duration
from poller.core.delivery import DELIVERY_STATES
from poller.core.event import EVENT_TYPES, FAMILIES, EventType
from poller.core.message import cloud_event
from poller.core.notification import notification_of
from poller.core.route import FAMILY_PREFIXES
from poller.core.secret import Secret
from poller.core.specimens import examples
from poller.core.vocabulary import CLASSES
from poller.notifiers.webhook import WebhookSettings, prepare
from tests.docs.pages import EVENTS, first_cells, read, rows, sections
from tests.docs.written import events_page

PAGE = read(EVENTS)
PARTS = sections(PAGE, 2)


def tables(heading: str) -> list[list[str]]:
    return [[cell.strip("`") for cell in row] for row in rows(PARTS[heading])]


def test_the_examples_are_what_the_core_tells() -> None:
    assert events_page() == PAGE, "renew them with: python -m tests.docs.written"


def test_every_type_has_its_row_with_its_family() -> None:
    families = {kind: f"{family}:" if family in FAMILY_PREFIXES else "none" for kind, family in FAMILIES.items()}

    assert {row[0]: row[3] for row in tables("Event types")} == families
    assert [row[0] for row in tables("Event types")] == list(EVENT_TYPES)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_row_of_a_type_gives_the_transition_of_its_example(kind: EventType) -> None:
    (row,) = [row for row in tables("Event types") if row[0] == kind]
    event = examples()[kind]

    if row[1].isupper():
        assert row[1] == event.transition
    else:
        data = event.data
        entry = data.get("comment") or data["operation"] or {"state": data["job"]["state"]}  # type: ignore[call-overload,index]  # JSON
        assert event.transition in entry.values(), row[1]  # type: ignore[union-attr]  # JSON


def test_every_field_of_data_is_explained_and_no_other() -> None:
    explained = [row[0] for row in tables("The fields of `data`")]
    told = {field for event in examples().values() for field in event.data}

    assert set(explained) == told | set(CLASSES)
    assert len(explained) == len(set(explained))


def test_the_fields_said_to_be_in_every_event_are_in_every_event() -> None:
    heading = PARTS["The fields of `data`"].partition("Some types have more")[0]
    everywhere = set.intersection(*({*event.data} for event in examples().values())) - {"reason"}

    assert set(first_cells(heading)) == everywhere


def test_a_field_that_some_types_have_more_is_in_those_types() -> None:
    _, _, more = PARTS["The fields of `data`"].partition("Some types have more")
    for field, where, _ in rows(more.partition("In `job`")[0]):
        named = {pattern.strip(" `").rstrip("*") for pattern in where.split(",")}
        having = {kind for kind, event in examples().items() if field.strip("`") in event.data}
        assert having == {
            kind for kind in EVENT_TYPES if any(part in kind.removeprefix("poller.") for part in named)
        }, field


def test_every_field_of_the_envelope_is_explained() -> None:
    told = {field for event in examples().values() for field in cloud_event(event)}

    assert set(first_cells(PARTS["The envelope"])) == told


def test_every_header_of_a_delivery_is_explained() -> None:
    settings = WebhookSettings(url=Secret("https://example.com/"), keys=(b"k" * 24,))
    request = prepare(settings, notification_of(examples()["poller.test"]), now=0.0)

    assert [row[0] for row in tables("Headers")] == list(request.headers)
    assert dict(tables("Headers"))["content-type"] == request.headers["content-type"]


def test_every_state_of_a_delivery_is_explained() -> None:
    assert [cell for cell in first_cells(PARTS["The promise"]) if cell in DELIVERY_STATES] == list(DELIVERY_STATES)


def test_the_retries_that_are_written_are_the_default() -> None:
    waits = [parse_duration(text) for text in WebhookConfig.model_fields["retry"].default]
    units = {1.0: "s", 60.0: "min", 3600.0: "h"}
    written = ", ".join(_in_words(wait, units) for wait in waits)

    assert f"default is {written}: ten attempts in about three days" in " ".join(PAGE.split())
    assert len(waits) + 1 == 10
    assert round(sum(waits) / 86400) == 3


def test_the_timeout_that_is_written_is_the_default() -> None:
    assert WebhookConfig.model_fields["timeout"].default == "15s"
    assert "`timeout` (15 s)" in PAGE


def _in_words(seconds: float, units: dict[float, str]) -> str:
    size = max(size for size in units if size <= seconds)
    return f"{seconds / size:g} {units[size]}"
