"""The source reads the simulated voice training jobs, with every credential, as they really are."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from poller.config.metastudio import VoiceConfig
from poller.core.reading import Failed, ListQuery, Page, Same, Seen, Target
from poller.net.session import Http
from poller.simulator.server import running_simulator
from poller.simulator.world import PROJECT_ID, World
from poller.sources.kinds import build
from tests.sources.metastudio.calling import GOOD, METHODS, WallClock, auth


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
async def http(wall: WallClock) -> AsyncIterator[Http]:
    async with Http(clock=wall.now) as session:
        yield session


def config(url: str, method: str = "token", **more: Any) -> VoiceConfig:
    settings: dict[str, Any] = {"endpoint": url, "project_id": PROJECT_ID, "auth": auth(method, GOOD, url)}
    return VoiceConfig(kind="metastudio-voice", **settings | more)


@pytest.mark.parametrize("method", METHODS)
async def test_states_and_logs_are_read_as_they_really_are(method: str, http: Http, wall: WallClock) -> None:
    world = World(jobs=8, born_within=(-40 * 3600, -3600))
    async with running_simulator(world) as simulator:
        source = build("voices", config(simulator.endpoint, method), http, wall)
        assert simulator.voices is not None
        for job_id in simulator.voices.ids():
            seen = await source.fetch(Target(job_id=job_id))
            assert isinstance(seen, Seen), seen
            truth = simulator.voices.truth(job_id)
            assert (seen.snapshot.state, seen.snapshot.fields["name"]) == (truth.final_state, truth.name)
            assert [entry.identity[1:] for entry in seen.snapshot.entries] == [entry.key for entry in truth.entries]
            assert await source.fetch(Target(job_id=job_id, digest=seen.digest)) == Same(calls=2)
        assert set(simulator.counters.refusals) == set()


async def test_pages_of_the_list_show_every_job_once(http: Http, wall: WallClock) -> None:
    async with running_simulator(World(jobs=25)) as simulator:
        source = build("voices", config(simulator.endpoint), http, wall)
        pages = [await source.list(ListQuery(offset=offset, limit=10)) for offset in (0, 10, 20)]
        assert simulator.voices is not None
        found = [job for page in pages if isinstance(page, Page) for job in page.jobs]
        assert [job.job_id for job in found] == simulator.voices.ids()
        assert [isinstance(page, Page) and page.full for page in pages] == [True, True, False]


async def test_every_shape_of_wrong_answer_is_seen_or_told_as_nonsense(http: Http, wall: WallClock) -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        source = build("voices", config(simulator.endpoint), http, wall)
        assert simulator.voices is not None
        (job_id,) = simulator.voices.ids()
        simulator.force("shape", times=200)
        readings = [await source.fetch(Target(job_id=job_id)) for _ in range(100)]
    assert {type(reading) for reading in readings} <= {Seen, Failed}
    assert {reading.kind for reading in readings if isinstance(reading, Failed)} <= {"nonsense", "outage"}
