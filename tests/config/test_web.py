"""Where the daemon listens, and for whom."""

import pytest

from poller.config import Web, is_loopback, parse


def _web(listen: str, token: str | None = None) -> Web:
    more = "" if token is None else f'token = "{token}"'
    web = parse(f'[web]\nlisten = "{listen}"\n{more}\n', environ={}).web
    assert web is not None
    return web


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("127.0.0.1:8780", "127.0.0.1", 8780),
        ("127.8.0.1:0", "127.8.0.1", 0),
        ("[::1]:8780", "::1", 8780),
        ("localhost:80", "localhost", 80),
        ("[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1),
    ],
)
def test_a_loopback_address_needs_no_token(listen: str, host: str, port: int) -> None:
    web = _web(listen)

    assert (web.host, web.port, web.token) == (host, port, None)


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:8780", "[::]:8780", "10.1.2.3:1", "poller.example.com:8780", "[fe80::1%eth0]:1"]
)
def test_any_other_address_is_allowed_with_a_token(listen: str) -> None:
    token = _web(listen, "s3cret:with/=signs").token

    assert token is not None
    assert token.reveal() == "s3cret:with/=signs"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example.com", "::ffff:10.0.0.1"])
def test_what_other_machines_reach_is_no_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_without_the_tables_there_is_no_listener_and_no_heartbeat() -> None:
    config = parse("", environ={})

    assert (config.web, config.heartbeat) == (None, None)


def test_a_heartbeat_is_once_a_minute_unless_written() -> None:
    heartbeat = parse('[heartbeat]\nurl = "https://hc.example/x"', environ={}).heartbeat

    assert heartbeat is not None
    assert (heartbeat.every, heartbeat.method, heartbeat.url.shown) == (60.0, "GET", "https://hc.example")
