"""The notifier `webhook`: one signed POST for each notification (INTERFACE.md section 4). All but `deliver` is pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeAlias

from poller.core.delivery import REASON_LIMIT, RETRY_AFTER_CAP, Delivered, Gone, Outcome, Retry
from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.core.message import batch, body
from poller.core.notification import Notification
from poller.core.retry_after import retry_after
from poller.core.secret import Secret
from poller.notifiers.ports import Http
from poller.notifiers.robots import Robot
from poller.notifiers.standard_webhooks import sign

MAX_ANSWER: Final = 20_000  # bytes of an answer that are read (INTERFACE.md section 4)
CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
BATCH_TYPE: Final = "application/cloudevents-batch+json; charset=utf-8"  # CloudEvents HTTP binding 1.0.2, section 3.3
ASKS_FOR_A_PAUSE: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


Content: TypeAlias = Callable[[Notification], tuple[bytes, str]]
"""The body of a request and its content type, the same on every attempt. Raises Unworded."""


class Unworded(Exception):
    """A template failed with these events, for a reason that may be shown."""


def cloud_events(notification: Notification) -> tuple[bytes, str]:
    """The content of a webhook of its own: the CloudEvent, or a batch of several."""
    if len(notification.events) == 1:
        return body(notification.events[0]), CONTENT_TYPE
    return batch(notification.events), BATCH_TYPE


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookSettings:
    """Where to send, what, and how to sign. `timeout` bounds an attempt, in seconds.

    `keys` are the decoded secrets, the newest first; without any there is no signature. `robot` signs and judges in its own way.
    """

    url: Secret
    keys: tuple[bytes, ...] = field(repr=False)
    headers: Mapping[str, Secret] = field(default_factory=dict)
    timeout: float = 15.0
    content: Content = field(default=cloud_events, repr=False)
    robot: Robot | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """One receiver."""

    name: str
    settings: WebhookSettings
    http: Http = field(repr=False)

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:
        """One attempt."""
        try:
            request = prepare(self.settings, notification, now)
        except Unworded as error:
            return Retry(reason=f"the template fails: {error}"[:REASON_LIMIT])
        exchange = await self.http.send(request, timeout=self.settings.timeout, limit=MAX_ANSWER)
        return judge(exchange, self.settings.robot)

    async def reach(self) -> str | None:
        """Why the receiver cannot be reached; None when it answers, whatever it answers. Sends no event."""
        request = Request(method="HEAD", url=self.settings.url.reveal())
        exchange = await self.http.send(request, timeout=self.settings.timeout, limit=MAX_ANSWER)
        return f"{exchange.how}: {exchange.detail}" if isinstance(exchange, Broken) else None


def prepare(settings: WebhookSettings, notification: Notification, now: float) -> Request:
    """The request of an attempt at `now`. Its id and body are the same on every attempt; no configured header replaces ours.

    Only a robot that wants its signature in the body gets another one each time. Raises Unworded.
    """
    content, content_type = settings.content(notification)
    url, timestamp = settings.url.reveal(), int(now)
    if settings.robot is not None:
        url, content = settings.robot.signed(url, content, now)
    headers = {name.lower(): value.reveal() for name, value in settings.headers.items()}
    headers["content-type"] = content_type
    headers["webhook-id"] = notification.id
    headers["webhook-timestamp"] = str(timestamp)
    if settings.keys:
        headers["webhook-signature"] = sign(settings.keys, notification.id, timestamp, content)
    return Request(method="POST", url=url, headers=headers, body=content)


def judge(exchange: Exchange, robot: Robot | None = None) -> Outcome:
    """What the exchange means for the delivery; to a `robot` the body of a 2xx answer may matter.

    A reason is made of our own words, the status and `Broken.detail`: nothing that the receiver wrote gets into the database,
    a log or another notification.
    """
    match exchange:
        case Broken(how="refused_address", detail=detail):
            return Retry(reason=f"address refused: {detail}"[:REASON_LIMIT])
        case Broken(how=how, detail=detail):
            return Retry(reason=f"{how}: {detail}"[:REASON_LIMIT])
        case Reply():
            of_a_robot = None if robot is None else robot.judged(exchange)
            return of_a_robot or _judge_reply(exchange)


def _judge_reply(reply: Reply) -> Outcome:
    named = _named(reply.status)
    match reply.status // 100:
        case 2:
            return Delivered()
        case 3:
            return Retry(reason=f"{named}: redirect not followed")
        case _ if reply.status == HTTPStatus.GONE:
            return Gone(reason=named)
        case _ if reply.status in ASKS_FOR_A_PAUSE:
            asked = retry_after(reply.headers, now=reply.received_at)
            return Retry(reason=named, after=None if asked is None else min(asked, RETRY_AFTER_CAP))
        case _:
            return Retry(reason=named)


def _named(status: int) -> str:
    """``HTTP 404 Not Found``, in our words: a receiver's reason phrase may hold anything."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
