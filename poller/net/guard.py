"""Which addresses may be connected to, decided at the moment of connecting (INTERFACE section 4).

A name, a hexadecimal host (`http://0xA9FEA9FE/`), a zone id or a second look-up cannot get around the check: it is made
by the socket factory, which sees the address of every attempt. Resolvers do not: they are skipped for literals.
"""

import errno
import socket
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def _networks(*rows: tuple[str, str]) -> tuple[tuple[Network, str], ...]:
    return tuple((ip_network(text), reason) for text, reason in rows)


METADATA: Final = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # most clouds
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure, a public address
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS, pod identity
        "fd20:ce::254",  # Google
        "fd00:42::42",  # Scaleway
    )
)

NEVER: Final = _networks(
    ("0.0.0.0/32", "unspecified address"),
    ("169.254.0.0/16", "link-local address"),
    ("224.0.0.0/4", "multicast address"),
    ("255.255.255.255/32", "broadcast address"),
    ("::/128", "unspecified address"),
    ("fe80::/10", "link-local address"),
    ("ff00::/8", "multicast address"),
)

# The IANA special-purpose registries (RFC 6890 and after), as reasons for people.
NOT_PUBLIC: Final = _networks(
    ("0.0.0.0/8", "this-network address"),
    ("10.0.0.0/8", "private address"),
    ("100.64.0.0/10", "shared address (carrier-grade NAT)"),
    ("127.0.0.0/8", "loopback address"),
    ("172.16.0.0/12", "private address"),
    ("192.0.0.0/24", "protocol-assignment address"),
    ("192.0.2.0/24", "documentation address"),
    ("192.88.99.0/24", "6to4 relay address"),
    ("192.168.0.0/16", "private address"),
    ("198.18.0.0/15", "benchmarking address"),
    ("198.51.100.0/24", "documentation address"),
    ("203.0.113.0/24", "documentation address"),
    ("240.0.0.0/4", "reserved address"),
    ("::1/128", "loopback address"),
    ("64:ff9b:1::/48", "local-use NAT64 address"),
    ("2001::/23", "protocol-assignment address"),
    ("2001:db8::/32", "documentation address"),
    ("3fff::/20", "documentation address"),
    ("fc00::/7", "unique-local address"),
    ("fec0::/10", "site-local address"),
)

GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: as public as the IPv4 address in it
NAT64_LOCAL: Final = IPv6Network("64:ff9b:1::/48")  # RFC 8215
SIX_TO_FOUR: Final = IPv6Network("2002::/16")  # RFC 3056
TEREDO: Final = IPv6Network("2001::/32")  # RFC 4380
ISATAP: Final = 0x0000_5EFE
ISATAP_FLAGS: Final = 0x0300_0000  # the u and g bits of an interface identifier
IPV6_LOOPBACK: Final = IPv6Address(1)  # ::1 is not 0.0.0.1 in compatible form
LOW_32_BITS: Final = 0xFFFF_FFFF
ENDS_IN_IPV4: Final = (
    IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated, RFC 2765
    IPv6Network("::/96"),  # IPv4-compatible
    NAT64,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What may be connected to: `public_only` refuses all that is not public, not only what is never allowed."""

    public_only: bool = False


def refusal(address: str, *, public_only: bool) -> str | None:
    """Why `address` (as `getaddrinfo` gives it, perhaps with a zone id) must not be connected to; None when it may."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "not an IP address"
    return (
        _never(parsed)
        or _embedded_refusal(parsed, public_only=public_only)
        or (_not_public(parsed) if public_only else None)
    )


def _never(address: Address) -> str | None:
    if address in METADATA:
        return "cloud metadata address"
    return next((reason for network, reason in NEVER if address in network), None)


def _not_public(address: Address) -> str | None:
    reason = next((reason for network, reason in NOT_PUBLIC if address in network), None)
    if reason is not None:
        return reason
    if isinstance(address, IPv6Address):
        outside = address not in GLOBAL_UNICAST and address not in NAT64
        return "address outside of global unicast" if outside else None
    return None if address.is_global else "address that is not public"


def _embedded_refusal(address: Address, *, public_only: bool) -> str | None:
    if isinstance(address, IPv4Address) or address == IPV6_LOOPBACK:
        return None
    for inner in _embedded(address):
        reason = _never(inner) or (_not_public(inner) if public_only else None)
        if reason is not None:
            return f"IPv6 form of a refused IPv4 address: {reason}"
    return None


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """Every IPv4 address that a router or translator may read out of an IPv6 address."""
    number = int(address)
    if any(address in network for network in ENDS_IN_IPV4) or _is_isatap(number):
        yield IPv4Address(number & LOW_32_BITS)
    if address in NAT64_LOCAL:
        yield from _local_nat64(number)
    if address in SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & LOW_32_BITS)
    if address in TEREDO:
        yield IPv4Address(number >> 64 & LOW_32_BITS)  # its server
        yield IPv4Address(~number & LOW_32_BITS)  # its client, inverted


def _is_isatap(number: int) -> bool:
    """RFC 5214, section 6.1: the interface identifier is 0000:5efe or 0200:5efe, then the IPv4 address."""
    return number >> 32 & LOW_32_BITS & ~ISATAP_FLAGS == ISATAP


def _local_nat64(number: int) -> Iterator[IPv4Address]:
    """The layouts of RFC 6052, section 2.2, that fit into the /48: the operator chose one, and nobody tells which.

    Zero is what a layout that is not in use reads, so 0.0.0.0 counts only when no layout holds anything else.
    """
    without_u = number >> 64 << 56 | number & (1 << 56) - 1  # bits 64 to 71 are left out of every layout: 120 remain
    found = {without_u >> 120 - length - 32 & LOW_32_BITS for length in (48, 56, 64)} | {number & LOW_32_BITS}
    yield from map(IPv4Address, sorted(found - {0}) or [0])


@dataclass(slots=True)
class Attempt:
    """What the socket factory saw during one exchange: whether it opened a socket, and why it last refused one.

    `resent`: the request was sent a second time.
    """

    opened: bool = False
    refused: str | None = None
    resent: bool = False


ATTEMPT: Final[ContextVar[Attempt]] = ContextVar("attempt")

AddrInfo: TypeAlias = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


def socket_factory(policy: Policy) -> Callable[[AddrInfo], socket.socket]:
    """The function that aiohttp opens sockets with: it notes on `ATTEMPT`, and raises OSError when it refuses."""

    def open_socket(info: AddrInfo) -> socket.socket:
        family, kind, protocol, _, sockaddr = info
        attempt = ATTEMPT.get()
        reason = refusal(str(sockaddr[0]), public_only=policy.public_only)
        if reason is not None:
            attempt.refused = reason
            raise OSError(errno.EACCES, reason)
        attempt.opened = True
        return socket.socket(family, kind, protocol)

    return open_socket
