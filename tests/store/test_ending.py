"""What is told of credentials that end, on both databases."""

from poller.core.notices import source_blind, source_expiring, source_renewed
from poller.core.validity import Ending
from poller.core.work import SourceHealth, Told
from poller.store.store import Store
from tests.core.samples import NOON

ENDING = Ending(at=NOON + 1800.0, reason="HTTP 401")


async def test_a_condition_is_told_once_and_kept_beside_the_health(store: Store) -> None:
    ledger = store.ledger
    expiring = Told(event=source_expiring("prod", ENDING, now=NOON), notifiers=("hook",))
    renewed = Told(event=source_renewed("prod", ENDING, now=NOON + 60), notifiers=("hook",))
    blind = Told(event=source_blind("prod", "HTTP 500", now=NOON + 1), notifiers=())
    assert await ledger.ending("prod") is None
    assert not await ledger.announce_ending(renewed, source="prod", ending=None)
    assert [await ledger.announce_ending(expiring, source="prod", ending=ENDING) for _ in range(2)] == [True, False]
    await ledger.announce(blind, source="prod", health=SourceHealth(blind_since=NOON + 1, reason="HTTP 500"))
    assert await ledger.ending("prod") == ENDING
    assert await ledger.ending("other") is None
    assert [await ledger.announce_ending(renewed, source="prod", ending=None) for _ in range(2)] == [True, False]
    assert await ledger.ending("prod") is None
    assert (await ledger.health("prod")).blind_since == NOON + 1
