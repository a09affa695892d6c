"""Which addresses are never connected to, in whichever form they come."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.exchange import Broken, Reply, Request
from poller.net.guard import Policy, refusal
from poller.net.session import Http
from tests.net.wire import Names, wire

NEVER = [
    ("0.0.0.0", "unspecified"),
    ("169.254.0.0", "link-local"),
    ("169.254.255.255", "link-local"),
    ("169.254.169.254", "metadata"),
    ("100.100.100.200", "metadata"),
    ("168.63.129.16", "metadata"),
    ("192.0.0.192", "metadata"),
    ("224.0.0.0", "multicast"),
    ("239.255.255.255", "multicast"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("febf:ffff::1", "link-local"),
    ("ff02::1", "multicast"),
    ("fd00:ec2::254", "metadata"),
    ("fd00:ec2::254%3", "metadata"),
    ("::ffff:169.254.169.254", "metadata"),
    ("::169.254.169.254", "metadata"),
    ("64:ff9b::a9fe:a9fe", "metadata"),
    ("2002:a9fe:a9fe::1", "metadata"),
    ("2001:0:a9fe:a9fe::1", "metadata"),
    ("fe80::5efe:a9fe:a9fe", "link-local"),
    ("2a00::200:5efe:a9fe:a9fe", "metadata"),
    ("localhost", "not an IP address"),
    ("", "not an IP address"),
]

NOT_PUBLIC = [
    ("0.1.2.3", "this-network"),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("100.64.0.1", "shared"),
    ("100.127.255.255", "shared"),
    ("192.0.0.1", "protocol"),
    ("192.0.2.1", "documentation"),
    ("198.51.100.7", "documentation"),
    ("203.0.113.7", "documentation"),
    ("192.88.99.1", "6to4 relay"),
    ("198.18.0.1", "benchmarking"),
    ("240.0.0.1", "reserved"),
    ("::1", "loopback"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:10.0.0.1", "private"),
    ("64:ff9b::10.0.0.1", "private"),
    ("2002:7f00:1::", "loopback"),
    ("fc00::1", "unique-local"),
    ("fdff::1", "unique-local"),
    ("fec0::1", "site-local"),
    ("2001:db8::1", "documentation"),
    ("3fff::1", "documentation"),
    ("2001:2::1", "protocol"),
    ("2001:0:808:808::1", "reserved"),
    ("100::1", "outside of global unicast"),
    ("5f00::1", "outside of global unicast"),
    ("64:ff9b:1::808:808", "IPv6 form"),
]

PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize(("address", "reason"), NEVER)
@pytest.mark.parametrize("public_only", [False, True])
def test_some_addresses_are_refused_under_every_policy(address: str, reason: str, public_only: bool) -> None:
    assert reason in (refusal(address, public_only=public_only) or "allowed")


@pytest.mark.parametrize(("address", "reason"), NOT_PUBLIC)
def test_what_is_not_public_is_refused_only_on_demand(address: str, reason: str) -> None:
    assert refusal(address, public_only=False) is None
    assert reason in (refusal(address, public_only=True) or "allowed")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed_under_every_policy(address: str) -> None:
    assert refusal(address, public_only=True) is None
    assert refusal(address, public_only=False) is None


NAT64 = ip_network("64:ff9b::/96")  # Python calls it global from 3.13 on only


def embeddings(inner: IPv4Address) -> Iterator[IPv6Address]:
    low, prefix = int(inner), 0x2A00 << 112
    for start in ("::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::"):
        yield IPv6Address(int(IPv6Address(start)) | low)
    if low > 1:  # :: and ::1 are themselves
        yield IPv6Address(low)
    yield IPv6Address(0x2002 << 112 | low << 80 | 1)
    yield IPv6Address(0x20010000 << 96 | low << 64)
    yield IPv6Address(0x20010000 << 96 | 0x08080808 << 64 | (low ^ 0xFFFFFFFF))
    yield from (IPv6Address(prefix | flags << 56 | 0x5EFE << 32 | low) for flags in (0, 2))
    local = int(IPv6Address("64:ff9b:1::"))
    yield IPv6Address(local | (low >> 16) << 64 | (low & 0xFFFF) << 40)  # RFC 6052, /48
    yield IPv6Address(local | (low >> 24) << 64 | (low & 0xFFFFFF) << 32)  # /56
    yield IPv6Address(local | low << 24)  # /64


refused_blocks = st.sampled_from(
    ["169.254.0.0/16", "224.0.0.0/4", "100.100.100.200/32", "0.0.0.0/32", "255.255.255.255/32"]
)
never_ipv4 = refused_blocks.flatmap(
    lambda block: st.ip_addresses(v=4, network=block).map(lambda ip: IPv4Address(int(ip)))
) | st.sampled_from([IPv4Address(text) for text, _ in NEVER if "." in text and ":" not in text])


@settings(max_examples=200)
@given(inner=never_ipv4)
def test_an_ipv4_address_that_is_never_allowed_is_refused_in_every_ipv6_form(inner: IPv4Address) -> None:
    assert refusal(str(inner), public_only=False) is not None
    for outer in embeddings(inner):
        assert refusal(str(outer), public_only=False) is not None, outer


@settings(max_examples=300)
@given(
    address=st.ip_addresses(v=4)
    | st.ip_addresses(v=6)
    | st.ip_addresses(v=4).flatmap(lambda a: st.sampled_from([*embeddings(IPv4Address(int(a)))]))
)
def test_public_only_refuses_at_least_what_is_refused_anyway_and_what_python_calls_not_global(address: Any) -> None:
    strict = refusal(str(address), public_only=True)
    if refusal(str(address), public_only=False) is not None:
        assert strict is not None
    if not address.is_global and address not in NAT64:
        assert strict is not None


async def get(http: Http, url: str) -> Reply | Broken:
    return await http.send(Request(method="GET", url=url), timeout=5.0, limit=100)


async def test_a_name_that_resolves_to_a_refused_address_is_refused() -> None:
    async with Http(resolver=Names("169.254.169.254")) as http:
        assert await get(http, "http://rebound.example/") == Broken(
            how="refused_address", detail="cloud metadata address"
        )


async def test_a_name_of_which_all_addresses_are_refused_is_refused() -> None:
    async with Http(resolver=Names("169.254.169.254", "fe80::1", "::ffff:169.254.1.1")) as http:
        answer = await get(http, "http://rebound.example/")
    assert isinstance(answer, Broken)
    assert answer.how == "refused_address"


async def test_of_several_addresses_the_allowed_one_is_used() -> None:
    async with wire() as server, Http(resolver=Names("169.254.169.254", "fe80::1", "127.0.0.1")) as http:
        answer = await get(http, f"http://mixed.example:{server.port}/")
    assert isinstance(answer, Reply)
    assert answer.body == b"ok"


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "0xA9FEA9FE", "[::ffff:a9fe:a9fe]", "[fe80::1%25lo]", "[FE80::1%lo]"],
)
async def test_no_spelling_of_an_address_gets_past_the_check(host: str) -> None:
    async with Http() as http:
        answer = await get(http, f"http://{host}/latest/meta-data")
    assert isinstance(answer, Broken)
    assert answer.how == "refused_address"


@pytest.mark.parametrize(
    "host", ["2852039166", "0251.0376.0251.0376", "169.254.43518", "169.254.169.254.", "0", "0xA9.0xFE.43518"]
)
async def test_old_spellings_of_an_address_are_not_connected_to(host: str) -> None:
    async with Http() as http:
        answer = await get(http, f"http://{host}/")
    assert isinstance(answer, Broken)
    assert answer.how in {"refused_address", "protocol"}


async def test_loopback_is_reached_by_default_and_refused_when_only_public_addresses_are_allowed() -> None:
    async with wire() as server, Http() as usual, Http(Policy(public_only=True)) as strict:
        assert isinstance(await get(usual, server.url()), Reply)
        assert await get(strict, server.url()) == Broken(how="refused_address", detail="loopback address")
        assert server.connections == 1
