"""Webhooks per second with a template, against the same program without one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.answers import upstream_world
from tests.bench.delivering import PER_JOB
from tests.bench.figure import Figure, per_second
from tests.bench.laps import Lap, alternate, costs, median_rate, ratio
from tests.bench.owing import look_at_all
from tests.bench.program import SOURCE, Program, program
from tests.bench.scale import Scale
from tests.bench.servers import receiver

# The whole event, so that the receiver can verify and read it on both sides: most templates make less of it.
TEMPLATE: Final = """template = '{{ event | tojson }}'
content_type = "application/cloudevents+json; charset=utf-8"
"""


async def templates(scratch: Path, scale: Scale) -> list[Figure]:
    """Both sides claim, sign, POST and settle; one renders its bodies in a sandbox."""
    jobs, sides = scale.webhooks // PER_JOB, {"with.db": TEMPLATE, "without.db": ""}
    with receiver() as hook:
        laps = await _both(scratch, scale, jobs, hook.url, sides)
    return [_figure(*laps)]


async def _both(scratch: Path, scale: Scale, jobs: int, url: str, sides: dict[str, str]) -> list[list[Lap]]:
    (first, notifying), (second, plain) = sides.items()
    nowhere = "http://127.0.0.1:9"
    async with (
        program(scratch, database=first, endpoint=nowhere, hook=url, notifying=notifying) as templated,
        program(scratch, database=second, endpoint=nowhere, hook=url, notifying=plain) as bodies,
    ):
        return await alternate(scale.rounds, await side_of(templated, jobs), await side_of(bodies, jobs))


async def side_of(ours: Program, jobs: int) -> "_Side":
    """A side whose lap is the delivery of what some polls of so many jobs brought."""
    side = _Side(ours, jobs)
    await side.prepare()
    return side


class _Side:
    """One program with a world of its own; a lap is the delivery of what some polls of all jobs brought."""

    def __init__(self, ours: Program, jobs: int) -> None:
        self._ours = ours
        self._world = upstream_world(jobs=jobs, changing=True)

    async def prepare(self) -> None:
        await self._ours.store.registry.add(SOURCE, self._world.job_ids, now=0.0)
        await look_at_all(self._ours, self._world, due_at=lambda: 0.0)

    async def __call__(self) -> Lap:
        told = [await look_at_all(self._ours, self._world, due_at=lambda: 0.0) for _ in range(PER_JOB)]
        return await self._ours.deliver(sum(map(len, told)))


def _figure(ours: Sequence[Lap], theirs: Sequence[Lap]) -> Figure:
    own, plain = median_rate(ours), median_rate(theirs)
    return Figure(
        what="signed webhooks with a template",
        value=ratio(ours, theirs),
        unit="x",
        goal=0.9,
        best="high",
        ours=f"{per_second(own)}  each body rendered from a template, in the sandbox",
        baseline=f"{per_second(plain)}  the same program, CloudEvents without a template",
        detail=costs(ours, theirs),
    )
