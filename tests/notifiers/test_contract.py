"""Every kind of notifier passes the contract: a new kind is one more line of `STAGES`."""

from contextlib import AbstractAsyncContextManager

import pytest

from poller.notifiers.kinds import KINDS
from poller.testing.http_notifiers import HttpNotifierContract, HttpStage, PlainHttpNotifierContract
from poller.testing.notifiers import NotifierContract
from poller.testing.staging import Stage
from tests.notifiers.kinds_under_test import STAGES, Staging, robot_stage, webhook_stage


def test_every_kind_that_can_be_configured_is_under_test() -> None:
    assert {form.split()[0] for form in STAGES} == set(KINDS)


class TestEveryKind(NotifierContract):
    @pytest.fixture(params=[form for form in STAGES if form not in {"webhook", "webhook dingtalk"}], autouse=True)
    def form(self, request: pytest.FixtureRequest) -> None:
        self._staging: Staging = STAGES[request.param]

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        return self._staging()


class TestWebhook(PlainHttpNotifierContract):
    def stage(self) -> AbstractAsyncContextManager[HttpStage]:
        return webhook_stage()


class TestRobot(HttpNotifierContract):
    def stage(self) -> AbstractAsyncContextManager[HttpStage]:
        return robot_stage("dingtalk", accepted='{"errcode": 0}')
