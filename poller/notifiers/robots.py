"""Chat robots: the body that each wants, how its requests are signed, and what its answers mean. Pure.

Sources, as of 2025: DingTalk "custom robot", Feishu "custom bot", WeCom "group robot", Slack "incoming webhooks", Teams "workflows".
DingTalk, Feishu and WeCom answer 200 to what they refuse and say so in the body: there a delivery is a 2xx whose body says 0.
"""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote

from poller.core.delivery import Delivered, Outcome, Retry
from poller.core.exchange import Reply
from poller.core.jsonvalue import Json
from poller.core.notification import Notification
from poller.core.secret import Secret
from poller.notifiers.wording import text

Preset: TypeAlias = Literal["slack", "teams", "feishu", "dingtalk", "wecom"]

LONGEST_CONTENT: Final = 2000  # bytes of a text; WeCom takes 2048, the others much more
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_OK: Final = range(200, 300)

# What a robot means by a code, and for how many seconds it wants to be left alone.
_MEANINGS: Final[Mapping[int, tuple[str, float | None]]] = {
    130101: ("too many messages", 600.0),  # DingTalk: 20 a minute, then none for ten minutes
    310000: ("refused by the robot's security settings: signature, keyword or address", None),
    300001: ("no such robot", None),
    9499: ("too many messages, or a body of the wrong form", None),  # Feishu
    11232: ("too many messages", 60.0),
    19021: ("the signature does not match, or a clock is more than an hour off", None),
    19022: ("refused by the robot's list of addresses", None),
    19024: ("refused by the robot's keywords", None),
    45009: ("too many messages", 60.0),  # WeCom: 20 a minute
    93000: ("no such robot", None),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Robot:
    """One robot; `secret` signs, where the kind can and the operator wants it."""

    preset: Preset
    secret: Secret | None = None

    def content(self, notification: Notification) -> tuple[bytes, str]:
        """The body and its content type: the same on every attempt."""
        return _encoded(_BODIES[self.preset](_cut(text(notification)))), "application/json; charset=utf-8"

    def signed(self, url: str, content: bytes, now: float) -> tuple[str, bytes]:
        """URL and body as they are sent in an attempt at `now`."""
        if self.secret is None or self.preset not in _SIGNING:
            return url, content
        return _SIGNING[self.preset](self.secret.reveal(), url, content, now)

    def judged(self, reply: Reply) -> Outcome | None:
        """What a 2xx answer means; None where the status line says it all."""
        if reply.status not in _OK or self.preset not in _CODES:
            return None
        code = _code(reply.body, _CODES[self.preset])
        if code == 0:
            return Delivered()
        if code is None:
            return Retry(reason=f"HTTP {reply.status}, yet not the answer of a robot of {self.preset}")
        meaning, after = _MEANINGS.get(code, ("refused", None))
        return Retry(reason=f"HTTP {reply.status}, code {code}: {meaning}", after=after)


def _cut(words: str) -> str:
    content = words.encode("utf-8", "replace")
    if len(content) <= LONGEST_CONTENT:
        return content.decode()
    return content[: LONGEST_CONTENT - 3].decode("utf-8", "ignore") + "…"


def _encoded(document: Mapping[str, Json]) -> bytes:
    return _ENCODER.encode(document).encode("utf-8", "replace")


def _slack(words: str) -> dict[str, Json]:
    # The three characters that Slack's mrkdwn takes for its own.
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped}


def _teams(words: str) -> dict[str, Json]:
    first, *rest = words.split("\n")
    blocks: list[dict[str, Json]] = [{"type": "TextBlock", "text": first, "weight": "bolder", "wrap": True}]
    blocks += [{"type": "TextBlock", "text": line, "wrap": True, "spacing": "none"} for line in rest]
    card: dict[str, Json] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": blocks,
    }
    attachment: dict[str, Json] = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _feishu(words: str) -> dict[str, Json]:
    return {"msg_type": "text", "content": {"text": words}}


def _text_message(words: str) -> dict[str, Json]:
    return {"msgtype": "text", "text": {"content": words}}


_BODIES: Final[Mapping[Preset, Callable[[str], dict[str, Json]]]] = {
    "slack": _slack,
    "teams": _teams,
    "feishu": _feishu,
    "dingtalk": _text_message,
    "wecom": _text_message,
}


def _sign_dingtalk(secret: str, url: str, content: bytes, now: float) -> tuple[str, bytes]:
    """`timestamp` (milliseconds) and `sign` in the query: HMAC-SHA256 of both with the secret as key."""
    stamp = str(int(now * 1000))
    sign = b64encode(hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")).decode()
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}timestamp={stamp}&sign={quote(sign, safe='')}", content


def _sign_feishu(secret: str, url: str, content: bytes, now: float) -> tuple[str, bytes]:
    """`timestamp` (seconds) and `sign` in the body: HMAC-SHA256 of nothing, with both as key."""
    stamp = str(int(now))
    sign = b64encode(hmac.digest(f"{stamp}\n{secret}".encode(), b"", "sha256")).decode()
    document: dict[str, Any] = json.loads(content)
    return url, _encoded({"timestamp": stamp, "sign": sign} | document)


_SIGNING: Final[Mapping[Preset, Callable[[str, str, bytes, float], tuple[str, bytes]]]] = {
    "dingtalk": _sign_dingtalk,
    "feishu": _sign_feishu,
}
SIGNING: Final = tuple(_SIGNING)
_CODES: Final[Mapping[Preset, tuple[str, ...]]] = {
    "dingtalk": ("errcode",),
    "wecom": ("errcode",),
    "feishu": ("code", "StatusCode"),
}


def _code(body: bytes, names: tuple[str, ...]) -> int | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    codes = [document[name] for name in names if isinstance(document.get(name), int)]
    return int(codes[0]) if codes else None
