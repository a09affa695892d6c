"""The notifier `apprise`: a real receiver behind Apprise's json://, and the process that sends."""

import json
import logging
from collections.abc import AsyncIterator

import anyio
import psutil
import pytest

from poller.config import parse
from poller.core.delivery import Delivered, Outcome, Retry
from poller.core.notification import Notification, notification_of
from poller.core.specimens import examples
from poller.notifiers.apprise import judge
from poller.notifiers.kinds import build
from poller.notifiers.programs import Exited, NotStarted
from poller.testing.receiver import Receiver, receiving

EVENT = examples()["poller.job.operation_logged"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


def table(*urls: str) -> str:
    return f'[notifiers.chat]\nkind = "apprise"\nurls = {json.dumps(urls)}\n'


def there(receiver: Receiver, path: str) -> str:
    return receiver.url.replace("http://", "json://") + path


async def deliver(text: str, notification: Notification) -> Outcome:
    config = parse(text, environ={}).notifiers["chat"]
    with anyio.fail_after(30):
        return await build("chat", config, http=None, strict=None).deliver(notification, now=0.0)  # type: ignore[arg-type]  # sends no request itself


async def test_the_message_has_the_summary_as_title_and_the_details_as_text(receiver: Receiver) -> None:
    assert await deliver(table(there(receiver, "/a")), notification_of(EVENT)) == Delivered()
    (got,) = receiver.got
    message = json.loads(got.body)
    assert message["title"] == "Test Name: SYSTEM_VERIFY_SUCCESS by SYSTEM"
    assert message["message"] == "state: MANUAL_VERIFYING (waiting_on_vendor)\npoller, prod, 2023-12-09T07:31:43Z"


async def test_a_url_is_told_what_is_owed_to_it_and_not_what_is_owed_to_another(receiver: Receiver) -> None:
    text = table(there(receiver, "/a"), there(receiver, "/b"))
    assert parse(text, environ={}).notifiers["chat"].recipients == ("url 1", "url 2")
    assert await deliver(text, notification_of(EVENT, recipient="url 2")) == Delivered()
    assert [one.path for one in receiver.got] == ["/b"]
    gone = await deliver(text, notification_of(EVENT, recipient="url 3"))
    assert gone == Retry(reason="its URL is no longer in the configuration")


async def test_a_cancelled_attempt_leaves_no_process(receiver: Receiver) -> None:
    receiver.hangs()
    async with anyio.create_task_group() as group:
        group.start_soon(deliver, table(there(receiver, "/a")), notification_of(EVENT))
        with anyio.fail_after(20):
            while not receiver.got:  # noqa: ASYNC110 another process rings no bell
                await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    assert psutil.Process().children() == []


def test_what_is_shown_of_a_url_is_its_scheme_and_nothing_of_one_that_was_given_as_a_secret() -> None:
    text = table("json://user:hunter2@host/token").replace("]", ', { env = "CHAT" }]')
    config = parse(
        text.replace('[notifiers.chat, { env = "CHAT" }]', "[notifiers.chat]"), environ={"CHAT": "ntfy://hunter2"}
    )
    chat = config.notifiers["chat"]
    assert chat.address == "json://…, <secret>"
    assert "hunter2" not in f"{config!r} {chat.reached} {config.model_dump_json()}"


def test_reading_a_url_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    parse(table("json://user:hunter2@host/token"), environ={})
    assert "hunter2" not in caplog.text


def test_the_endings_of_the_process_are_told_apart() -> None:
    assert judge(Exited(code=0)) == Delivered()
    assert judge(Exited(code=75)) == Retry(reason="Apprise: the service refused it, or was not reached")
    assert judge(Exited(code=-9)) == Retry(reason="Apprise ended with exit code -9")
    assert judge(NotStarted(why="Permission denied")) == Retry(reason="Apprise cannot be started: Permission denied")
