"""Who may call, who may not, and what wrong credentials lead to."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
import pytest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.simulator import signature
from poller.simulator.auth import KEY_LOCKED_FOR, Accepted, Gate, Issued
from poller.simulator.refusals import Refusal
from poller.simulator.server import running_simulator
from poller.simulator.signature import Arrived
from poller.simulator.world import PROJECT_ID, World
from tests.simulator.calls import JOBS, TOKEN

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC).timestamp()
GOOD = Accepted()


def signed(
    *,
    secret_key: str = GOOD.secret_key,
    access_key: str = GOOD.access_key,
    at: float = NOW,
    more: Mapping[str, str] | None = None,
) -> Arrived:
    """A request signed here, step by step as FACTS.md describes it."""
    headers = {"host": "metastudio.example", "x-sdk-date": datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")}
    headers |= {"x-project-id": PROJECT_ID} if more is None else more
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    empty = hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n{JOBS}/\nlimit=1\n{lines}\n{names}\n{empty}"
    text = f"SDK-HMAC-SHA256\n{headers['x-sdk-date']}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    made = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    authorization = f"SDK-HMAC-SHA256 Access={access_key}, SignedHeaders={names}, Signature={made}"
    return Arrived(method="GET", target=f"{JOBS}?limit=1", headers={**headers, "authorization": authorization})


def code_of(gate: Gate, arrived: Arrived, now: float = NOW, project_id: str = PROJECT_ID) -> tuple[int, str] | None:
    refusal = gate.refuse(arrived, project_id, now)
    return None if refusal is None else (refusal.status, refusal.code)


def with_token(token: str) -> Arrived:
    return Arrived(method="GET", target=JOBS, headers={"x-auth-token": token})


def password_request(**changes: Any) -> bytes:
    user = {"name": GOOD.user, "password": GOOD.password, "domain": {"name": GOOD.domain}} | changes
    identity = {"methods": ["password"], "password": {"user": user}}
    return msgspec.json.encode({"auth": {"identity": identity, "scope": {"project": {"name": "cn-north-4"}}}})


def test_a_right_signature_passes() -> None:
    assert code_of(Gate(GOOD), signed()) is None


@pytest.mark.parametrize(
    ("arrived", "code"),
    [
        (signed(secret_key="wrong"), "APIG.0303"),
        (signed(access_key="UNKNOWN"), "APIG.0301"),
        (signed(at=NOW - 901), "APIG.0303"),
        (signed(at=NOW + 901), "APIG.0303"),
        (signed(more={}), "APIG.0301"),
        (signed(more={"x-project-id": PROJECT_ID, "x-security-token": "t"}), "APIG.0301"),
        (replace(signed(), target=f"{JOBS}?limit=2"), "APIG.0303"),
        (replace(signed(), method="DELETE"), "APIG.0303"),
        (replace(signed(), body=b"x"), "APIG.0303"),
        (Arrived(method="GET", target=JOBS, headers={"authorization": "Basic dTpw"}), "APIG.0301"),
        (Arrived(method="GET", target=JOBS, headers={}), "APIG.0301"),
        (with_token("nobody's"), "APIG.0301"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_401(arrived: Arrived, code: str) -> None:
    assert code_of(Gate(GOOD), arrived) == (401, code)


def test_a_quarter_of_an_hour_off_is_just_accepted() -> None:
    assert code_of(Gate(GOOD), signed(at=NOW - 900)) is None


def test_a_gateway_whose_clock_is_ahead_refuses_a_right_one() -> None:
    assert code_of(Gate(GOOD, skew=1000), signed()) == (401, "APIG.0303")


def test_a_header_changed_on_the_way_is_refused() -> None:
    arrived = signed()
    changed = replace(arrived, headers={**arrived.headers, "x-project-id": "f" * 32})
    assert code_of(Gate(GOOD), changed) == (401, "APIG.0303")


def test_another_project_is_a_wrong_tenant_with_status_400() -> None:
    assert code_of(Gate(GOOD), signed(more={"x-project-id": "f" * 32})) == (400, "MSS.00010009")
    assert code_of(Gate(GOOD), with_token(GOOD.token), project_id="f" * 32) == (400, "MSS.00010009")


def test_the_sixth_wrong_signature_in_a_row_locks_the_key_for_five_minutes() -> None:
    gate = Gate(GOOD)
    for _ in range(6):
        assert code_of(gate, signed(secret_key="wrong")) is not None
    assert gate.times_locked == 1
    assert code_of(gate, signed()) == (401, "APIG.0301")
    later = NOW + KEY_LOCKED_FOR
    assert code_of(gate, signed(at=later), now=later) is None


def test_five_wrong_signatures_and_a_right_one_do_not_lock() -> None:
    gate = Gate(GOOD)
    for _ in range(3):
        for _ in range(5):
            code_of(gate, signed(secret_key="wrong"))
        assert code_of(gate, signed()) is None
    assert (gate.times_locked, gate.worst_row) == (0, 5)


def test_a_password_buys_a_token_that_ends() -> None:
    gate = Gate(GOOD, token_lifetime=100)
    first, second = gate.issue(password_request(), NOW), gate.issue(password_request(), NOW + 50)
    assert isinstance(first, Issued)
    assert isinstance(second, Issued)
    assert len(first.token) > 2_000
    assert code_of(gate, with_token(first.token), now=NOW + 99) is None
    assert code_of(gate, with_token(second.token), now=NOW + 99) is None
    assert code_of(gate, with_token(first.token), now=NOW + 100) == (401, "APIG.0307")


def test_a_revoked_token_is_invalid_with_status_400() -> None:
    gate = Gate(GOOD)
    issued = gate.issue(password_request(), NOW)
    assert isinstance(issued, Issued)
    gate.revoke_tokens()
    assert code_of(gate, with_token(issued.token)) == (400, "MSS.00010008")
    assert code_of(gate, with_token(GOOD.token)) == (400, "MSS.00010008")
    gate.accept_static_token()
    assert code_of(gate, with_token(GOOD.token)) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (password_request(password="wrong"), 401),
        (password_request(name="nobody"), 401),
        (password_request(domain={"name": "elsewhere"}), 401),
        (password_request(domain=None), 400),
        (b"{}", 400),
        (b"not json", 400),
        (b"[]", 400),
    ],
)
def test_a_wrong_password_or_body_buys_nothing(body: bytes, status: int) -> None:
    refusal = Gate(GOOD).issue(body, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.status == status


def test_repeated_wrong_passwords_lock_the_account() -> None:
    gate = Gate(GOOD)
    for _ in range(6):
        gate.issue(password_request(password="wrong"), NOW)
    assert isinstance(gate.issue(password_request(), NOW + 899), Refusal)
    assert isinstance(gate.issue(password_request(), NOW + 900), Issued)


def test_anybody_may_call_when_checks_are_off() -> None:
    assert code_of(Gate(GOOD, anybody=True), Arrived(method="GET", target=JOBS, headers={})) is None


def test_credentials_do_not_show_in_a_repr() -> None:
    shown = repr(GOOD) + repr(signed()) + repr(Issued(token="the-token", expires_at=0))
    assert not any(secret in shown for secret in (GOOD.secret_key, GOOD.token, GOOD.password, "the-token"))


SEGMENTS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="/?#%"), min_size=1, max_size=12
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12)


@settings(max_examples=80)
@given(segment=SEGMENTS, query=st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), VALUES, max_size=4))
def test_what_the_vendors_signer_signs_is_verified(segment: str, query: dict[str, str]) -> None:
    target, headers = vendor_signed(segment, query)
    arrived = Arrived(method="GET", target=target, headers=headers)
    claim = signature.read_claim(headers["authorization"])
    assert claim is not None
    assert signature.matches(arrived, claim, GOOD.secret_key)
    assert not signature.matches(arrived, claim, GOOD.secret_key + "x")


def vendor_signed(segment: str, query: dict[str, str]) -> tuple[str, dict[str, str]]:
    from huaweicloudsdkcore.sdk_request import SdkRequest

    class Keys:
        ak, sk = GOOD.access_key, GOOD.secret_key

    request = SdkRequest(
        method="GET",
        schema="https",
        host="metastudio.example",
        resource_path=f"/v1/{segment}",
        uri="",
        query_params=list(query.items()),
        header_params={"X-Project-Id": PROJECT_ID},
        body="",
        stream=False,
    )
    done = Signer(Keys()).sign(request)
    return done.uri, {name.lower(): value for name, value in done.header_params.items()} | {
        "host": "metastudio.example"
    }


async def test_the_token_call_answers_as_iam_does() -> None:
    async with running_simulator(World(jobs=1)) as simulator, aiohttp.ClientSession() as session:
        iam = f"{simulator.endpoint}/v3/auth/tokens?nocatalog=1"
        async with session.post(iam, data=password_request()) as answer:
            token, body = answer.headers["X-Subject-Token"], await answer.json()
            assert answer.status == 201
        assert datetime.fromisoformat(body["token"]["expires_at"]).timestamp() > NOW
        async with session.get(simulator.endpoint + JOBS, headers={"X-Auth-Token": token}) as answer:
            assert answer.status == 200
        async with session.post(iam, data=password_request(password="wrong")) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (401, 401)


async def test_every_answer_carries_a_request_id_of_its_own() -> None:
    async with running_simulator(World(jobs=1)) as simulator, aiohttp.ClientSession() as session:
        seen = []
        for headers in (TOKEN, TOKEN, {}):
            async with session.get(simulator.endpoint + JOBS, headers=headers) as answer:
                seen.append(answer.headers["X-Request-Id"])
        assert len(set(seen)) == 3


async def test_a_user_id_with_chinese_characters_is_an_invalid_parameter() -> None:
    async with running_simulator(World(jobs=1)) as simulator, aiohttp.ClientSession() as session:
        for user, status in (("客服", 400), ("user-7", 200)):
            async with session.get(simulator.endpoint + JOBS, headers={**TOKEN, "X-App-UserId": user}) as answer:
                assert answer.status == status
        assert simulator.calls[-1].app_user_id == "user-7"


async def test_the_token_call_can_be_spoiled_too_but_only_on_request() -> None:
    async with running_simulator(World(jobs=1)) as simulator, aiohttp.ClientSession() as session:
        simulator.force("500")
        simulator.force("503", "empty", api="iam")
        iam = f"{simulator.endpoint}/v3/auth/tokens"
        for status in (503, 200, 201):
            async with session.post(iam, data=password_request()) as answer:
                assert answer.status == status
        async with session.get(simulator.endpoint + JOBS, headers=TOKEN) as answer:
            assert answer.status == 500
