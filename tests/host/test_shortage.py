import os
import resource
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from poller.host.shortage import Descriptors

RUN_SHORT = "file descriptors run short: with none left, who connects is turned away"


@pytest.fixture
def soft_limit() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _allow(more: int) -> None:
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + more, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


@pytest.mark.usefixtures("soft_limit")
def test_few_descriptors_left_are_said_once_and_so_is_their_end() -> None:
    descriptors = Descriptors()
    with capture_logs() as said:
        _allow(10_000)
        descriptors.look()
        held = [os.open("/dev/null", os.O_RDONLY) for _ in range(100)]
        _allow(5)
        descriptors.look()
        descriptors.look()
        for one in held:
            os.close(one)
        descriptors.look()
    assert [one["event"] for one in said] == [RUN_SHORT, "there are enough file descriptors again"]
    assert said[0]["used"] > 100


@pytest.mark.usefixtures("soft_limit")
def test_with_none_left_at_all_it_can_still_be_said() -> None:
    lowest = os.open("/dev/null", os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with capture_logs() as said:
        Descriptors().look()
    assert [(one["event"], one["used"]) for one in said] == [(RUN_SHORT, lowest)]
