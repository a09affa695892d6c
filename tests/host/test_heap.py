"""The collector leaves alone what start-up made, and goes on with what comes later."""

import gc
from collections.abc import Iterator

import pytest

from poller.host.heap import MIDDLE, OLD, YOUNG, leave_alone, settle


@pytest.fixture
def _as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.enable()
    gc.unfreeze()


@pytest.mark.usefixtures("_as_it_was")
def test_what_was_there_at_the_end_of_start_up_is_not_looked_at_again_and_what_comes_later_is() -> None:
    leave_alone()
    assert not gc.isenabled()
    before = gc.get_freeze_count()
    kept = [[number] for number in range(100)]
    settle()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)
    assert gc.get_threshold() == (YOUNG, MIDDLE, OLD)
    later: list[object] = []
    later.append(later)
    del later
    assert gc.collect() >= 1
