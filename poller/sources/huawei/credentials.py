"""What a request carries to be let in: a given token, or a signature. Tokens that are fetched are in `tokens`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from poller.core.exchange import Request
from poller.core.reading import Failed
from poller.core.secret import Secret
from poller.core.validity import Validity, until
from poller.sources.huawei.judging import Unauthorized
from poller.sources.huawei.signing import sign

TOKEN_HEADER: Final = "X-Auth-Token"  # noqa: S105 the name of a header


class Credential(Protocol):
    """One way of proving who we are."""

    @property
    def renewable(self) -> bool:
        """Whether `renew` may bring something that works after a refusal."""
        ...

    @property
    def secrets(self) -> Sequence[Secret]:
        """What is never shown, and may be repeated by the upstream."""
        ...

    async def authorize(self, request: Request) -> Request | Unauthorized | Failed:
        """`request` as it is to be sent now, or why that cannot be."""
        ...

    def renew(self, refused: Request) -> None:
        """`refused` was not accepted: the next `authorize` gives something newer than it carried, where the method can."""
        ...

    def validity(self) -> Validity | None:
        """How long it lasts; None while nothing is known."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticToken:
    """A token that somebody else renews. `ends_at` is when it ends, if that is known; `now` gives seconds since 1970."""

    token: Secret
    ends_at: float | None
    now: Callable[[], float]

    @property
    def renewable(self) -> bool:
        """Only by the operator."""
        return False

    @property
    def secrets(self) -> Sequence[Secret]:
        """The token."""
        return (self.token,)

    async def authorize(self, request: Request) -> Request | Unauthorized | Failed:
        """The request with the token."""
        return with_token(request, self.token)

    def renew(self, refused: Request) -> None:
        """Nothing to be had."""

    def validity(self) -> Validity:
        """As its end says."""
        return until(self.ends_at, "the token ends, and auth.token holds no newer one", now=self.now())


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessKey:
    """AK/SK; temporary ones come with a security token, and end at `ends_at`. `now` gives seconds since 1970."""

    access_key: Secret
    secret_key: Secret
    security_token: Secret | None
    project_id: str
    now: Callable[[], float]
    ends_at: float | None = None

    @property
    def renewable(self) -> bool:
        """Only by the operator."""
        return False

    @property
    def secrets(self) -> Sequence[Secret]:
        """Both keys, and the security token."""
        keys = (self.access_key, self.secret_key)
        return keys if self.security_token is None else (*keys, self.security_token)

    async def authorize(self, request: Request) -> Request | Unauthorized | Failed:
        """The request, signed for this moment."""
        return sign(
            request,
            access_key=self.access_key.reveal(),
            secret_key=self.secret_key,
            security_token=self.security_token,
            project_id=self.project_id,
            now=self.now(),
        )

    def renew(self, refused: Request) -> None:
        """Nothing to be had."""

    def validity(self) -> Validity:
        """As the file says."""
        return until(self.ends_at, "the temporary keys end, and the file has no newer ones", now=self.now())


def with_token(request: Request, token: Secret) -> Request:
    """The request carrying `token`."""
    headers = {**request.headers, TOKEN_HEADER: token.reveal()}
    return Request(method=request.method, url=request.url, headers=headers, body=request.body)
