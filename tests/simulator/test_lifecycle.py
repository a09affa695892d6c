"""Laws of lives: what holds for every seed, every number and every moment."""

from collections import Counter

import pytest
from huaweicloudsdkmetastudio.v1 import OperationLogInfo, Show2dModelTrainingJobResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.simulator import lifecycle
from poller.simulator.script import Fate, live

UNDOCUMENTED = {"QUALITY_INSPECTING", "SYSTEM_QUALITY_INSPECT_V2"}
SEEDS = st.integers(min_value=0, max_value=2**32)
NUMBERS = st.integers(min_value=0, max_value=5_000)
DAY = 86_400


def keys(view: lifecycle.View | None) -> Counter[tuple[int, str, str]]:
    entries = () if view is None else view.entries
    return Counter((entry.offset, entry.log_type, entry.operate_user) for entry in entries)


@settings(max_examples=60)
@given(seed=SEEDS, number=NUMBERS)
def test_the_same_seed_and_number_live_the_same_life(seed: int, number: int) -> None:
    assert live(seed, number) == live(seed, number)


@settings(max_examples=60)
@given(seed=SEEDS, number=NUMBERS)
def test_time_only_moves_forward_and_the_first_moment_has_a_state(seed: int, number: int) -> None:
    offsets = [step.offset for step in live(seed, number).steps]
    assert offsets[0] == 0
    assert offsets == sorted(set(offsets))
    assert live(seed, number).steps[0].state is not None


@settings(max_examples=60)
@given(
    seed=SEEDS, number=NUMBERS, moments=st.lists(st.integers(min_value=-10, max_value=8 * DAY), min_size=2, max_size=2)
)
def test_a_log_only_grows(seed: int, number: int, moments: list[int]) -> None:
    life = live(seed, number)
    earlier, later = sorted(moments)
    assert keys(lifecycle.view(life, earlier)) <= keys(lifecycle.view(life, later))


@settings(max_examples=60)
@given(seed=SEEDS, number=NUMBERS, moment=st.floats(min_value=0, max_value=8 * DAY))
def test_nothing_is_seen_before_it_has_happened(seed: int, number: int, moment: float) -> None:
    view = lifecycle.view(live(seed, number), moment)
    assert view is not None
    assert all(entry.offset <= moment for entry in view.entries)
    assert all(comment.offset <= moment for comment in view.comments)


@settings(max_examples=40)
@given(seed=SEEDS, number=NUMBERS)
def test_every_state_and_log_type_is_one_that_the_vendor_documents_or_the_one_new_word(seed: int, number: int) -> None:
    life = live(seed, number)
    states = {step.state for step in life.steps if step.state is not None} - UNDOCUMENTED
    types = {entry.log_type for step in life.steps for entry in step.entries} - UNDOCUMENTED
    documented_states = str(Show2dModelTrainingJobResponse.state.__doc__)
    documented_types = str(OperationLogInfo.log_type.__doc__)
    assert [state for state in states if f"{state}" not in documented_states] == []
    assert [kind for kind in types if kind not in documented_types] == []


def test_nothing_is_seen_before_creation() -> None:
    assert lifecycle.view(live(1, 1), -0.5) is None


def test_lives_take_about_three_days() -> None:
    days = sorted(live(7, number).duration / DAY for number in range(200))
    assert 2 < days[100] < 4


@pytest.mark.parametrize(
    ("fate", "passed"),
    [
        (Fate(), ["AUTO_VERIFYING", "MANUAL_VERIFYING", "MANUAL_VERIFY_SUCCESS", "TRAINING", "TRAIN_SUCCESS", "JOB_SUCCESS"]),
        (Fate(auto_rejections=1), ["AUTO_VERIFYING", "AUTO_VERIFY_FAILED", "AUTO_VERIFYING", "MANUAL_VERIFYING", "JOB_SUCCESS"]),
        (Fate(manual_rejections=1), ["MANUAL_VERIFYING", "MANUAL_VERIFY_FAILED", "AUTO_VERIFYING", "MANUAL_VERIFYING", "JOB_SUCCESS"]),
        (Fate(train_failures=1), ["TRAINING", "TRAIN_FAILED", "TRAINING", "TRAIN_SUCCESS", "JOB_SUCCESS"]),
        (Fate(actions=True), ["ACTION_GENERATE_DATA_PROCESSING", "WAIT_ADMIN_CALIBRATION", "ACTION_GENERATE_ORI_SUCCESS", "JOB_SUCCESS"]),
        (Fate(reopened=1), ["JOB_SUCCESS", "TRAINING", "JOB_SUCCESS"]),
        (Fate(finishes=True), ["JOB_SUCCESS", "JOB_FINISH"]),
        (Fate(stopped=True), ["MANUAL_STOP_TRAINING_DATA_PREPROCESS", "TRAINING_DATA_PREPROCESSING", "JOB_SUCCESS"]),
        (Fate(confirms=True, rejects=True), ["WAIT_USER_CONFIRM", "JOB_REJECT", "WAIT_USER_CONFIRM", "JOB_SUCCESS"]),
        (Fate(compiles=True, tests_video=True), ["COMPILING", "TEST_VIDEO_CHECK_SUCCESS", "JOB_SUCCESS"]),
        (Fate(novel=True), ["QUALITY_INSPECTING", "JOB_SUCCESS"]),
    ],
)  # fmt: skip
def test_each_fate_passes_its_states_in_order(fate: Fate, passed: list[str]) -> None:
    life = live(3, 4, fate)
    states = iter([state for _, state in lifecycle.states(life, len(life.steps))])
    assert all(expected in states for expected in passed)


def test_a_life_given_up_ends_rejected_with_description_code_and_comment() -> None:
    life = live(3, 4, Fate(manual_rejections=1, gives_up=True))
    view = lifecycle.view_after(life, len(life.steps))
    rejected = [entry for entry in view.entries if entry.log_type == "ADMIN_VERIFY_FAILED"]
    assert view.state == "MANUAL_VERIFY_FAILED"
    assert rejected[0].log_description
    assert rejected[0].error_code
    assert view.comments[0].offset == rejected[0].offset


def test_redone_training_names_its_reasons() -> None:
    life = live(3, 4, Fate(train_failures=1))
    assert [e.redo_reasons for s in life.steps for e in s.entries if e.log_type == "REDO_TRAINING"] != [None]


def test_the_same_line_can_stand_twice_in_one_second() -> None:
    life = live(3, 4, Fate(twice=True))
    assert max(keys(lifecycle.view_after(life, len(life.steps))).values()) == 2


def test_a_description_can_come_later_than_its_line() -> None:
    life = live(3, 4, Fate())
    place = next(n for n, s in enumerate(life.steps, 1) if any(e.described_at is not None for e in s.entries))
    before, after = lifecycle.view_after(life, place).entries, lifecycle.view_after(life, place + 1).entries
    assert (before[-1].log_description, after[len(before) - 1].log_description) == (
        None,
        "duration 00:05:12.480, 1080x1920",
    )


def test_some_changes_show_in_the_log_alone() -> None:
    steps = live(3, 4, Fate()).steps
    assert any(step.entries and step.state is None for step in steps)


def test_many_lives_show_much_of_the_vocabulary() -> None:
    lives = [live(1, number) for number in range(200)]
    assert len({step.state for life in lives for step in life.steps}) > 30
    assert len({entry.log_type for life in lives for step in life.steps for entry in step.entries}) > 40
