"""The set of jobs: how it answers, and what tests can do to it by hand."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.simulator import answers
from poller.simulator.answers import LISTED
from poller.simulator.query import InvalidParameter, parse
from poller.simulator.steady import SteadyWorld
from poller.simulator.upstream import Upstream
from poller.simulator.world import World
from tests.simulator.calls import StillClock

HOUR = 3600
JOB = "efc5300ecdba4ea48d1ff13a9d907bc0"


def read(world: Upstream, job_id: str) -> dict[str, object]:
    template = world.detail(job_id)
    assert template is not None
    document = json.loads(answers.signed(template, b"Signature=x"))
    assert isinstance(document, dict)
    return document


def listed(world: Upstream, **params: str) -> list[str]:
    page = json.loads(answers.signed(world.page(parse(params)), b"Signature=x"))
    return [item["job_id"] for item in page["jobs"]]


def test_the_same_seed_gives_the_same_jobs() -> None:
    clock = StillClock()
    one, other = World(jobs=5, seed=3, clock=clock), World(jobs=5, seed=3, clock=clock)
    assert one.ids() == other.ids()
    assert [read(one, job_id) for job_id in one.ids()] == [read(other, job_id) for job_id in one.ids()]
    assert World(jobs=5, seed=4, clock=clock).ids() != one.ids()


def test_ids_are_32_hex_digits() -> None:
    assert all(len(job_id) == 32 and int(job_id, 16) for job_id in World(jobs=20).ids())


def test_a_mid_life_answer_has_the_vendors_size_and_about_fifteen_links() -> None:
    clock = StillClock()
    world = World(jobs=40, clock=clock)
    clock.now += 30 * HOUR
    sizes = [len(b"".join(world.detail(job_id) or ())) for job_id in world.ids()]
    links = [len(world.detail(job_id) or ()) - 1 for job_id in world.ids()]
    assert 5_000 < sum(sizes) / len(sizes) < 7_000
    assert 12 <= min(links) <= max(links) <= 22


def test_an_answer_holds_what_must_never_be_kept() -> None:
    world = World(jobs=1)
    document = read(world, world.ids()[0])
    assert str(document["contact"]).isdigit()
    assert "idCardImage1" in str(document["id_card_image1_download_url"])
    assert "grantFile" in str(document["grant_file_download_url"])
    assert document["markable_action_video_download_url"] == "null"


def test_time_runs_at_its_speed() -> None:
    clock = StillClock()
    world = World(jobs=20, speed=1000.0, clock=clock)
    before = world.state_counts()
    clock.now += 6 * 86.4
    after = world.state_counts()
    assert before["JOB_SUCCESS"] + before["JOB_FINISH"] == 0
    assert after["JOB_SUCCESS"] + after["JOB_FINISH"] + after["MANUAL_VERIFY_FAILED"] == 20


def test_truth_carries_the_vendors_time_and_the_real_one() -> None:
    clock = StillClock(1_000_000.0)
    world = World(jobs=3, speed=60.0, clock=clock, born_within=(0, 0))
    clock.now += 2 * HOUR
    truth = world.truth(world.ids()[0])
    for state in truth.states:
        assert (state.at - 1_000_000) / 60 == pytest.approx(state.real_at - 1_000_000)
    assert all(entry.real_at <= clock.now for entry in truth.entries)


@settings(max_examples=30)
@given(elapsed=st.floats(min_value=0, max_value=6 * 86_400), seed=st.integers(min_value=0, max_value=1000))
def test_truth_and_answers_agree_at_every_moment(elapsed: float, seed: int) -> None:
    clock = StillClock()
    world = World(jobs=2, seed=seed, clock=clock)
    clock.now += elapsed
    for job_id in world.ids():
        document, truth = read(world, job_id), world.truth(job_id)
        lines = document["operation_logs"]
        assert isinstance(lines, list)
        assert document["state"] == truth.final_state
        assert [(line["operate_time"], line["log_type"], line["operate_user"]) for line in lines] == [
            e.key for e in truth.entries
        ]


def test_a_job_is_not_there_before_it_was_created() -> None:
    clock = StillClock()
    world = World(jobs=1, clock=clock, born_within=(10, 10))
    assert world.ids() == []
    clock.now += 10
    assert len(world.ids()) == 1


def test_a_job_can_be_created_while_the_world_runs() -> None:
    world = World(jobs=2, seed=9)
    job_id = world.create()
    assert world.ids()[-1] == job_id
    assert job_id in World(jobs=3, seed=9).ids()


def test_a_deleted_job_is_neither_answered_nor_listed_until_it_is_restored() -> None:
    world = World(jobs=3)
    job_id = world.ids()[1]
    world.delete(job_id)
    assert world.detail(job_id) is None
    assert job_id not in listed(world)
    assert world.truth(job_id).deleted
    world.restore(job_id)
    assert world.detail(job_id) is not None
    assert [absence.what for absence in world.truth(job_id).absences] == ["deleted", "restored"]


def test_deleting_a_job_that_never_was_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        World().delete(JOB)


def test_fields_put_by_hand_are_answered_verbatim() -> None:
    world = World()
    world.put(JOB, {"state": "TRAINING", "tags": "not a list"}, drop=["batch_name"])
    document = read(world, JOB)
    assert (document["state"], document["tags"], "batch_name" in document) == ("TRAINING", "not a list", False)
    assert listed(world) == [JOB]


def test_filters_pass_over_fields_of_a_wrong_type() -> None:
    world = World()
    world.put(JOB, {"state": ["TRAINING"], "tags": 7, "name": None}, drop=["batch_name", "last_update_time"])
    for params in (
        {"state": "TRAINING"},
        {"tag": "news"},
        {"name": "x"},
        {"batch_name": "b"},
        {"sort_key": "update_time", "name": "x"},
    ):
        assert listed(world, **params) == []
    assert listed(world, sort_key="update_time") == [JOB]


def test_a_story_told_by_hand_is_the_truth() -> None:
    clock = StillClock()
    world = World(clock=clock)
    world.put(JOB, {"state": "TRAINING"})
    clock.now += 5
    world.append_log(JOB, "SYSTEM_TRAINING")
    world.append_log(JOB, "SYSTEM_TRAINING")
    world.append_comment(JOB, comment_message="hello")
    clock.now += 5
    world.put(JOB, {"state": "TRAIN_FAILED"})
    truth = world.truth(JOB)
    assert [(state.state, state.real_at - clock.now) for state in truth.states] == [
        ("TRAINING", -10),
        ("TRAIN_FAILED", 0),
    ]
    assert [entry.key[1:] for entry in truth.entries] == [("SYSTEM_TRAINING", "SYSTEM")] * 2
    assert [comment.comment_type for comment in truth.comments] == ["ADMIN_COMMENT"]


def test_a_log_put_shorter_and_longer_again_adds_nothing_to_the_truth() -> None:
    world = World()
    world.append_log(JOB, "SYSTEM_TRAINING")
    lines = read(world, JOB)["operation_logs"]
    world.put(JOB, {"operation_logs": []})
    world.put(JOB, {"operation_logs": lines})
    assert len(world.truth(JOB).entries) == 1


def test_a_living_job_touched_by_hand_stops_where_it_is() -> None:
    clock = StillClock()
    world = World(jobs=1, clock=clock)
    clock.now += 24 * HOUR
    job_id = world.ids()[0]
    before = world.truth(job_id)
    world.put(job_id, {"state": "JOB_PENDING"})
    clock.now += 72 * HOUR
    after = world.truth(job_id)
    assert after.final_state == "JOB_PENDING"
    assert (after.entries, after.states[:-1]) == (before.entries, before.states)


def test_templates_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poller.simulator.world.TEMPLATES_KEPT", 10)
    world = World(jobs=13)
    answered = [world.detail(job_id) for job_id in world.ids()]
    assert None not in answered
    assert len(world._templates) == 10


@pytest.mark.parametrize("changing", [False, True])
def test_a_steady_world_answers_like_a_real_one(changing: bool) -> None:
    world = SteadyWorld(jobs=25, changing=changing)
    first, second = read(world, world.ids()[3]), read(world, world.ids()[3])
    assert first["job_id"] == world.ids()[3]
    assert (first["state"] != second["state"]) is changing
    assert (first["operation_logs"] != second["operation_logs"]) is changing
    assert 5_000 < len(json.dumps(first)) < 8_000
    assert listed(world, offset="20", limit="10") == world.ids()[20:]
    assert world.detail("0" * 32) is None


def test_pages_follow_each_other_in_order_of_creation() -> None:
    world = World(jobs=25)
    pages = [listed(world, offset=str(offset), limit="10", sort_key="create_time") for offset in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [job_id for page in pages for job_id in page] == world.ids()


def test_a_page_has_ten_items_unless_asked_otherwise_and_tells_the_total() -> None:
    page = json.loads(b"".join(World(jobs=25).page(parse({}))))
    assert (page["count"], len(page["jobs"])) == (25, 10)
    assert all(tuple(item) == LISTED for item in page["jobs"])


def test_filters_choose_exactly_the_jobs_that_match() -> None:
    clock = StillClock()
    world = World(jobs=60, clock=clock)
    clock.now += 20 * HOUR
    jobs = {job_id: read(world, job_id) for job_id in world.ids()}
    some = next(job for job in jobs.values() if job["batch_name"] and job["tags"])
    tags = some["tags"]
    assert isinstance(tags, list)
    for params, expected in (
        ({"state": f"{some['state']},JOB_SUCCESS"}, lambda job: job["state"] in {some["state"], "JOB_SUCCESS"}),
        ({"batch_name": some["batch_name"]}, lambda job: job["batch_name"] == some["batch_name"]),
        ({"tag": tags[0]}, lambda job: tags[0] in (job["tags"] or [])),
        ({"job_id": some["job_id"]}, lambda job: job is some),
        ({"name": "Test"}, lambda job: "Test" in str(job["name"])),
        ({"model_resolution": "4K"}, lambda job: job["model_resolution"] == "4K"),
        ({"is_flexus": "true"}, lambda job: job["is_flexus"]),
        ({"create_since": some["create_time"]}, lambda job: str(job["create_time"]) >= str(some["create_time"])),
        (
            {"update_until": some["last_update_time"]},
            lambda job: str(job["last_update_time"]) <= str(some["last_update_time"]),
        ),
    ):
        asked = {key: str(value) for key, value in params.items()}
        assert listed(world, limit="100", **asked) == [key for key, job in jobs.items() if expected(job)], params


def test_a_page_can_be_sorted_either_way() -> None:
    world = World(jobs=12)
    assert listed(world, limit="100", sort_dir="desc") == world.ids()[::-1]
    by_update = listed(world, limit="100", sort_key="update_time")
    times = [str(read(world, job_id)["last_update_time"]) for job_id in by_update]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"}, {"limit": "101"}, {"limit": "ten"}, {"limit": ""}, {"offset": "-1"}, {"offset": "1.5"}, {"offset": "٣"},
        {"sort_key": "name"}, {"sort_dir": "down"}, {"create_since": "yesterday"}, {"update_until": "2024-01-01"}, {"is_flexus": "1"},
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused_by_name(params: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter, match=next(iter(params))):
        parse(params)
