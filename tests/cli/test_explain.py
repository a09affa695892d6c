"""`poller jobs explain`: seen, told, owed, due."""

from dataclasses import replace

import pytest

from poller.cli.reasons import reason_of
from poller.core.forecast import LATE
from poller.core.listing import JobRow
from poller.core.vocabulary import CLASSES, StateClass
from poller.core.work import SourceHealth, Told
from poller.store.store import Store
from tests.cli.operating import CONFIG, Operator
from tests.core.samples import NOON
from tests.store import making
from tests.store.test_foreseeing import move

ROUTES = """
[[routes]]
on = ["TRAIN*"]
notify = ["hook"]

[[routes]]
on = ["WATCHED", "state:*"]
notify = ["hook"]
"""
EVERY: dict[StateClass, float] = dict.fromkeys(CLASSES, 30.0)
ROW = JobRow(
    key=1,
    source="prod",
    job_id="a",
    app_user_id=None,
    labels={},
    name=None,
    batch_name=None,
    state="TRAINING",
    state_class="active",
    state_since=NOON,
    origins=("request",),
    paused=False,
    watching=True,
    missing=False,
    due_at=NOON + 30,
    claimed_until=None,
    seen_at=NOON,
    added_at=NOON,
    removed_at=None,
    failures=0,
    absences=0,
    last_error=None,
    sequence=1,
    revision=1,
)


async def _told(store: Store) -> None:
    await making.tell(store, "a", 1, 2, now=NOON - 60)
    await making.reject(store, await making.owed(store))


def test_it_says_the_state_why_it_is_polled_when_and_who_was_told(poller: Operator) -> None:
    poller.fill(_told)

    out = poller("jobs", "explain", "prod", "a").out
    assert "TRAINING: training running" in out
    assert "the interval of the class active: 30s; it is overdue" in out
    assert "hook: dead after 1 attempt (no such mailbox)" in out
    assert "hook: pending, not tried yet" in out


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("metastudio-voice", "AUDITING: manual review running"),
        ("metastudio-avatar", "AUDITING"),
        ("http-json", "AUDITING"),
    ],
)
def test_a_state_is_explained_in_the_words_of_its_kind_of_job(poller: Operator, kind: str, said: str) -> None:
    async def fill(store: Store) -> None:
        await making.watch(store, "a")
        await move(store, "a", "AUDITING")

    poller.configure(CONFIG.replace("metastudio-avatar", kind))
    poller.fill(fill)

    assert f"state        {said}" in poller("jobs", "explain", "prod", "a").lines
    assert poller("jobs", "explain", "prod", "a", "--json").rows[0]["meaning"] == (said.partition(": ")[2] or None)


def test_what_was_seen_stands_with_the_events_that_came_of_it(poller: Operator) -> None:
    async def fill(store: Store) -> None:
        await making.watch(store, "a")
        await move(store, "a", "AUTO_VERIFYING", "TRAINING")

    poller.fill(fill)

    document = poller("jobs", "explain", "prod", "a", "--json").rows[0]
    assert [(row["observed_at"], row["changed"].get("state"), row["events"]) for row in document["history"]] == [
        ("2023-12-09T07:32:00.120Z", "TRAINING", ["a-2"]),
        ("2023-12-09T07:31:50.120Z", "AUTO_VERIFYING", ["a-1"]),
    ]
    lines = poller("jobs", "explain", "prod", "a", "--limit", "1").lines
    assert "2023-12-09T07:32:00.120Z  TRAINING  state TRAINING" in lines
    assert not any(line.startswith("2023-12-09T07:31:50") for line in lines)


def test_each_event_stands_with_the_routes_that_match_it(poller: Operator) -> None:
    async def fill(store: Store) -> None:
        await making.watch(store, "a")
        await move(store, "a", "AUTO_VERIFYING", "TRAINING", "JOB_SUCCESS")

    poller.configure(CONFIG + ROUTES)
    poller.fill(fill)

    events = poller("jobs", "explain", "prod", "a", "--json").rows[0]["events"]
    assert [(event["data"]["transition"], event["routes"]) for event in events] == [
        ("JOB_SUCCESS", [1]),
        ("TRAINING", [0, 1]),
        ("WATCHED", [1]),
    ]
    assert any("TRAINING     [0], [1]  owed to nobody" in line for line in poller("jobs", "explain", "prod", "a").lines)


