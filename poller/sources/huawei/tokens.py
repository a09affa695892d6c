"""Tokens fetched with a password: kept in memory only, renewed early, and by one request at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import anyio
import structlog

from poller.core.exchange import Request
from poller.core.reading import Failed
from poller.core.secret import Secret
from poller.core.validity import LASTING, Ending, Validity
from poller.sources.huawei.credentials import TOKEN_HEADER, with_token
from poller.sources.huawei.iam import MAX_TOKEN_ANSWER, Account, Token, read_token, token_request
from poller.sources.huawei.judging import Unauthorized
from poller.sources.ports import Http

RETRY_EARLY: Final = 60.0  # seconds between tries to renew a token that is still good
TELLING_TRIES: Final = 5  # of these in a row that fail, before that is worth telling; a refused password is so at once

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
        self._early = 0  # tries in a row that failed while the token was still good
        self._validity: Validity | None = None
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

    def validity(self) -> Validity | None:
        """None before the first token. It is ending once it is likely that there will be no new one in time."""
        return self._validity

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
        if isinstance(fetched, Token):
            self._token, self._early, self._validity = fetched, 0, LASTING
        return fetched

    def _settle_for(self, token: Token | None, failure: Unauthorized | Failed) -> Token | Unauthorized | Failed:
        """An old token that is still good does for now. A refused password is not tried again before that token has ended."""
        now = self._now()
        if token is None or now >= token.expires_at or self._token is not token:
            return failure
        again_at = token.expires_at if isinstance(failure, Unauthorized) else min(now + RETRY_EARLY, token.expires_at)
        self._token = replace(token, renew_at=again_at)
        self._early += 1
        if self._early >= TELLING_TRIES or again_at >= token.expires_at:
            self._validity = Ending(at=token.expires_at, reason=failure.reason)
        log.warning("token not renewed early", reason=failure.reason, seconds_left=round(token.expires_at - now))
        return token
