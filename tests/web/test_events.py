import pytest

from tests.core.samples import NOON
from tests.store import making
from tests.web.asking import Api

EVENTS = "/api/v1/events"


async def test_events_are_listed_as_notifiers_are_told_them_newest_first(api: Api) -> None:
    await making.tell(api.store, "a", 1, 2, 3)

    first = await api.get(EVENTS, limit=2)
    rest = await api.get(EVENTS, limit=2, before=first["next"])

    assert [row["sequence"] for row in first["items"] + rest["items"]] == ["0000000003", "0000000002", "0000000001"]
    assert (first["items"][0]["specversion"], first["items"][0]["data"]["transition"]) == ("1.0", "TRAINING")


async def test_with_after_events_come_in_the_order_in_which_they_were_committed(api: Api) -> None:
    await making.tell(api.store, "a", 1, 2, 3)

    assert [row["id"] for row in (await api.get(EVENTS, after=1))["items"]] == ["a-2", "a-3"]


async def test_events_are_filtered_by_what_the_query_names(api: Api) -> None:
    await making.tell(api.store, "a", 1, now=NOON - 7200)
    await making.tell(api.store, "b", 1)

    async def ids(**query: str) -> list[str]:
        return [row["id"] for row in (await api.get(EVENTS, **query))["items"]]

    assert await ids(job_id="a") == ["a-1"]
    assert await ids(since="2023-12-09T08:00:00+01:00") == ["b-1"]
    assert await ids(id="b-1") == ["b-1"]
    assert await ids(type="poller.test") == []


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("since=2h", "since"),
        ("since=2023-02-31T00:00:00Z", "since"),
        ("type=state_changed", "type"),
        ("after=1&before=2", "before"),
        ("job_id=", "job_id"),
    ],
)
async def test_a_wrong_query_is_refused_with_the_parameter(api: Api, query: str, place: str) -> None:
    assert (await api.refusal("GET", f"{EVENTS}?{query}"))[::2] == (400, place)