def test_a_configuration_that_is_wrong_does_not_keep_the_rest_from_being_explained(poller: Operator) -> None:
    poller.configure(CONFIG + '[[routes]]\nnotify = ["nobody"]\n')
    poller.fill(_told)

    ran = poller("jobs", "explain", "prod", "a")
    assert ran.code == 0
    assert "routes and intervals are not known" in ran.err
    assert "the interval of the class active;" in ran.out
    assert poller("jobs", "explain", "prod", "a", "--json").rows[0]["events"][0]["routes"] is None


def test_the_stay_is_held_against_what_is_usual_and_what_counts_as_stuck(poller: Operator) -> None:
    async def fill(store: Store) -> None:
        await making.watch(store, "a")
        await move(store, "a", *["TRAINING", "TRAIN_SUCCESS"] * 6)

    poller.configure(CONFIG.replace("auth =", 'stuck_after = { TRAIN_SUCCESS = "72h" }\nauth ='))
    poller.fill(fill)

    out = poller("jobs", "explain", "prod", "a").out
    assert "usual stay   10s, 95 % within 10s (5 earlier stays)" in out
    assert "stuck after  3d" in out
    document = poller("jobs", "explain", "prod", "a", "--json").rows[0]
    assert document["usual_stay"] == {"p50": 10.0, "p95": 10.0, "stays": 5}
    assert document["stuck_after"] == 259_200.0


def test_a_blind_source_is_the_reason_for_all_of_its_jobs(poller: Operator) -> None:
    async def fill(store: Store) -> None:
        await _told(store)
        blind = SourceHealth(blind_since=NOON, reason="HTTP 502")
        await store.ledger.announce(Told(event=making.notice("b"), notifiers=()), source="prod", health=blind)

    poller.fill(fill)

    assert "its source cannot be read (HTTP 502)" in poller("jobs", "explain", "prod", "a").out
    assert poller("jobs", "explain", "prod", "a", "--json").rows[0]["blind_since"] == "2023-12-09T07:31:50.120Z"


def test_a_job_that_was_asked_for_is_urgent(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(making.tell, "a", 1)
        poller("jobs", "poll", "prod", "a")

        document = poller("jobs", "explain", "prod", "a", "--json").rows[0]
        assert (document["urgent"], document["why"].startswith("urgent")) == (True, True)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW, "the interval of the class active: 30s"),
        (replace(ROW, due_at=NOON - 60), "overdue"),
        (replace(ROW, due_at=NOON - LATE), "it is due: the daemon asks just now"),
        (replace(ROW, due_at=NOON), "it is due: the daemon asks just now"),
        (replace(ROW, due_at=NOON + 600), "the rotation of detail calls: at this rate it is its turn after 10m"),
        (replace(ROW, removed_at=NOON, paused=True), "removed"),
        (replace(ROW, source="gone"), "no source of this name"),
        (replace(ROW, paused=True), "paused"),
        (replace(ROW, due_at=None), "forgotten"),
        (replace(ROW, claimed_until=NOON + 5), "being polled just now"),
        (replace(ROW, urgent=True, failures=3), "urgent"),
        (replace(ROW, missing=True), "does not exist"),
        (replace(ROW, failures=3), "failed polls in a row: 3"),
        (replace(ROW, absences=1), "a second one decides"),
        (replace(ROW, seen_at=None), "never polled"),
    ],
)
def test_every_reason_for_the_next_poll_has_its_words(row: JobRow, reason: str) -> None:
    assert reason in reason_of(row, ["prod"], NOON, every=EVERY)


def test_without_the_configuration_the_class_is_the_reason() -> None:
    assert reason_of(ROW, ["prod"], NOON) == "the interval of the class active"
