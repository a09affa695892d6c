import pytest

from poller.core.timestamps import rfc3339
from tests.core.samples import NOON
from tests.store import making
from tests.web.asking import Api

DELIVERIES = "/api/v1/deliveries"


async def _dead(api: Api, job_id: str, *, now: float = NOON) -> None:
    """A delivery to `hook` that was rejected."""
    await making.tell(api.store, job_id, 1, now=now)
    await making.reject(api.store, await making.owed(api.store, now=now), now=now)


async def test_a_list_shows_what_scripts_rely_on(api: Api) -> None:
    await _dead(api, "a")

    page = await api.get(DELIVERIES)

    assert page["next"] is None
    (row,) = page["items"]
    named = ("id", "event_id", "notifier", "state", "attempts", "next_attempt_at", "last_error", "job_id", "transition")
    assert {name: row[name] for name in named} == {
        "id": 1,
        "event_id": "a-1",
        "notifier": "hook",
        "state": "dead",
        "attempts": 1,
        "next_attempt_at": None,
        "last_error": "no such mailbox",
        "job_id": "a",
        "transition": "TRAINING",
    }


async def test_a_list_is_newest_first_and_goes_on_before_its_last_row(api: Api) -> None:
    await making.tell(api.store, "a", 1, 2, 3)

    first = await api.get(DELIVERIES, limit=2)
    rest = await api.get(DELIVERIES, limit=2, before=first["next"])

    assert [row["id"] for row in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None


async def test_a_list_is_filtered_by_state_notifier_time_and_event(api: Api) -> None:
    await _dead(api, "old", now=NOON - 7200)
    await making.tell(api.store, "new", 1, notifiers=["hook", "other"])

    async def jobs(**query: str) -> list[tuple[str, str]]:
        return [(row["job_id"], row["notifier"]) for row in (await api.get(DELIVERIES, **query))["items"]]

    assert await jobs(state="dead") == [("old", "hook")]
    assert await jobs(notifier="other") == [("new", "other")]
    assert sorted(await jobs(since="2023-12-09T07:00:00Z")) == [("new", "hook"), ("new", "other")]
    assert await jobs(event_id="old-1") == [("old", "hook")]


async def test_one_delivery_is_shown_with_its_event_as_notifiers_are_told_it(api: Api) -> None:
    await making.tell(api.store, "a", 1)

    delivery = await api.get(f"{DELIVERIES}/1")

    assert (delivery["state"], delivery["event"]["specversion"], delivery["event"]["subject"]) == (
        "pending",
        "1.0",
        "a",
    )
    assert (await api.refusal("GET", f"{DELIVERIES}/2"))[0] == 404


async def test_a_retry_by_id_makes_due_and_rings_only_the_notifier_concerned(api: Api) -> None:
    await _dead(api, "a")

    assert await api.post(f"{DELIVERIES}/retry", {"ids": [1, 99]}) == {"count": 1}

    (row,) = (await api.get(DELIVERIES))["items"]
    assert (row["state"], row["attempts"], row["next_attempt_at"]) == ("pending", 0, rfc3339(NOON))
    assert api.controls.rung == [("hook",)]


async def test_a_retry_by_filter_rings_the_notifier_named_or_all(api: Api) -> None:
    await _dead(api, "a")

    assert await api.post(f"{DELIVERIES}/retry", {"state": "dead", "notifier": "other"}) == {"count": 0}
    assert await api.post(f"{DELIVERIES}/retry", {"state": "dead", "since": "2023-12-09T07:00:00Z"}) == {"count": 1}

    assert api.controls.rung == [("other",), ("hook", "other")]


async def test_discarded_deliveries_are_tried_no_more(api: Api) -> None:
    await making.tell(api.store, "a", 1)

    assert await api.post(f"{DELIVERIES}/discard", {"notifier": "hook"}) == {"count": 1}

    assert await making.owed(api.store, now=NOON + 10) == []
    assert [row["state"] for row in (await api.get(DELIVERIES))["items"]] == ["discarded"]


@pytest.mark.parametrize("action", ["retry", "discard"])
async def test_a_dry_run_counts_and_changes_nothing(api: Api, action: str) -> None:
    await _dead(api, "a")

    assert await api.post(f"{DELIVERIES}/{action}", {"state": "dead", "dry_run": True}) == {"count": 1}

    assert [row["state"] for row in (await api.get(DELIVERIES))["items"]] == ["dead"]
    assert api.controls.rung == []


@pytest.mark.parametrize("action", ["retry", "discard"])
@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "ids"),
        ({"dry_run": True}, "ids"),
        ({"ids": []}, "ids"),
        ({"ids": [1], "state": "dead"}, "ids"),
        ({"ids": ["1"]}, "ids[0]"),
        ({"ids": [2**70]}, "ids[0]"),
        ({"state": "lost"}, "state"),
        ({"since": "yesterday"}, "since"),
        ({"all": True}, "all"),
    ],
)
async def test_a_wrong_choice_is_refused_and_changes_nothing(api: Api, action: str, body: object, place: str) -> None:
    await _dead(api, "a")

    assert (await api.refusal("POST", f"{DELIVERIES}/{action}", json=body))[::2] == (400, place)
    assert [row["state"] for row in (await api.get(DELIVERIES))["items"]] == ["dead"]
