import pytest

from poller.core.delivery import Delivered, Outcome, Rejected, Retry, Unavailable
from tests.cli.operating import Operator


def test_a_test_that_is_delivered_is_told(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.api.controls.outcome = Delivered()
        ran = poller("notify", "test", "hook")

    assert (ran.code, ran.out) == (0, "hook: delivered\n")


@pytest.mark.parametrize(
    "outcome", [Retry(reason="HTTP 503"), Rejected(reason="HTTP 503"), Unavailable(reason="HTTP 503")]
)
def test_a_test_whose_first_attempt_fails_is_told_with_the_reason(poller: Operator, outcome: Outcome) -> None:
    with poller.daemon() as daemon:
        daemon.api.controls.outcome = outcome
        ran = poller("notify", "test", "hook")

    assert (ran.code, ran.err) == (1, "poller: hook: the test was not delivered: HTTP 503\n")


def test_a_test_that_is_not_tried_in_time_is_told(poller: Operator) -> None:
    with poller.daemon():
        ran = poller("notify", "test", "hook", "--wait", "50ms")

    assert ran.code == 1
    assert "not tried within 50ms" in ran.err


def test_a_notifier_that_is_not_there_is_told(poller: Operator) -> None:
    with poller.daemon():
        ran = poller("notify", "test", "nobody")

    assert ran.code == 2
    assert "the configuration has: hook, other" in ran.err
