"""What each kind of job event says."""

from poller.core.job import Known
from poller.core.snapshot import Entry
from tests.core.samples import NOON, comment, look, operation, polled, snapshot, transitions


def test_the_first_sight_is_silent_a_summary_or_all() -> None:
    looks = [snapshot("TRAINING", operation(2, "TRAIN"), operation(1, "SUBMIT"))]
    assert transitions(polled(looks, first_sight="silent")[1]) == []
    assert transitions(polled(looks, first_sight="summary")[1]) == ["WATCHED"]
    assert transitions(polled(looks, first_sight="all")[1]) == ["WATCHED", "SUBMIT", "TRAIN"]


def test_what_was_there_at_a_silent_first_sight_is_not_told_later() -> None:
    looks = [snapshot("TRAINING", operation(1, "SUBMIT"))] * 3
    assert transitions(polled(looks, first_sight="silent")[1]) == []


def test_watched_carries_the_log_so_far_in_the_shape_of_a_single_operation() -> None:
    log = (operation(1, "SUBMIT", "USER"), operation(2, "TRAIN", log_description="go"))
    watched, *later = polled([snapshot("TRAINING", *log)], first_sight="all")[1]
    assert watched.data["operations"] == [event.data["operation"] for event in later]
    assert watched.data["operation"] is None


def test_an_operation_says_what_the_contract_shows() -> None:
    known, _ = polled([snapshot("MANUAL_VERIFYING", fields={"name": "Test Name", "batch_name": "spring-1"})])
    seen = snapshot(
        "MANUAL_VERIFYING",
        operation(43, "SYSTEM_VERIFY_SUCCESS"),
        fields={"name": "Test Name", "batch_name": "spring-1"},
    )
    (event,) = look(known, seen, now=NOON).events
    assert (event.type, event.transition, event.subject) == (
        "poller.job.operation_logged",
        "SYSTEM_VERIFY_SUCCESS",
        "efc5",
    )
    assert event.time == "2023-12-09T07:31:43Z"
    assert event.data == {
        "transition": "SYSTEM_VERIFY_SUCCESS",
        "summary": "Test Name: SYSTEM_VERIFY_SUCCESS by SYSTEM",
        "source": "prod",
        "sequence": 2,
        "observed_at": "2023-12-09T07:31:50.120Z",
        "job": {
            "job_id": "efc5",
            "name": "Test Name",
            "state": "MANUAL_VERIFYING",
            "class": "waiting_on_vendor",
            "labels": {"team": "x"},
            "batch_name": "spring-1",
        },
        "operation": {
            "operate_time": "2023-12-09T07:31:43Z",
            "log_type": "SYSTEM_VERIFY_SUCCESS",
            "log_description": None,
            "operate_user": "SYSTEM",
            "error_code": None,
            "redo_reasons": None,
        },
        "previous_state": None,
        "seconds_in_previous_state": None,
    }


def test_a_state_change_says_from_where_and_after_how_long() -> None:
    _, told = polled([snapshot("AUTO_VERIFYING"), snapshot("AUTO_VERIFYING"), snapshot("TRAINING")])
    data = told[-1].data
    assert (data["previous_state"], data["seconds_in_previous_state"]) == ("AUTO_VERIFYING", 20.0)
    assert (data["summary"], data["operation"]) == ("Test Name: AUTO_VERIFYING → TRAINING", None)


def test_a_clock_that_was_set_back_makes_no_negative_stay() -> None:
    known, _ = polled([snapshot("AUTO_VERIFYING")])
    (event,) = look(known, snapshot("TRAINING"), now=NOON - 3600).events
    assert event.data["seconds_in_previous_state"] == 0


def test_a_state_that_could_not_be_read_is_no_change_and_the_stay_goes_on() -> None:
    looks = [snapshot("AUTO_VERIFYING"), snapshot(None, doubtful=["state"]), snapshot("AUTO_VERIFYING")]
    _, told = polled([*looks, snapshot("TRAINING")])
    assert transitions(told) == ["WATCHED", "TRAINING"]
    assert told[-1].data["seconds_in_previous_state"] == 30.0


def test_a_state_that_is_read_for_the_first_time_after_the_first_sight_is_told_without_a_previous_one() -> None:
    _, told = polled([snapshot(None), snapshot("TRAINING")])
    assert transitions(told) == ["WATCHED", "TRAINING"]
    data = told[-1].data
    assert (data["previous_state"], data["seconds_in_previous_state"]) == (None, None)
    assert data["summary"] == "Test Name: TRAINING"


def test_an_unknown_state_is_told_verbatim_with_the_class_unknown() -> None:
    _, told = polled([snapshot("TRAINING"), snapshot("BRAND new ✓")])
    job = told[-1].data["job"]
    assert told[-1].transition == "BRAND new ✓"
    assert isinstance(job, dict)
    assert job["class"] == "unknown"


def test_a_done_job_that_goes_on_is_reopened_each_time_under_another_id() -> None:
    states = ["JOB_SUCCESS", "TRAINING", "JOB_SUCCESS", "JOB_FINISH", "TRAINING"]
    _, told = polled([snapshot(state) for state in states])
    reopened = [event for event in told if event.type == "poller.job.reopened"]
    assert transitions(told) == [
        "WATCHED", "TRAINING", "REOPENED", "JOB_SUCCESS", "JOB_FINISH", "TRAINING", "REOPENED",
    ]  # fmt: skip
    assert [event.data["previous_state"] for event in reopened] == ["JOB_SUCCESS", "JOB_FINISH"]
    assert reopened[0].id != reopened[1].id


def test_the_same_state_entered_again_is_another_event() -> None:
    _, told = polled([snapshot(state) for state in ("TRAINING", "JOB_SUCCESS", "TRAINING", "JOB_SUCCESS")])
    successes = [event.id for event in told if event.transition == "JOB_SUCCESS"]
    assert len(set(successes)) == 2


def test_comments_are_told_beside_operations_in_the_order_of_time() -> None:
    before = snapshot("TRAINING")
    after = snapshot(
        "TRAINING", operation(5, "TRAIN"), comment(3, "REVIEW", comment_message="louder"), comment(3, "REVIEW")
    )
    _, told = polled([before, after])
    assert transitions(told) == ["WATCHED", "REVIEW", "REVIEW", "TRAIN"]
    assert told[1].type == "poller.job.commented"
    assert told[1].data["comment"] == {
        "operate_time": "2023-12-09T07:31:03Z",
        "comment_type": "REVIEW",
        "comment_title": None,
        "comment_message": "louder",
    }
    assert told[1].id != told[2].id


def test_an_operation_and_a_comment_of_the_same_name_are_two_events() -> None:
    _, told = polled([snapshot("TRAINING"), snapshot("TRAINING", operation(1, "X", None), comment(1, "X"))])
    assert len({event.id for event in told[1:]}) == 2


def test_an_entry_without_a_type_has_a_name_of_its_own() -> None:
    odd = Entry(family="operation", time="2023-12-09T07:31:03Z", type=None)
    assert transitions(polled([snapshot("TRAINING"), snapshot("TRAINING", odd)])[1]) == ["WATCHED", "UNNAMED"]


def test_a_job_without_a_name_is_called_by_its_id() -> None:
    (event,) = look(Known(), snapshot("TRAINING", fields={})).events
    assert event.data["summary"] == "efc5: WATCHED"
