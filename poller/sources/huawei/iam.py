"""The call that exchanges a password for a token (FACTS.md, Credentials). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from poller.core.exchange import Exchange, Reply, Request
from poller.core.reading import Failed
from poller.core.retry_after import http_date
from poller.core.secret import Secret
from poller.core.timestamps import parse_rfc3339
from poller.sources.huawei.judging import Unauthorized, judge

MAX_TOKEN_ANSWER: Final = 256 * 1024  # bytes; the catalogue is left out, the roles are not
RENEWAL_MARGIN: Final = 1800.0  # seconds before its end at which a token is renewed ...
RENEWAL_SHARE: Final = 0.1  # ... or this share of its life, when that is shorter
ASSUMED_LIFE: Final = 3600.0  # seconds, when the answer does not say; tokens live 24 h (FACTS.md)
SHORTEST_LIFE: Final = 5.0  # seconds: whatever the answer says, tokens are not fetched more often


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Who asks for a token, and for which project. `endpoint` is the identity service's, without a path."""

    endpoint: str
    user: str
    domain: str
    password: Secret
    project_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token, from when on it is to be renewed, and when it ends; seconds since 1970 by our clock."""

    value: Secret = field(repr=False)
    renew_at: float
    expires_at: float


def token_request(account: Account) -> Request:
    """Holds the password: neither URL nor repr show it."""
    user = {"name": account.user, "password": account.password.reveal(), "domain": {"name": account.domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"id": account.project_id}}
    return Request(
        method="POST",
        url=f"{account.endpoint.rstrip('/')}/v3/auth/tokens?nocatalog=1",
        headers={"Content-Type": "application/json;charset=utf8"},
        body=msgspec.json.encode({"auth": {"identity": identity, "scope": scope}}),
    )


def read_token(exchange: Exchange, account: Account) -> Token | Unauthorized | Failed:
    """What came of asking. Only a refused password counts against the credential: that is what locks the account (FACTS.md).

    Another 4xx, such as 403 for a project of somebody else, is this source's trouble, not that of all who use the password.
    """
    verdict = judge(exchange, job_id="", secrets=(account.password,))
    if isinstance(verdict, Reply):
        return _issued(verdict)
    outcome = verdict.outcome
    if isinstance(outcome, Failed):
        return Failed(kind=outcome.kind, reason=f"token call: {outcome.reason}", after=outcome.after)
    if isinstance(outcome, Unauthorized):
        return Unauthorized(reason=f"no token for the user and password: {outcome.reason}")
    return Failed(kind="outage", reason=f"no token for the project: {outcome.reason}")


def _issued(reply: Reply) -> Token | Failed:
    value = reply.headers.get("x-subject-token", "")
    if not value or not value.isascii() or not value.isprintable():
        return Failed(kind="nonsense", reason="token call: the answer carries no usable X-Subject-Token")
    life = max(SHORTEST_LIFE, _life(reply))
    margin = min(RENEWAL_MARGIN, life * RENEWAL_SHARE)
    ends = reply.received_at + life
    return Token(value=Secret(value), renew_at=ends - margin, expires_at=ends)


def _life(reply: Reply) -> float:
    """Seconds from issue to end: both by the upstream's clock, as ours may differ."""
    try:
        document = msgspec.json.decode(reply.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ASSUMED_LIFE
    token = document.get("token") if isinstance(document, Mapping) else None
    if not isinstance(token, Mapping):
        return ASSUMED_LIFE
    ends = _instant(token.get("expires_at"))
    starts = _instant(token.get("issued_at")) or http_date(reply.headers.get("date", "")) or reply.received_at
    return ASSUMED_LIFE if ends is None else ends - starts


def _instant(value: object) -> float | None:
    return parse_rfc3339(value) if isinstance(value, str) else None
