"""The signer agrees with the vendor's, byte for byte, and what it signed is what it sends."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, quote_plus, urlencode, urlsplit

import pytest
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.exchange import Request
from poller.core.secret import Secret
from poller.sources.huawei.signing import canonical_path, canonical_query, sign

NOW = 1_702_107_103.75
PROJECT = "0c8c5d1b"
OWN = {
    "host",
    "authorization",
    "content-type",
    "x-project-id",
    "x-sdk-date",
    "x-security-token",
    "x-sdk-content-sha256",
}

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
segments = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/?#"), max_size=12)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,11}", fullmatch=True).filter(lambda name: name.lower() not in OWN)
headers_of = st.lists(st.tuples(names, texts), max_size=5, unique_by=lambda pair: pair[0].lower()).map(dict)
hosts = st.sampled_from(["metastudio.cn-north-4.myhuaweicloud.com", "127.0.0.1:8790", "[::1]:8790"])
types = st.sampled_from([None, "application/json", "application/json;charset=utf8", "text/plain", "application/bson"])


def oracle(request: Request, path: str, query: list[tuple[str, str]], token: Secret | None, sk: str, now: float) -> Any:
    host = urlsplit(request.url).netloc
    date = datetime.fromtimestamp(int(now), UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {**request.headers, "X-Project-Id": PROJECT, "X-Sdk-Date": date}
    if token is not None:
        headers["X-Security-Token"] = token.reveal()
    theirs = SdkRequest(
        method=request.method,
        host=host,
        resource_path=path,
        query_params=list(query),
        header_params=headers,
        body=request.body,
    )
    return Signer(SimpleNamespace(ak="AKIA", sk=sk)).sign(theirs)


def signed(request: Request, token: Secret | None = None, sk: str = "sk", now: float = NOW) -> Request:
    return sign(request, access_key="AKIA", secret_key=Secret(sk), security_token=token, project_id=PROJECT, now=now)


@settings(max_examples=120, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "get"]),
    host=hosts,
    path=st.lists(segments, min_size=1, max_size=5),
    query=st.lists(st.tuples(texts, texts), max_size=6),
    spelling=st.sampled_from([quote, quote_plus]),
    headers=headers_of,
    content_type=types,
    body=st.binary(max_size=40),
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,60}", fullmatch=True).map(Secret),
    sk=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    now=st.floats(min_value=0, max_value=4e9),
)
def test_a_signature_is_the_vendors_byte_for_byte(
    *,
    method: str,
    host: str,
    path: list[str],
    query: list[tuple[str, str]],
    spelling: Any,
    headers: dict[str, str],
    content_type: str | None,
    body: bytes,
    token: Secret | None,
    sk: str,
    now: float,
) -> None:
    raw_path = "/" + "/".join(quote(segment, safe="") for segment in path)
    url = f"https://{host}{raw_path}"
    if query:
        url += "?" + urlencode(query, quote_via=spelling)
    if content_type is not None:
        headers = {**headers, "Content-Type": content_type}
    request = Request(method=method, url=url, headers=headers, body=body)

    ours = signed(request, token, sk, now)
    theirs = oracle(request, raw_path, query, token, sk, now)

    assert ours.headers["Authorization"].encode() == theirs.header_params["Authorization"].encode()
    assert ours.url == f"https://{host}{theirs.uri}"
    sent = {name: value.encode() for name, value in ours.headers.items()}
    assert sent == {
        name: value.encode("latin-1")
        for name, value in {**theirs.header_params, "Authorization": ours.headers["Authorization"]}.items()
    }
    assert ours.body == body


@given(path=segments)
def test_a_path_that_needs_no_quoting_is_treated_like_any_other(path: str) -> None:
    theirs = Signer(SimpleNamespace(ak="a", sk="b"))._process_canonical_uri(SdkRequest(resource_path=f"/{path}"))
    assert canonical_path(f"/{path}") == theirs


@given(query=st.lists(st.tuples(texts.filter(bool), texts), min_size=1, max_size=6))
def test_a_signed_query_signed_again_stays_as_it_is(query: list[tuple[str, str]]) -> None:
    once = canonical_query(urlencode(query))
    assert canonical_query(once) == once


def test_the_query_is_sent_in_the_spelling_that_was_signed() -> None:
    request = Request(method="GET", url="https://h/v1/jobs?state=A%2CB&offset=0&flag&name=x+y&limit=100#part")
    assert signed(request).url == "https://h/v1/jobs?flag=&limit=100&name=x%20y&offset=0&state=A%2CB"


def test_the_path_is_sent_without_the_slash_that_is_signed() -> None:
    assert signed(Request(method="GET", url="https://h/v1/jobs")).url == "https://h/v1/jobs"
    assert signed(Request(method="GET", url="https://h")).url == "https://h/"


def test_the_host_header_is_the_urls_host_and_port() -> None:
    request = Request(method="GET", url="http://user:pw@h:8790/x", headers={"host": "elsewhere"})
    assert signed(request).headers["Host"] == "h:8790"
    assert "host" not in signed(request).headers


def test_signing_twice_replaces_what_the_first_signature_added() -> None:
    request = Request(method="GET", url="https://h/x?b=2&a=1", headers={"Accept": "application/json"})
    assert signed(signed(request, Secret("old")), now=NOW + 5) == signed(request, now=NOW + 5)


def test_a_header_with_an_underscore_is_sent_but_not_signed() -> None:
    with_one = signed(Request(method="GET", url="https://h/x", headers={"X_Trace": "1"}))
    assert with_one.headers["X_Trace"] == "1"
    assert "x_trace" not in with_one.headers["Authorization"]


def test_a_temporary_key_adds_its_token_to_what_is_signed() -> None:
    request = signed(Request(method="GET", url="https://h/x"), Secret("st"))
    assert request.headers["X-Security-Token"] == "st"
    assert "x-security-token" in request.headers["Authorization"]


def test_no_secret_shows_in_what_a_signed_request_prints() -> None:
    shown = repr(
        signed(Request(method="GET", url="https://h/x?token=query-secret"), Secret("temporary-token"), "the-sk")
    )
    assert not any(secret in shown for secret in ("query-secret", "temporary-token", "the-sk", "Signature"))


@pytest.mark.parametrize("url", ["", "/v1/jobs", "ftp://h/x", "h/x"])
def test_a_url_that_is_not_absolute_http_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        signed(Request(method="GET", url=url))
