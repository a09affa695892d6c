"""/api/v1/silences, …/batches and …/ack."""

from typing import Any

import pytest

from poller.core.job import NEVER_SEEN
from tests.core.samples import NOON, look, snapshot
from tests.store import making
from tests.web.asking import Api

SILENCE: dict[str, Any] = {"author": "alice", "comment": "moving", "seconds": 3600, "on": ["state:*"]}


async def test_a_silence_is_added_listed_and_ended(api: Api) -> None:
    added = await api.post("/api/v1/silences", SILENCE | {"job_ids": ["a"], "labels": {"team": "x"}})
    assert (added["author"], added["on"], added["job_ids"], added["labels"]) == (
        "alice",
        ["state:*"],
        ["a"],
        {"team": "x"},
    )
    assert (await api.get("/api/v1/silences"))["items"] == [added]
    assert await api.post("/api/v1/silences/expire", {"ids": [added["id"]]}) == {"count": 1}
    assert (await api.get("/api/v1/silences"))["items"][0]["ends_at"] == added["starts_at"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"on": []}, "on"),
        ({"on": ["stat:X"]}, "on[0]"),
        ({"on": ["two words"]}, "on[0]"),
        ({"job_ids": ["a/b"]}, "job_ids[0]"),
        ({"until": "2026-01-01T00:00:00Z"}, "until"),
        ({"seconds": None, "until": "1999-01-01T00:00:00Z"}, "until"),
        ({"seconds": None, "until": "soon"}, "until"),
        ({"seconds": 1e9}, "seconds"),
        ({"comment": ""}, "comment"),
        ({"author": "a\nb"}, "author"),
        ({"notify": ["hook"]}, "notify"),
    ],
)
async def test_a_silence_that_is_none_is_refused_with_its_place(api: Api, change: dict[str, Any], place: str) -> None:
    status, _, found = await api.refusal("POST", "/api/v1/silences", json=SILENCE | change)
    assert (status, found) == (400, place)


async def test_a_silence_that_never_was_cannot_be_ended(api: Api) -> None:
    status, message, _ = await api.refusal("POST", "/api/v1/silences/expire", json={"ids": [7]})
    assert (status, message) == (404, "no silence 7 is known; `poller silence list` shows them")


async def test_an_acknowledgement_is_handed_to_the_daemon(api: Api) -> None:
    await making.watch(api.store, "a")
    answer = await api.post("/api/v1/jobs/prod/a/ack", {"author": "alice", "comment": "on it"})
    assert answer["job_id"] == "a"
    assert ("prod", "a", "alice", "on it") in api.controls.rung
    status, _, place = await api.refusal("POST", "/api/v1/jobs/prod/a/ack", json={"author": ""})
    assert (status, place) == (400, "author")


async def test_batches_are_listed_with_how_far_they_are(api: Api) -> None:
    await making.watch(api.store, "a", "b")
    for due in await making.claim(api.store):
        known = look(NEVER_SEEN, snapshot("TRAINING", fields={"batch_name": "spring"}), now=NOON).known
        poll = making.changed(due, known=known)
        assert poll.change is not None
        state_class: Any = "done" if due.job_id == "a" else "active"
        await api.store.ledger.record([poll._replace(change=poll.change._replace(state_class=state_class))])
    [batch] = (await api.get("/api/v1/batches"))["items"]
    assert (batch["batch_name"], batch["jobs"], batch["ended"], batch["share"], batch["done"]) == (
        "spring",
        2,
        1,
        0.5,
        False,
    )
    assert batch["classes"] == {"active": 1, "done": 1}
    assert (await api.get("/api/v1/batches", done="true"))["items"] == []
