"""A crowd that connects, says nothing and stays until it is killed: crowd.py ADDR:PORT|SOCKET COUNT. For this machine only."""

import ipaddress
import socket
import sys
import time

AT_MOST = 20_000
STAYS = 600.0  # seconds, unless it is killed before


def connected(address: str) -> socket.socket:
    """One of them; it waits for its turn."""
    if address.startswith("/"):
        one = socket.socket(socket.AF_UNIX)
        one.connect(address)
        return one
    host, _, port = address.rpartition(":")
    if not ipaddress.ip_address(host).is_loopback:
        sys.exit("loopback addresses only")
    return socket.create_connection((host, int(port)), timeout=30)


def main(address: str, count: int) -> None:
    """Connect `count` times."""
    there: list[socket.socket] = []
    for _ in range(min(count, AT_MOST)):
        there.append(connected(address))
        time.sleep(0.0005)  # the listener's backlog is bounded
    time.sleep(STAYS)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
