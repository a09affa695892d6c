"""The listener comes, goes and moves with the configuration; one that cannot be had changes nothing."""

import os
import socket
from collections.abc import Iterator

import aiohttp
import pytest

from poller.config import Web
from poller.core.secret import Secret
from poller.errors import PollerError
from tests.web.asking import Api, listening


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def answers(address: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://{address}/healthz") as response:
            return response.status == 200
    except aiohttp.ClientConnectorError:
        return False


async def test_without_the_table_nothing_listens(api: Api) -> None:
    async with listening(api, None) as front:
        assert front.addresses == []


async def test_at_the_end_nothing_listens(api: Api) -> None:
    async with listening(api, Web(listen="127.0.0.1:0")) as front:
        address = front.addresses[0]
        assert await answers(address)

    assert not await answers(address)


async def test_an_ipv6_address_and_localhost_are_listened_on(api: Api) -> None:
    async with listening(api, Web(listen="[::1]:0")) as front:
        assert front.addresses[0].startswith("[::1]:")
        assert await answers(front.addresses[0])
    async with listening(api, Web(listen="localhost:0")) as front:
        assert await answers(front.addresses[0])


async def test_an_address_in_use_is_told_with_the_remedy(api: Api, taken: int) -> None:
    with pytest.raises(PollerError, match=rf"web\.listen: 127\.0\.0\.1:{taken} is in use already"):
        async with listening(api, Web(listen=f"127.0.0.1:{taken}")):
            pass


async def test_an_address_of_another_machine_is_told(api: Api) -> None:
    with pytest.raises(PollerError, match="is no address of this machine"):
        async with listening(api, Web(listen="192.0.2.1:0", token=Secret("t"))):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may listen on any port")
async def test_a_port_that_is_not_allowed_is_told(api: Api) -> None:
    with pytest.raises(PollerError, match="choose a port from 1024 on"):
        async with listening(api, Web(listen="127.0.0.1:1")):
            pass


async def test_a_change_moves_the_listener(api: Api) -> None:
    async with listening(api, Web(listen="127.0.0.1:0")) as front:
        before = front.addresses[0]
        async with front.changing(Web(listen="127.0.0.2:0")):
            assert await answers(before)
        assert not await answers(before)
        assert await answers(front.addresses[0])
        async with front.changing(None):
            pass
        assert front.addresses == []


async def test_a_change_to_a_bad_address_changes_nothing(api: Api, taken: int) -> None:
    async with listening(api, Web(listen="127.0.0.1:0")) as front:
        before = front.addresses
        with pytest.raises(PollerError, match="in use"):
            async with front.changing(Web(listen=f"127.0.0.1:{taken}")):
                pass
        assert front.addresses == before
        assert await answers(before[0])


async def test_a_change_that_fails_elsewhere_changes_nothing(api: Api) -> None:
    async with listening(api, Web(listen="127.0.0.1:0", token=Secret("old"))) as front:
        before = front.addresses
        for wanted in (None, Web(listen="127.0.0.2:0"), Web(listen="127.0.0.1:0", token=Secret("new"))):
            with pytest.raises(PollerError, match="the sources are wrong"):
                async with front.changing(wanted):
                    raise PollerError("the sources are wrong")
            assert front.addresses == before
            assert await _status(before[0], "old") == 200


async def test_the_same_port_on_more_addresses_is_taken_over(api: Api) -> None:
    port = free_port()
    async with listening(api, Web(listen=f"127.0.0.1:{port}")) as front:
        async with front.changing(Web(listen=f"0.0.0.0:{port}", token=Secret("t"))):
            pass
        assert front.addresses == [f"0.0.0.0:{port}"]
        assert await _status(f"127.0.0.1:{port}", "t") == 200


async def test_the_old_listener_is_back_when_the_same_port_elsewhere_cannot_be_had(api: Api) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.2", port)):
        async with listening(api, Web(listen=f"127.0.0.1:{port}")) as front:
            with pytest.raises(PollerError, match="in use"):
                async with front.changing(Web(listen=f"0.0.0.0:{port}", token=Secret("t"))):
                    pass
            assert await answers(f"127.0.0.1:{port}")


async def test_a_changed_token_counts_at_once_also_on_open_connections(api: Api) -> None:
    async with (
        listening(api, Web(listen="127.0.0.1:0", token=Secret("old"))) as front,
        aiohttp.ClientSession(f"http://{front.addresses[0]}") as session,
    ):
        url, headers = "/api/v1/jobs", {"Authorization": "Bearer old"}
        async with session.get(url, headers=headers) as response:
            assert response.status == 200
        async with front.changing(Web(listen="127.0.0.1:0", token=Secret("new"))):
            pass
        async with session.get(url, headers=headers) as response:
            assert response.status == 401
        assert await _status(front.addresses[0], "new") == 200


async def _status(address: str, token: str) -> int:
    url, headers = f"http://{address}/api/v1/jobs", {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status
