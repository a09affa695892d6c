"""The voice training jobs of the simulated project: their lives, and what the vendor's own client and our source read of them."""

from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkmetastudio.v1 import (
    JobState,
    ListJobOperationLogRequest,
    ListVoiceTrainingJobRequest,
    ShowVoiceTrainingJobRequest,
)

from poller.core.vocabulary import voice_vocabulary
from poller.simulator import lifecycle
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.steady import SteadyWorld
from poller.simulator.voice_life import voice_life
from poller.simulator.world import World
from tests.simulator.test_vendor_client import client_for, in_thread

# The vendor's own list of actions (OperationLogItem of its client).
ACTIONS = {"CREATE_JOB", "COMMIT_JOB", "SYSTEM_AUDIT_PASS", "ADMIN_AUDIT_PASS", "AUDIT_NOT_PASS", "TRAINING_FINISH",
           "UPLOADING_MODEL", "COMPLETE_JOB"}  # fmt: skip


def voices_of(simulator: Simulator) -> Any:
    assert simulator.voices is not None
    return simulator.voices


def test_lives_use_the_vendors_words_and_end_where_nothing_more_happens() -> None:
    documented = {name for name in vars(JobState) if name.isupper()}
    lives = [voice_life(1, f"voice-{number}") for number in range(200)]
    assert lives == [voice_life(1, f"voice-{number}") for number in range(200)]
    states = [[state for _, state in lifecycle.states(life, len(life.steps))] for life in lives]
    assert {state for life in states for state in life} <= documented
    assert {life[-1] for life in states} == {"SUCCEED", "FAILED"}
    assert {life[0] for life in states} == {"CREATING"}
    assert any("AUDIT_FAILED" in life for life in states)
    told = {entry.log_type for life in lives for step in life.steps for entry in step.entries}
    assert told == ACTIONS
    assert {voice_vocabulary().classify(life[-1]) for life in states} == {"done", "failed"}


async def test_the_vendors_client_reads_the_list_a_job_and_its_log() -> None:
    world = World(jobs=12, born_within=(-40 * 3600, -3600))
    async with running_simulator(world) as simulator:
        client, voices = client_for(simulator), voices_of(simulator)
        request = ListVoiceTrainingJobRequest(offset=2, limit=5, sort_key="create_time", sort_dir="asc")
        page = await in_thread(lambda: client.list_voice_training_job(request))
        assert page.count == 12
        assert [job.job_id for job in page.jobs] == voices.ids()[2:7]
        for job_id in voices.ids()[:4]:
            show = ShowVoiceTrainingJobRequest(job_id=job_id)
            job = await in_thread(lambda show=show: client.show_voice_training_job(show))  # type: ignore[misc]  # bound per turn
            truth = voices.truth(job_id)
            assert (job.job_id, job.state) == (job_id, truth.final_state)
            logs = ListJobOperationLogRequest(job_id=job_id, offset=1, limit=2)
            log = await in_thread(lambda logs=logs: client.list_job_operation_log(logs))  # type: ignore[misc]  # bound per turn
            assert log.count == len(truth.entries)
            assert [line.action for line in log.operations] == [entry.log_type for entry in truth.entries[1:3]]


async def test_the_vendors_client_chooses_by_state_batch_and_tag() -> None:
    world = World(jobs=40, born_within=(-40 * 3600, -3600))
    async with running_simulator(world) as simulator:
        client = client_for(simulator)

        async def listed(**criteria: str) -> list[Any]:
            request = ListVoiceTrainingJobRequest(limit=100, **criteria)
            page = await in_thread(lambda: client.list_voice_training_job(request))
            assert page.count == len(page.jobs)
            return list(page.jobs)

        everything = await listed()
        state = everything[0].state
        other = next(job.state for job in everything if job.state != state)
        both = await listed(state=f"{state},{other}")
        assert [job.job_id for job in both] == [job.job_id for job in everything if job.state in {state, other}]
        assert {job.tag for job in await listed(tag="NEWS")} == {"NEWS"}
        young = await listed(create_since="2999-01-01T00:00:00Z")
        assert young == []


async def test_an_unknown_voice_is_not_found_and_a_bad_page_is_refused() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        client = client_for(simulator)
        for call, request in (
            (client.show_voice_training_job, ShowVoiceTrainingJobRequest(job_id="0" * 32)),
            (client.list_job_operation_log, ListJobOperationLogRequest(job_id="0" * 32)),
        ):
            with pytest.raises(ClientRequestException) as refused:
                await in_thread(lambda call=call, request=request: call(request))  # type: ignore[misc]  # bound per turn
            assert refused.value.status_code == 404
        with pytest.raises(ClientRequestException) as invalid:
            await in_thread(lambda: client.list_voice_training_job(ListVoiceTrainingJobRequest(limit=101)))
        assert invalid.value.error_code == "MSS.00000003"


async def test_an_avatar_job_names_its_voice_from_its_first_second_on() -> None:
    world = World(jobs=3)
    async with running_simulator(world) as simulator:
        voices = voices_of(simulator)
        assert len(voices.ids()) == 3
        world.create()
        assert len(voices.ids()) == 4
        world.put("by-hand", {"voice_train_job_id": "voice-by-hand"})
        assert "voice-by-hand" in voices.ids()
        assert {job_id for job_id, _ in world.voices()} == set(voices.ids())


async def test_times_come_in_milliseconds_and_in_seconds() -> None:
    async with running_simulator(World(jobs=2, born_within=(-100, -50))) as simulator:
        client = client_for(simulator)
        page = await in_thread(lambda: client.list_voice_training_job(ListVoiceTrainingJobRequest()))
        assert sorted(len(str(job.create_time)) for job in page.jobs) == [10, 13]


async def test_what_is_put_by_hand_is_answered() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        voices, client = voices_of(simulator), client_for(simulator)
        (job_id,) = voices.ids()
        voices.put(job_id, state="FAILED")
        voices.append(job_id, "NEW_ACTION", "ADMIN")
        job = await in_thread(lambda: client.show_voice_training_job(ShowVoiceTrainingJobRequest(job_id=job_id)))
        log = await in_thread(lambda: client.list_job_operation_log(ListJobOperationLogRequest(job_id=job_id)))
        assert job.state == "FAILED"
        assert (log.operations[-1].action, log.operations[-1].operator) == ("NEW_ACTION", "ADMIN")


async def test_a_world_without_lives_has_no_voices() -> None:
    async with running_simulator(SteadyWorld(jobs=1)) as simulator:
        assert simulator.voices is None
        with pytest.raises(ClientRequestException) as refused:
            await in_thread(
                lambda: client_for(simulator).show_voice_training_job(ShowVoiceTrainingJobRequest(job_id="1"))
            )
        assert refused.value.status_code == 404
