"""What can go wrong before a status line, as `Broken`: the one place that knows aiohttp's and the system's errors.

A `detail` says what happened and never to whom: the address of a receiver may be a secret, so there is no URL, host,
header or body in it. Hence fixed texts, `os.strerror` and OpenSSL's own constants, and never `str(exception)`.
"""

import os
import socket
import ssl
from typing import Final

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from poller.core.exchange import Broken
from poller.net.guard import Attempt

# X509_V_ERR_HOSTNAME_MISMATCH, _EMAIL_ and _IP_ADDRESS_: OpenSSL's text for these repeats the name.
NAME_MISMATCHES: Final = frozenset({62, 63, 64})


def broken(exc: Exception, attempt: Attempt) -> Broken:
    """`exc`, raised by aiohttp before there was a status line, as a value; `attempt` is what the socket factory saw."""
    match exc:
        case aiohttp.ClientConnectorError():
            return _not_connected(exc, attempt)
        case TimeoutError():
            return Broken(how="timeout", detail="no answer in time")
        case HttpProcessingError():
            return _malformed(exc)
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return Broken(how="protocol", detail="invalid URL")
        case aiohttp.ClientError() | OSError():
            return _disconnected(exc)
        case _:
            return Broken(how="protocol", detail="a request that HTTP cannot carry (method, URL, header or host name)")


def _not_connected(exc: aiohttp.ClientConnectorError, attempt: Attempt) -> Broken:
    if attempt.refused is not None and not attempt.opened:
        return Broken(how="refused_address", detail=attempt.refused)
    return Broken(how="connect", detail=_connect_detail(exc))


def _connect_detail(exc: aiohttp.ClientConnectorError) -> str:
    match exc:
        case aiohttp.ClientConnectorCertificateError():
            return f"certificate refused: {certificate_detail(exc.certificate_error)}"
        case aiohttp.ClientConnectorSSLError():
            return f"TLS failed: {tls_detail(exc.os_error)}"
        case aiohttp.ClientConnectorDNSError():
            return f"the host name does not resolve{resolver_detail(exc.os_error)}"
        case _:
            return system_detail(exc.os_error) or "cannot connect"


def certificate_detail(exc: Exception) -> str:
    """Why the other side's certificate is not accepted."""
    if not isinstance(exc, ssl.SSLCertVerificationError):
        return "not acceptable"
    if exc.verify_code in NAME_MISMATCHES:
        return "it is for another host name"
    return exc.verify_message


def tls_detail(exc: OSError) -> str:
    """Why there is no TLS."""
    reason = exc.reason if isinstance(exc, ssl.SSLError) else None
    return reason.lower().replace("_", " ") if reason else "handshake failed"


def resolver_detail(exc: OSError) -> str:
    """What the resolver said, in parentheses; empty when it said nothing."""
    return f" ({exc.strerror})" if isinstance(exc, socket.gaierror) and exc.strerror else ""


def system_detail(exc: BaseException) -> str:
    """What the system said; empty when it said nothing."""
    if isinstance(exc, OSError) and exc.errno:
        return os.strerror(exc.errno).lower()
    return "connection reset" if isinstance(exc, ConnectionError) else ""


def _malformed(exc: HttpProcessingError) -> Broken:
    if isinstance(root_cause(exc), LineTooLong):
        return Broken(how="too_large", detail="a header line of the answer is too long")
    return Broken(how="protocol", detail="the answer is not HTTP/1.1")


def _disconnected(exc: Exception) -> Broken:
    reason = system_detail(root_cause(exc))
    return Broken(how="disconnected", detail=f"disconnected before an answer{f': {reason}' if reason else ''}")


def root_cause(exc: BaseException) -> BaseException:
    """The exception at the end of the chain of `__cause__`."""
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return exc
