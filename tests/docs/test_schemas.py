"""docs/schemas/events.json: current, a schema, and what the core tells."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from poller.core.event import EVENT_TYPES, EventType
from poller.core.message import batch, body, cloud_event
from poller.core.notification import Notification
from poller.core.schemas import MORE, schemas
from poller.core.specimens import examples, life_of_a_job, notices_of_a_day
from poller.core.trials import trials
from tests.docs.pages import EVENTS, read, rows, sections
from tests.docs.schemas import misfits, misfits_of, written_schema

VALIDATOR = Draft202012Validator(written_schema())


def test_the_file_is_what_the_code_makes() -> None:
    assert written_schema() == schemas(), "renew it with: python -m tests.docs.written"


def test_it_is_a_schema_with_one_entry_for_each_type() -> None:
    Draft202012Validator.check_schema(written_schema())
    assert list(written_schema()["$defs"]) == list(EVENT_TYPES)
    assert set(MORE) == set(EVENT_TYPES)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_example_of_each_type_fits_exactly(kind: EventType) -> None:
    event: Any = cloud_event(examples()[kind])
    assert VALIDATOR.is_valid(event)
    assert misfits_of(event) == []
    assert not VALIDATOR.is_valid({**event, "type": "poller.job.unheard_of"})


def test_a_whole_life_and_what_templates_are_tried_with_fit() -> None:
    told = [*life_of_a_job(), *notices_of_a_day()]
    assert misfits(body(event) for event in told) == []
    for what, notification in trials():
        assert misfits(map(body, notification.events)) == [], what
    assert len(list(trials())) == 3 * len(EVENT_TYPES) + 1


@pytest.mark.parametrize("field", ["transition", "summary", "observed_at", "job", "sequence", "operation"])
def test_an_event_that_lacks_a_field_or_has_a_wrong_one_does_not_fit(field: str) -> None:
    event = examples()["poller.job.operation_logged"]
    without = {name: value for name, value in event.data.items() if name != field}
    assert not VALIDATOR.is_valid(cloud_event(event._replace(data=without)))
    assert not VALIDATOR.is_valid(cloud_event(event._replace(data={**event.data, field: 5.5})))


def test_a_field_that_is_new_fits_the_file_and_not_the_letter() -> None:
    event = examples()["poller.test"]
    newer = event._replace(data={**event.data, "moon": "full"})
    assert VALIDATOR.is_valid(cloud_event(newer))
    assert misfits([body(newer)]) != []


def test_every_field_of_a_type_is_explained_on_the_page() -> None:
    explained = {row[0].strip("`") for row in rows(sections(read(EVENTS), 2)["The fields of `data`"])}
    assert {field for fields in MORE.values() for field in fields} <= explained


def test_events_that_are_told_together_fit_one_by_one() -> None:
    together = Notification(id="b", events=tuple(examples().values()))
    assert misfits([batch(together.events)]) == []
