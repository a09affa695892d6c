"""A real SMTP server on the loopback (aiosmtpd) that misbehaves as it is told."""

import asyncio
import logging
import ssl
import warnings
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.lowlevel
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from poller.config.email import EmailConfig
from poller.core.delivery import Rejected
from poller.core.letter import Security
from poller.core.secret import Secret
from poller.net.mail import Mail
from poller.notifiers.kinds import build
from poller.notifiers.ports import Notifier
from poller.testing.staging import Way

CERTIFICATE = Path(__file__).parent.parent / "net" / "self_signed.pem"  # of localhost and 127.0.0.1
USER, PASSWORD = "poller", "mail-password-1"
SENDER, RECIPIENT = "poller@example.com", "ops@example.com"
logging.getLogger("mail").setLevel(
    logging.CRITICAL
)  # aiosmtpd would log every line, and a test looks for leaks of ours


@dataclass(frozen=True, kw_only=True)
class Got:
    sender: str
    recipient: str
    content: bytes
    secure: bool
    login: str | None


@dataclass
class MailServer:
    """`answers` are what MAIL, RCPT, DATA, EHLO and NOOP are answered with; a hook of aiosmtpd each."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    way: Way = "accepts"
    connections: int = 0
    logins: int = 0
    password: str = PASSWORD
    trouble: Callable[[], str] = field(default=lambda: "")  # asked at each mail: "lost" takes it and does not say so

    async def handle_EHLO(self, server: SMTP, session: Session, _: Envelope, name: str, said: list[str]) -> list[str]:  # noqa: N802 aiosmtpd's word
        session.host_name = name
        self.connections += 1
        return [self.answers["EHLO"]] if "EHLO" in self.answers else said

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, sender: str, ___: list[str]) -> str:  # noqa: N802
        envelope.mail_from = sender
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _: SMTP, session: Session, envelope: Envelope, to: str, __: list[str]) -> str:  # noqa: N802
        if self.way == "echoes":
            return f"550 5.1.1 {envelope.mail_from} {to} {session.auth_data} {session.host_name} {PASSWORD} 13800138000"
        envelope.rcpt_tos.append(to)
        ways = {"later": "451 4.7.1 come back later", "refuses": "550 5.1.1 nobody of this name"}
        return self.answers.get("RCPT", ways.get(self.way, "250 OK"))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        if self.trouble() == "later":
            return "451 4.3.0 come back later"
        match self.way:
            case "hangs":
                await anyio.sleep(600)
            case "breaks":
                _wire(server).abort()
            case "floods":
                while not _wire(server).is_closing():
                    _wire(server).write(b"250-" + b"x" * 4000 + b"\r\n")
                    await asyncio.sleep(0)
        if "DATA" not in self.answers:
            known: Any = session.auth_data
            login = known.login.decode() if isinstance(known, LoginPassword) else None
            secure = _wire(server).get_extra_info("sslcontext") is not None
            self.got += [
                Got(sender=envelope.mail_from or "", recipient=to, content=envelope.content, secure=secure, login=login)
                for to in envelope.rcpt_tos
            ]
        if self.trouble() == "lost":
            _wire(server).abort()
        return self.answers.get("DATA", "250 2.0.0 taken")

    async def handle_NOOP(self, *_: Any) -> str:  # noqa: N802
        return self.answers.get("NOOP", "250 OK")

    def log_in(self, _: SMTP, __: Session, ___: Envelope, ____: str, data: Any) -> AuthResult:
        self.logins += 1
        right = data == LoginPassword(USER.encode(), self.password.encode())
        return AuthResult(
            success=right, handled=False, message=None if right else f"535 5.7.8 not {data!r}", auth_data=data
        )


def _wire(server: SMTP) -> asyncio.Transport:
    return cast("asyncio.Transport", server.transport)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


@asynccontextmanager
async def serving(
    security: Security = "starttls", *, credentials: bool = True, **more: Any
) -> AsyncIterator[MailServer]:
    """A server with this way to secure a connection; with `credentials` it takes mails only from who has logged in."""
    state = MailServer()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    settings: dict[str, Any] = {
        "hostname": "mail.example.com",
        "tls_context": tls if security == "starttls" else None,
        "require_starttls": security == "starttls",
        "auth_required": credentials,
        "auth_require_tls": security == "starttls",
        "authenticator": state.log_in if credentials else None,
        **more,
    }
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of passwords in the clear, which some of the tests are about
            sessions.append(SMTP(state, loop=loop, **settings))
        return sessions[-1]

    listener = await loop.create_server(session, "127.0.0.1", 0, ssl=tls if security == "tls" else None)
    state.port = listener.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        listener.close()
        for one in sessions:
            if isinstance(one.transport, asyncio.WriteTransport):
                one.transport.abort()
        await anyio.lowlevel.checkpoint()


def email(port: int, *, timeout: float = 5.0, **more: Any) -> EmailConfig:
    settings: dict[str, Any] = {
        "kind": "email",
        "server": f"smtp://localhost:{port}",
        "username": USER,
        "password": Secret(PASSWORD),
        "from": SENDER,
        "to": (RECIPIENT,),
        "timeout": timeout,
    }
    return EmailConfig(**(settings | more))


@dataclass(kw_only=True)
class MailStage:
    server: MailServer
    mail: Mail
    port: int
    secrets: Sequence[str] = (
        PASSWORD,
        b64encode(PASSWORD.encode()).decode(),
        b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
    )
    refusal: type[Rejected] = Rejected

    def notifier(self, *, timeout: float) -> Notifier:
        return build("stage", email(self.port, timeout=timeout), http=None, strict=None, mail=self.mail)  # type: ignore[arg-type]  # a mail is no HTTP request

    async def behaves(self, way: Way) -> None:
        self.server.way = way
        self.port = 1 if way == "absent" else self.server.port

    async def told(self) -> Sequence[bytes]:
        return [one.content for one in self.server.got]


@asynccontextmanager
async def email_stage() -> AsyncIterator[MailStage]:
    async with serving() as server, Mail(tls=trusting()) as mail:
        yield MailStage(server=server, mail=mail, port=server.port)
