"""How long credentials last: what a token says itself, what the file says, and what a refused renewal comes to."""

import base64

import pytest

from poller.config.auth import AkskAuth, AuthConfig, TokenAuth
from poller.core.secret import Secret
from poller.core.timestamps import rfc3339
from poller.core.validity import LASTING, NOTICE, Ending
from poller.net.session import Http
from poller.sources.huawei.inscription import end_of
from poller.sources.huawei.tokens import RETRY_EARLY, TELLING_TRIES, PasswordToken
from poller.sources.kinds import build
from poller.sources.ports import Credentialed
from tests.sources.conftest import NOON, HandClock
from tests.sources.huawei.test_tokens import LIFE, MARGIN, PLAIN, Identity, identity, token
from tests.sources.metastudio.calling import config
from tests.sources.upstream import Upstream

__all__ = ["identity", "token"]  # fixtures

# ContentInfo of a CMS SignedData, as far as the content that is signed (RFC 5652): real tokens begin like this.
HEAD = bytes.fromhex(
    "30820e4006092a864886f70d010702a0820e3130820e2d020101310d300b0609"
    "60864801650304020130820c5206092a864886f70d010701a0820c4304820c3f"
)


def signed(content: str, *, tail: bytes = b"\xff\xef\xbe" * 300) -> Secret:
    """A token as IAM writes it; its `tail`, the signature, has every character of base64 that is unusual."""
    return Secret(base64.b64encode(HEAD + content.encode() + tail).decode().replace("/", "-"))


def ending_token(at: float) -> Secret:
    return signed(f'{{"token":{{"expires_at":"{rfc3339(at)[:-1]}000Z","methods":["password"],"catalog":[]}}}}')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "simulated-static-token",
        "MII" + "0" * 50,
        signed('{"token":{"methods":["password"]}}').reveal(),
        signed('{"token":{"expires_at":"tomorrow, at about 10:00:00"}}').reveal(),
        signed('{"other":{"expires_at":"2023-12-10T07:31:43.000000Z"}}').reveal(),
        "\udcff" * 40,
        "ü" * 64,
    ],
)
def test_a_token_that_says_nothing_of_its_end_has_none(text: str) -> None:
    assert end_of(Secret(text)) is None


def test_the_end_that_iam_wrote_into_a_token_is_found_whatever_its_length() -> None:
    for more in range(4):
        assert (
            end_of(signed(f'{{"token":{{"expires_at":"{rfc3339(NOON)}"}}}}', tail=b"\xfb\xff" * 9000 + b"x" * more))
            == NOON
        )
    assert ending_token(NOON).reveal().startswith("MII")
    assert "-" in ending_token(NOON).reveal()


@pytest.mark.parametrize(
    ("auth", "names"),
    [
        (TokenAuth(method="token", token=ending_token(NOON)), "auth.token"),
        (TokenAuth(method="token", token=Secret("opaque"), expires_at=rfc3339(NOON)), "auth.token"),
        (TokenAuth(method="token", token=ending_token(NOON + LIFE), expires_at=rfc3339(NOON)), "auth.token"),
        (
            AkskAuth(
                method="aksk", access_key=Secret("ak"), secret_key=Secret("sk"), expires_at="2023-12-09T20:00:00+08:00"
            ),
            "temporary keys",
        ),
    ],
)
def test_what_only_the_operator_renews_is_ending_for_its_last_hour_and_after(
    server: Upstream, http: Http, clock: HandClock, auth: AuthConfig, names: str
) -> None:
    source = build("prod", config(server.url).model_copy(update={"auth": auth}), http, clock)
    assert isinstance(source, Credentialed)
    clock.at = NOON - NOTICE - 0.001
    assert source.validity() == LASTING
    for clock.at in (NOON - NOTICE, NOON, NOON + LIFE):
        ending = source.validity()
        assert isinstance(ending, Ending)
        assert ending.at == NOON
        assert names in ending.reason


@pytest.mark.parametrize("method", ["token", "aksk"])
def test_what_says_nothing_of_its_end_lasts(server: Upstream, http: Http, clock: HandClock, method: str) -> None:
    source = build("prod", config(server.url, method), http, clock)
    assert isinstance(source, Credentialed)
    assert source.validity() == LASTING


async def test_of_a_password_nothing_is_known_before_the_first_token(
    token: PasswordToken, identity: Identity, clock: HandClock
) -> None:
    identity.status = 401
    await token.authorize(PLAIN)
    assert token.validity() is None
    identity.status = 201
    await token.authorize(PLAIN)
    assert token.validity() == LASTING


async def test_a_password_that_is_refused_while_its_token_is_good_is_ending_at_once_until_a_newer_token(
    token: PasswordToken, identity: Identity, clock: HandClock
) -> None:
    await token.authorize(PLAIN)
    identity.status = 401
    clock.at = NOON + LIFE - MARGIN
    await token.authorize(PLAIN)
    ending = token.validity()
    assert isinstance(ending, Ending)
    assert ending.at == NOON + LIFE
    assert ending.reason.startswith("no token for the user and password: HTTP 401")
    clock.at = NOON + LIFE
    await token.authorize(PLAIN)
    assert token.validity() == ending
    identity.status = 201
    await token.authorize(PLAIN)
    assert token.validity() == LASTING


@pytest.mark.parametrize("status", [403, 503])
async def test_renewals_that_fail_are_ending_after_some_minutes(
    token: PasswordToken, identity: Identity, clock: HandClock, status: int
) -> None:
    await token.authorize(PLAIN)
    identity.status = status
    clock.at = NOON + LIFE - MARGIN
    for _ in range(TELLING_TRIES - 1):
        await token.authorize(PLAIN)
        assert token.validity() == LASTING
        clock.at += RETRY_EARLY
    await token.authorize(PLAIN)
    ending = token.validity()
    assert isinstance(ending, Ending)
    assert (ending.at, f"HTTP {status}" in ending.reason) == (NOON + LIFE, True)


async def test_a_renewal_that_fails_is_ending_when_no_try_is_left_before_the_end(
    token: PasswordToken, identity: Identity, clock: HandClock
) -> None:
    await token.authorize(PLAIN)
    identity.status = 503
    clock.at = NOON + LIFE - RETRY_EARLY
    await token.authorize(PLAIN)
    assert isinstance(token.validity(), Ending)
