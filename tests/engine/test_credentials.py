"""A credential that ends: told once with its hour, once when there is a newer one, also over restarts."""

import pytest

from poller.core.listing import DeliveryFilter
from poller.core.validity import LASTING, Ending, Validity
from poller.engine.credentials import CredentialWatch
from poller.errors import StoreError
from tests.engine.conftest import House
from tests.engine.stage import START, rules

ENDING = Ending(at=START + 1800.0, reason="no token for the user and password: HTTP 401")


class Known:
    """What a source says of its credential."""

    def __init__(self) -> None:
        self.now: Validity | None = None

    def __call__(self) -> Validity | None:
        return self.now


@pytest.fixture
def known() -> Known:
    return Known()


def watch(house: House, known: Known) -> CredentialWatch:
    return CredentialWatch(
        "prod", known, ledger=house.store.ledger, clock=house.clock, rules=rules(), told=lambda: None
    )


async def test_it_is_told_once_with_the_hour_and_once_when_there_is_a_newer_one(house: House, known: Known) -> None:
    minding = watch(house, known)
    for known.now in (None, LASTING, ENDING, ENDING, LASTING, LASTING):
        await minding.round()
    expiring, renewed = await house.events()
    assert (expiring.type, expiring.transition, expiring.subject) == ("poller.source.expiring", "EXPIRING", "prod")
    assert expiring.data["expires_at"] == "2023-11-14T22:43:20.000Z"
    assert expiring.data["reason"] == f"the credentials end at 2023-11-14T22:43:20.000Z: {ENDING.reason}"
    assert (renewed.type, renewed.transition, renewed.subject) == ("poller.source.renewed", "RENEWED", "prod")
    rows = await house.store.archive.deliveries(DeliveryFilter())
    assert [(row.transition, row.notifier) for row in rows] == [("RENEWED", "backend"), ("EXPIRING", "backend")]


async def test_a_restart_tells_nothing_twice_and_forgets_nothing(house: House, known: Known) -> None:
    known.now = ENDING
    for _ in range(2):
        await watch(house, known).round()
    assert await house.transitions() == ["EXPIRING"]
    after = watch(house, known)
    for known.now in (None, LASTING):
        await after.round()
    await watch(house, known).round()
    assert await house.transitions() == ["EXPIRING", "RENEWED"]


async def test_it_is_told_again_for_the_next_one_that_ends(house: House, known: Known) -> None:
    minding = watch(house, known)
    for known.now in (ENDING, LASTING, Ending(at=START + 90_000.0, reason="HTTP 401"), LASTING):
        await minding.round()
        house.clock.pass_(60)
    assert await house.transitions() == ["EXPIRING", "RENEWED"] * 2


async def test_of_two_daemons_the_first_tells_it(house: House, known: Known) -> None:
    one, two = watch(house, known), watch(house, known)
    for known.now in (LASTING, ENDING, LASTING):
        await one.round()
        await two.round()
    assert await house.transitions() == ["EXPIRING", "RENEWED"]


async def test_what_could_not_be_recorded_is_told_when_it_can(
    house: House, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    minding, known.now = watch(house, known), ENDING

    async def full(*_: object, **__: object) -> bool:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(house.store.ledger, "announce_ending", full)
        with pytest.raises(StoreError):
            await minding.round()
    await minding.round()
    assert await house.transitions() == ["EXPIRING"]
