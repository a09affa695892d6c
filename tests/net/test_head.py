"""The head of a request, byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.exchange import Request
from poller.net.head import head, origin_of, split

TOKEN = st.text(st.characters(codec="ascii", exclude_characters="\r\n\0"), min_size=1, max_size=20)


def lines_of(request: Request, url: str = "http://example.com/a") -> list[bytes]:
    text, target = split(url)
    return head(request, request.method.upper(), target, origin_of(text, "poller/0")).split(b"\r\n")


def asking(method: str = "GET", body: bytes = b"", **headers: str) -> Request:
    return Request(method=method, url="", headers=headers, body=body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_request_without_a_body_tells_no_length(method: str) -> None:
    assert not any(line.lower().startswith(b"content-length") for line in lines_of(asking(method)))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "post"])
def test_a_method_that_could_have_a_body_tells_its_length_even_when_there_is_none(method: str) -> None:
    assert b"Content-Length: 0" in lines_of(asking(method))


def test_the_callers_authorization_wins_over_the_password_in_the_url() -> None:
    lines = lines_of(asking(authorization="Bearer x"), "https://user:secret@example.com/")
    assert [line for line in lines if line.lower().startswith(b"authorization")] == [b"authorization: Bearer x"]


@pytest.mark.parametrize("url", ["http://example.com", "http://example.com?a=b", "https://example.com#c"])
def test_a_url_without_a_path_asks_for_the_root(url: str) -> None:
    assert split(url)[1].startswith("/")


def test_a_host_is_told_with_its_port_unless_it_is_the_usual_one() -> None:
    assert lines_of(asking(), "https://example.com:443/")[1] == b"Host: example.com"
    assert lines_of(asking(), "https://[2001:db8::1]:8443/")[1] == b"Host: [2001:db8::1]:8443"


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\r\nb", "a\0b", "\r\n"])
def test_a_value_that_would_begin_a_line_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        lines_of(asking(x=value))


@given(headers=st.dictionaries(TOKEN, TOKEN, max_size=5))
def test_every_header_is_one_line(headers: dict[str, str]) -> None:
    lines = lines_of(Request(method="GET", url="", headers=headers))
    assert [f"{name}: {value}".encode() for name, value in headers.items()] == lines[len(lines) - 2 - len(headers) : -2]
    assert lines[-2:] == [b"", b""]


def test_a_secret_in_the_authority_is_not_shown() -> None:
    assert "secret" not in repr(origin_of("https://user:secret@example.com", "poller/0"))
