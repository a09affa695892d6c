"""The share of the budget that a sweep leaves to the rotation of detail calls."""

import pytest

from poller.core.plan import Plan
from tests.engine.conftest import House

SECONDS = 60.0


def _plan(rotation: float) -> Plan:
    return Plan(
        mode="list",
        pages=5,
        sweep_every=5.0,
        changed=0.0,
        sweep=1.0,
        rotation=rotation,
        threshold=0.0,
        stretch=1.0,
    )


@pytest.mark.parametrize("rotation", [0.5, 2.0, 4.9, 6.0, 9.0, 12.5, 80.0, 700.0])
def test_the_rotation_uses_what_the_sweep_leaves_and_no_more(house: House, rotation: float) -> None:
    governor = house.parts(rate=10.0, sweep="list").governor
    governor.plan = _plan(rotation)
    governor.rotated(1)
    claimed, looks, began = 0, 0, house.clock.now()
    while house.clock.now() < began + SECONDS:
        room = governor.rotation_room(1000)
        governor.rotated(room)
        claimed, looks = claimed + room, looks + 1
        house.clock.pass_(governor.rotation_pause)

    wanted = max(rotation, 10.0 * 0.01)
    assert 0.95 * wanted * SECONDS <= claimed <= wanted * SECONDS + max(1.0, wanted)
    assert looks <= 11 * SECONDS
