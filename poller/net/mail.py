"""The one place that sends mails. What a mail server answers is a value; a connection is used again while letters follow one another."""

import asyncio
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import aiosmtplib
import anyio
import anyio.lowlevel

from poller.core.exchange import Broken
from poller.core.letter import Accepted, Insecure, Letter, MailServer, Posted, Refused
from poller.net import smtp
from poller.net.breakage import certificate_detail, resolver_detail, root_cause, system_detail, tls_detail
from poller.net.dialling import RefusedAddress
from poller.net.guard import Policy

IDLE_SECONDS: Final = 10.0  # an unused connection is left after this long
LETTERS: Final = 100  # letters on one connection, then it is left: servers count them


@dataclass(eq=False, slots=True)
class _Line:
    """An open connection, and how many letters it has carried."""

    talk: aiosmtplib.SMTP
    letters: int = 0


@dataclass(slots=True)
class _Office:
    """What is known of one server: whether it has let us in, who waits for that, and the connections that nobody uses."""

    gate: anyio.Lock = field(default_factory=anyio.Lock)
    proven: bool = False
    refused: Refused | None = None
    refused_at: float = 0.0
    idle: list[_Line] = field(default_factory=list)


class Mail:
    """Sends letters; an async context manager around its open connections, for one address policy.

    `tls` is the client context (default: the system's roots, TLS 1.2 or later). Until a server has let us in, one connection at a
    time tries: what waited behind a refused password does not try it again.
    """

    def __init__(self, policy: Policy | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self._policy = policy or Policy()
        self._tls = tls or _default_tls()
        self._offices: defaultdict[MailServer, _Office] = defaultdict(_Office)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for office in self._offices.values():
            while office.idle:
                smtp.leave(office.idle.pop().talk, at_once=True)
        await anyio.lowlevel.checkpoint()  # what was aborted is closed in the loop's next turn

    async def send(self, server: MailServer, letter: Letter, *, timeout: float) -> Posted:  # noqa: ASYNC109 the port's word
        """Hand `letter` over, all within `timeout` seconds. Nothing but cancellation and misuse raises."""
        return await _as_value(self._send(server, letter, timeout), timeout)

    async def prove(self, server: MailServer, *, timeout: float) -> Posted:  # noqa: ASYNC109 the port's word
        """Connect, secure, log in and leave again; sends nothing."""
        return await _as_value(self._prove(server, timeout), timeout)

    async def _prove(self, server: MailServer, timeout: float) -> None:  # noqa: ASYNC109 for each step
        talk = await self._open(server, timeout)
        try:
            await smtp.prove(talk)
        finally:
            smtp.leave(talk)

    async def _send(self, server: MailServer, letter: Letter, timeout: float) -> None:  # noqa: ASYNC109 for each step
        line = await self._begun(server, letter) or await self._begun_anew(server, letter, timeout)
        async with _given_up(line):
            await smtp.hand_over(line.talk, letter)
        line.letters += 1
        self._put_back(server, line)

    async def _begun(self, server: MailServer, letter: Letter) -> _Line | None:
        """The letter begun on an open connection; None when there is none, or the server has left it meanwhile."""
        idle = self._offices[server].idle
        while idle:
            line = idle.pop()
            try:
                async with _given_up(line):
                    await smtp.begin(line.talk, letter)
            except (aiosmtplib.SMTPServerDisconnected, OSError):
                continue
            except smtp.Declined as no:
                if no.refused.code != smtp.NOT_AVAILABLE:
                    raise
                continue
            return line
        return None

    async def _begun_anew(self, server: MailServer, letter: Letter, timeout: float) -> _Line:  # noqa: ASYNC109 for each step
        line = _Line(await self._open(server, timeout))
        async with _given_up(line):
            await smtp.begin(line.talk, letter)
        return line

    async def _open(self, server: MailServer, timeout: float) -> aiosmtplib.SMTP:  # noqa: ASYNC109 for each step
        office = self._offices[server]
        if office.proven:
            return await self._converse(server, office, timeout)
        arrived = time.monotonic()
        async with office.gate:
            if office.refused is not None and office.refused_at >= arrived:
                raise smtp.Declined(office.refused)
            return await self._converse(server, office, timeout)

    async def _converse(self, server: MailServer, office: _Office, timeout: float) -> aiosmtplib.SMTP:  # noqa: ASYNC109 for each step
        try:
            talk = await smtp.converse(server, self._policy, self._tls, timeout=timeout)
        except smtp.Declined as no:
            if no.refused.step == "login":
                office.proven, office.refused, office.refused_at = False, no.refused, time.monotonic()
            raise
        office.proven = True
        return talk

    def _put_back(self, server: MailServer, line: _Line) -> None:
        if line.letters >= LETTERS:
            smtp.leave(line.talk)
            return
        idle = self._offices[server].idle
        idle.append(line)
        asyncio.get_running_loop().call_later(IDLE_SECONDS, _expire, idle, line, line.letters)


@asynccontextmanager
async def _given_up(line: _Line) -> AsyncIterator[None]:
    """A connection on which something went wrong is not used again: what was refused is taken leave of, else it may hang."""
    try:
        yield
    except smtp.Declined:
        smtp.leave(line.talk)
        raise
    except BaseException:
        smtp.drop(line.talk)
        raise


def _expire(idle: list[_Line], line: _Line, letters: int) -> None:
    """Leave a connection that has carried nothing since."""
    if line in idle and line.letters == letters:
        idle.remove(line)
        smtp.leave(line.talk)


async def _as_value(doing: Coroutine[Any, Any, None], timeout: float) -> Posted:  # noqa: ASYNC109 the port's word
    try:
        with anyio.fail_after(timeout):
            await doing
    except smtp.Declined as no:
        return no.refused
    except smtp.Unprotected as trouble:
        return Insecure(detail=str(trouble))
    except RefusedAddress as trouble:
        return Broken(how="refused_address", detail=str(trouble))
    except TimeoutError:
        return Broken(how="timeout", detail="no answer in time")
    except smtp.Garbled:
        return Broken(how="protocol", detail="the answer is not SMTP")
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return _broken(error)
    return Accepted()


def _broken(error: Exception) -> Posted:
    """A `detail` says what happened and never to whom or in whose words, as in `breakage`."""
    match root_cause(error):
        case ssl.SSLCertVerificationError() as cause:
            return Insecure(detail=f"certificate refused: {certificate_detail(cause)}")
        case ssl.SSLError() as cause:
            return Insecure(detail=f"TLS failed: {tls_detail(cause)}")
        case socket.gaierror() as cause:
            return Broken(how="connect", detail=f"the host name does not resolve{resolver_detail(cause)}")
        case aiosmtplib.SMTPConnectError() | aiosmtplib.SMTPServerDisconnected() | ConnectionResetError():
            return Broken(how="disconnected", detail="disconnected before an answer")
        case OSError() as cause:
            return Broken(how="connect", detail=system_detail(cause) or "cannot connect")
        case _:
            return Broken(how="protocol", detail="a letter that SMTP cannot carry")


def _default_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
