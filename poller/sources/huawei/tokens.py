"""Tokens fetched with a password: kept in memory only, renewed early, and by one request at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import anyio
import structlog

from poller.core.exchange import Request
from poller.core.reading import Failed
from poller.core.secret import Secret
from poller.sources.huawei.credentials import TOKEN_HEADER, with_token
from poller.sources.huawei.iam import MAX_TOKEN_ANSWER, Account, Token, read_token, token_request
from poller.sources.huawei.judging import Unauthorized
from poller.sources.ports import Http

RETRY_EARLY: Final = 60.0  # seconds between tries to renew a token that is still good

log = structlog.get_logger(__name__)


class PasswordToken:
    """The token of one account. `timeout` bounds a token call, in seconds; `now` gives seconds since 1970."""

    def __init__(self, account: Account, *, http: Http, timeout: float, now: Callable[[], float]) -> None:
        self._account = account
        self._http = http
        self._timeout = timeout
        self._now = now
        self._token: Token | None = None
        self._failure: Unauthorized | Failed | None = None
        self._calls = 0
        self._renewing = anyio.Lock()

    @property
    def renewable(self) -> bool:
        """With the password."""
        return True

    @property
    def secrets(self) -> Sequence[Secret]:
        """The password and the token of the moment."""
        return (self._account.password, *(() if self._token is None else (self._token.value,)))

    async def authorize(self, request: Request) -> Request | Unauthorized | Failed:
        """The request with a token, which is fetched or renewed first when it is time."""
        token = self._token
        if token is None or self._now() >= token.renew_at:
            token_or_failure = await self._renewed()
            if not isinstance(token_or_failure, Token):
                return token_or_failure
            token = token_or_failure
        return with_token(request, token.value)

    def renew(self, refused: Request) -> None:
        """Forget the token that `refused` carried, unless another has come meanwhile."""
        if self._token is not None and refused.headers.get(TOKEN_HEADER) == self._token.value.reveal():
            self._token = None

    async def _renewed(self) -> Token | Unauthorized | Failed:
        """A token that is good now. Who waited while another asked takes what that one got, failures included."""
        calls = self._calls
        async with self._renewing:
            token = self._token
            if token is not None and self._now() < token.renew_at:
                return token
            if calls != self._calls and self._failure is not None:
                return self._failure
            fetched = await self._fetch()
            return fetched if isinstance(fetched, Token) else self._settle_for(token, fetched)

    async def _fetch(self) -> Token | Unauthorized | Failed:
        exchange = await self._http.send(token_request(self._account), timeout=self._timeout, limit=MAX_TOKEN_ANSWER)
        fetched = read_token(exchange, self._account)
        self._calls += 1
        self._failure = None if isinstance(fetched, Token) else fetched
        self._token = fetched if isinstance(fetched, Token) else self._token
        return fetched

    def _settle_for(self, token: Token | None, failure: Unauthorized | Failed) -> Token | Unauthorized | Failed:
        """An old token that is still good does for now. A refused password is not tried again before that token has ended."""
        now = self._now()
        if token is None or now >= token.expires_at or self._token is not token:
            return failure
        again_at = token.expires_at if isinstance(failure, Unauthorized) else min(now + RETRY_EARLY, token.expires_at)
        self._token = replace(token, renew_at=again_at)
        log.warning("token not renewed early", reason=failure.reason, seconds_left=round(token.expires_at - now))
        return token
