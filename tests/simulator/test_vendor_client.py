"""The vendor's own client reads the simulator over real HTTP: what it can read, the real service could have said."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import anyio.to_thread
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServerResponseException
from huaweicloudsdkmetastudio.v1 import (
    List2dModelTrainingJobRequest,
    MetaStudioClient,
    Show2dModelTrainingJobRequest,
)

from poller.simulator.auth import Accepted
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import PROJECT_ID, World

T = TypeVar("T")


def client_for(simulator: Simulator, *, secret_key: str | None = None, security_token: str | None = None) -> Any:
    good = simulator.gate.accepted
    credentials = BasicCredentials(good.access_key, secret_key or good.secret_key, good.project_id)
    if security_token is not None:
        credentials = credentials.with_security_token(security_token)
    return MetaStudioClient.new_builder().with_credentials(credentials).with_endpoint(simulator.endpoint).build()


async def in_thread(call: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(call)


async def test_the_vendors_client_reads_a_page_signed_with_its_keys() -> None:
    world = World(jobs=30, speed=1.0)
    async with running_simulator(world) as simulator:
        client = client_for(simulator)
        request = List2dModelTrainingJobRequest(offset=5, limit=20, sort_key="create_time", sort_dir="asc")
        page = await in_thread(lambda: client.list2d_model_training_job(request))
        assert page.count == 30
        assert [job.job_id for job in page.jobs] == world.ids()[5:25]
        assert simulator.calls[-1].auth == "signature"


async def test_the_vendors_client_reads_a_job_with_its_log() -> None:
    world = World(jobs=3)
    async with running_simulator(world) as simulator:
        client = client_for(simulator)
        job_id = world.ids()[0]
        job = await in_thread(lambda: client.show2d_model_training_job(Show2dModelTrainingJobRequest(job_id=job_id)))
        truth = world.truth(job_id)
        assert (job.job_id, job.state, job.project_id) == (job_id, truth.final_state, PROJECT_ID)
        assert [(e.operate_time, e.log_type, e.operate_user) for e in job.operation_logs] == [
            e.key for e in truth.entries
        ]
        assert re.fullmatch("[0-9a-f]{32}", job.x_request_id)


@pytest.mark.parametrize("query", ["a b", "100%", "客服", "x,y", "~-._", "a+b", "a/b?c&d=e"])
async def test_queries_are_verified_as_the_vendors_client_signs_them(query: str) -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        client = client_for(simulator)
        request = List2dModelTrainingJobRequest(batch_name=query, state="TRAINING,JOB_SUCCESS", limit=1)
        page = await in_thread(lambda: client.list2d_model_training_job(request))
        assert page.count == 0


async def test_temporary_keys_need_their_security_token() -> None:
    accepted = Accepted(security_token="temporary-token")
    async with running_simulator(World(jobs=1), accepted=accepted) as simulator:
        request = List2dModelTrainingJobRequest()
        right = client_for(simulator, security_token="temporary-token")
        page = await in_thread(lambda: right.list2d_model_training_job(request))
        assert page.count == 1
        for wrong in (client_for(simulator), client_for(simulator, security_token="another")):
            with pytest.raises(ClientRequestException) as refused:
                await in_thread(lambda client=wrong: client.list2d_model_training_job(request))  # type: ignore[misc]  # bound per turn
            assert refused.value.error_code == "APIG.0301"


async def test_a_wrong_secret_key_is_refused_and_the_refusal_echoes_the_request() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        client = client_for(simulator, secret_key="wrong")
        with pytest.raises(ClientRequestException) as refused:
            await in_thread(lambda: client.list2d_model_training_job(List2dModelTrainingJobRequest(name="echoed")))
        assert (refused.value.status_code, refused.value.error_code) == (401, "APIG.0303")
        assert "echoed" in str(refused.value.error_msg)


async def test_the_vendors_client_understands_the_errors() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        client = client_for(simulator)
        with pytest.raises(ClientRequestException) as unknown:
            await in_thread(lambda: client.show2d_model_training_job(Show2dModelTrainingJobRequest(job_id="0" * 32)))
        assert unknown.value.status_code == 404
        with pytest.raises(ClientRequestException) as invalid:
            await in_thread(lambda: client.list2d_model_training_job(List2dModelTrainingJobRequest(limit=101)))
        assert (invalid.value.status_code, invalid.value.error_code) == (400, "MSS.00000003")
        simulator.force("503")
        with pytest.raises(ServerResponseException) as down:
            await in_thread(lambda: client.list2d_model_training_job(List2dModelTrainingJobRequest()))
        assert down.value.error_code == "APIG.0201"
