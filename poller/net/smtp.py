"""A conversation with a mail server, step by step; the library's exceptions become ours, without the server's words.

It is secured before anything is said, or nothing is said. A password is tried once, by one method: several wrong tries of one word
are several wrong tries to whoever counts them.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiosmtplib

from poller.core.letter import Letter, MailServer, Refused, Step
from poller.net.dialling import dial
from poller.net.guard import Policy

NOT_AVAILABLE: Final = 421  # the server is about to close the connection (RFC 5321 section 3.8)
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_IN_THE_CLEAR: Final = ("cram-md5", "plain", "login")
_PROTECTED: Final = ("plain", "login", "cram-md5")


class Declined(Exception):
    """The server answered no."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused


class Unprotected(Exception):
    """There is no secure connection with this server, or no way to log in; the message is safe to show."""


class Garbled(Exception):
    """What came is no SMTP."""


async def converse(server: MailServer, policy: Policy, tls: ssl.SSLContext, *, timeout: float) -> aiosmtplib.SMTP:  # noqa: ASYNC109 for each step
    """Connect, secure, log in. Raises Declined, Unprotected, Garbled, RefusedAddress, OSError or SMTPException."""
    line = _line(server, await dial(server.host, server.port, policy, timeout=timeout), tls, timeout)
    try:
        with step("greeting"):
            await line.connect()  # from here on the socket is the library's
        await _introduce(line, server)
    except BaseException:
        drop(line)
        raise
    return line


def _line(server: MailServer, connected: socket.socket, tls: ssl.SSLContext, seconds: float) -> aiosmtplib.SMTP:
    try:
        return aiosmtplib.SMTP(
            hostname=server.host,
            sock=connected,
            use_tls=server.security == "tls",
            start_tls=False,  # done below, where its absence is told apart from other trouble
            tls_context=tls,
            local_hostname=server.greeting,
            timeout=seconds,
        )
    except ValueError:
        connected.close()
        raise


async def _introduce(line: aiosmtplib.SMTP, server: MailServer) -> None:
    with step("hello"):
        await line.ehlo()
    if server.security == "starttls":
        if not line.supports_extension("starttls"):
            raise Unprotected("the server offers no STARTTLS")
        with step("starttls"):
            await line.starttls()
        with step("hello"):
            await line.ehlo()
    if server.username is not None:
        with step("login"):
            await _log_in(line, server, server.username)


async def _log_in(line: aiosmtplib.SMTP, server: MailServer, username: str) -> None:
    password = server.password.reveal() if server.password is not None else ""
    preferred = _IN_THE_CLEAR if server.security == "none" else _PROTECTED
    match next((method for method in preferred if method in line.server_auth_methods), None):
        case "plain":
            await line.auth_plain(username, password)
        case "login":
            await line.auth_login(username, password)
        case "cram-md5":
            await line.auth_crammd5(username, password)
        case _:
            raise Unprotected("the server offers no way to log in that is known here")


async def begin(line: aiosmtplib.SMTP, letter: Letter) -> None:
    """Name the sender: until this was answered nothing of a letter has been taken."""
    with step("sender"):
        await line.mail(letter.sender)


async def hand_over(line: aiosmtplib.SMTP, letter: Letter) -> None:
    """The rest of a letter that was begun."""
    with step("recipient"):
        await line.rcpt(letter.recipient)
    with step("content"):
        await line.data(letter.content)


async def prove(line: aiosmtplib.SMTP) -> None:
    """The server still listens; nothing is sent."""
    with step("sender"):
        await line.noop()


def leave(line: aiosmtplib.SMTP, *, at_once: bool = False) -> None:
    """Say good-bye without waiting for an answer; `at_once`: nor for TLS to be taken leave of."""
    if line.protocol is not None and line.is_connected:
        line.protocol.write(b"QUIT\r\n")
    if at_once:
        drop(line)
    line.close()


def drop(line: aiosmtplib.SMTP) -> None:
    """Close at once, whatever is still to be written."""
    if isinstance(line.transport, asyncio.WriteTransport):
        line.transport.abort()
    line.close()


@contextmanager
def step(name: Step) -> Iterator[None]:
    """A refusal becomes `Declined`: the code stays, the words go."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        code, words = error.code, error.message
    else:
        return
    if not 400 <= code < 600:  # noqa: PLR2004 the classes of RFC 5321
        raise Garbled
    found = _ENHANCED.match(words)
    raise Declined(Refused(step=name, code=code, enhanced=found[0] if found else ""))
