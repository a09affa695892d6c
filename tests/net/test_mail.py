"""Letters to real mail servers: secured or not at all, one try of a password, and nothing of what a server says is kept."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio
import pytest

from poller.core.exchange import Broken
from poller.core.letter import Accepted, Insecure, Letter, MailServer, Posted, Refused, Security, Step
from poller.core.secret import Secret
from poller.net import mail as mail_module
from poller.net.guard import Policy
from poller.net.mail import Mail
from tests.notifiers.mailserver import PASSWORD, USER, Got, serving, trusting

LETTER = Letter(sender="poller@example.com", recipient="ops@example.com", content=b"Subject: x\r\n\r\n.hello\r\n")
REPLIES = {
    "EHLO": b"250 mail",
    "MAIL": b"250 ok",
    "RCPT": b"250 ok",
    "DATA": b"354 go",
    ".": b"250 taken",
    "NOOP": b"250 ok",
}


def server(port: int, security: Security = "none", *, host: str = "localhost", login: bool = False) -> MailServer:
    return MailServer(
        host=host,
        port=port,
        security=security,
        username=USER if login else None,
        password=Secret(PASSWORD) if login else None,
        greeting="example.com",
    )


async def sent(mail: Mail, to: MailServer, letter: Letter = LETTER, *, seconds: float = 5.0) -> Posted:
    with anyio.fail_after(10):
        return await mail.send(to, letter, timeout=seconds)


@pytest.fixture
async def mail() -> AsyncIterator[Mail]:
    async with Mail(tls=trusting()) as opened:
        yield opened


@dataclass
class Script:
    """A server that says what it is told, line for line; `heard` is what came."""

    replies: dict[str, bytes]
    greeting: bytes = b"220 mail"
    port: int = 0
    heard: list[str] = field(default_factory=list)
    gone: anyio.Event = field(default_factory=anyio.Event)
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            await self._talk(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()
            self.open.discard(writer)
            self.gone.set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.greeting:
            writer.write(self.greeting + b"\r\n")
        in_letter = False
        while line := await reader.readline():
            word = line.decode("latin-1").strip()
            if in_letter and word != ".":
                continue
            self.heard.append(word)
            verb = word.split(" ", maxsplit=1)[0]
            reply = self.replies.get(verb, b"")
            in_letter = verb == "DATA" and reply.startswith(b"3")
            if reply == b"cut":
                break
            writer.write(reply + b"\r\n" if reply else b"")


@asynccontextmanager
async def scripted(greeting: bytes = b"220 mail", **replies: bytes) -> AsyncIterator[Script]:
    script = Script(replies=REPLIES | replies, greeting=greeting)
    listener = await asyncio.start_server(script.talk, "127.0.0.1", 0)
    script.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield script
        for writer in list(script.open):
            writer.transport.abort()
        with anyio.fail_after(5):
            while script.open:  # noqa: ASYNC110 each ends by itself
                await anyio.sleep(0.001)


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
async def test_a_letter_arrives_as_it_is_whatever_secures_the_connection(mail: Mail, security: Security) -> None:
    async with serving(security) as receiver:
        assert await sent(mail, server(receiver.port, security, login=True)) == Accepted()
    assert receiver.got == [
        Got(
            sender=LETTER.sender,
            recipient=LETTER.recipient,
            content=LETTER.content,
            secure=security != "none",
            login=USER,
        )
    ]


async def test_without_a_username_nobody_logs_in(mail: Mail) -> None:
    async with serving("none", credentials=False) as receiver:
        assert await sent(mail, server(receiver.port)) == Accepted()
    assert [one.login for one in receiver.got] == [None]


async def test_a_server_without_starttls_hears_neither_password_nor_letter(mail: Mail) -> None:
    async with scripted(EHLO=b"250-mail\r\n250 AUTH PLAIN") as script:
        posted = await sent(mail, server(script.port, "starttls", login=True))
        await script.gone.wait()
    assert posted == Insecure(detail="the server offers no STARTTLS")
    assert script.heard in (["EHLO example.com"], ["EHLO example.com", "QUIT"])


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(security: Security) -> None:
    async with serving(security) as receiver, Mail() as mail:
        posted = await sent(mail, server(receiver.port, security, login=True))
    assert isinstance(posted, Insecure)
    assert "certificate refused: self-signed certificate" in posted.detail
    assert receiver.logins == 0


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_of_another_host_is_refused(security: Security) -> None:
    async with serving(security) as receiver, Mail(tls=trusting()) as mail:
        posted = await sent(mail, server(receiver.port, security, host="127.0.0.2", login=True))
    # Nothing listens there on some systems; where all of 127/8 is the loopback the certificate is for another host.
    assert posted in (
        Insecure(detail="certificate refused: it is for another host name"),
        Broken(how="connect", detail="connection refused"),
    )
    assert receiver.logins == 0


async def test_a_server_that_does_not_speak_tls_is_said_to(mail: Mail) -> None:
    async with scripted() as script:
        posted = await sent(mail, server(script.port, "tls"))
    assert isinstance(posted, Insecure)
    assert posted.detail.startswith("TLS failed: ")


@pytest.mark.parametrize(
    ("methods", "heard"),
    [("PLAIN LOGIN CRAM-MD5", "AUTH CRAM-MD5"), ("LOGIN PLAIN", "AUTH PLAIN"), ("LOGIN", "AUTH LOGIN")],
)
async def test_a_refused_password_is_tried_once_by_one_method(mail: Mail, methods: str, heard: str) -> None:
    async with scripted(EHLO=f"250-mail\r\n250 AUTH {methods}".encode(), AUTH=b"535 5.7.8 no") as script:
        posted = await sent(mail, server(script.port, login=True))
    assert posted == Refused(step="login", code=535, enhanced="5.7.8")
    assert [line.startswith(heard) for line in script.heard if line.startswith("AUTH")] == [True]


async def test_over_tls_the_password_goes_by_the_method_that_every_server_has(mail: Mail) -> None:
    async with serving("starttls") as receiver:
        receiver.password = "another"
        assert await sent(mail, server(receiver.port, "starttls", login=True)) == Refused(
            step="login", code=535, enhanced="5.7.8"
        )
    assert receiver.logins == 1


async def test_a_server_that_lets_nobody_log_in_is_said_to(mail: Mail) -> None:
    async with scripted() as script:
        posted = await sent(mail, server(script.port, login=True))
    assert posted == Insecure(detail="the server offers no way to log in that is known here")


async def test_what_waited_behind_a_refused_password_does_not_try_it_again(mail: Mail) -> None:
    posted: list[Posted] = []
    async with serving("starttls") as receiver:
        receiver.password = "another"

        async def send() -> None:
            posted.append(await sent(mail, server(receiver.port, "starttls", login=True)))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(send)
        assert receiver.logins == 1
        receiver.password = PASSWORD
        assert await sent(mail, server(receiver.port, "starttls", login=True)) == Accepted()
    assert posted == [Refused(step="login", code=535, enhanced="5.7.8")] * 8


STEPS: list[tuple[Step, dict[str, bytes]]] = [
    ("hello", {"EHLO": b"%d 5.0.0 no"}),
    ("sender", {"MAIL": b"%d 5.0.0 no"}),
    ("recipient", {"RCPT": b"%d 5.0.0 no"}),
    ("content", {"DATA": b"%d 5.0.0 no"}),
    ("content", {".": b"%d 5.0.0 no"}),
]


@pytest.mark.parametrize("code", [421, 450, 451, 452, 500, 530, 550, 551, 552, 553, 554, 599])
@pytest.mark.parametrize(
    ("step", "replies"), STEPS, ids=lambda value: "-".join(value) if isinstance(value, dict) else value
)
async def test_every_refusal_is_told_with_its_step_and_code(
    mail: Mail, step: Step, replies: dict[str, bytes], code: int
) -> None:
    async with scripted(**{verb: reply % code for verb, reply in replies.items()}) as script:
        assert await sent(mail, server(script.port)) == Refused(step=step, code=code, enhanced="5.0.0")


async def test_a_greeting_that_refuses_is_told(mail: Mail) -> None:
    async with scripted(b"554 not you") as script:
        assert await sent(mail, server(script.port)) == Refused(step="greeting", code=554)


@pytest.mark.parametrize(
    ("greeting", "replies", "posted"),
    [
        (b"HTTP/1.1 400 Bad Request", {}, Broken(how="protocol", detail="the answer is not SMTP")),
        (b"220 mail", {"EHLO": b"hello"}, Broken(how="protocol", detail="the answer is not SMTP")),
        (b"220 mail", {"EHLO": b"250-" + b"x" * 40_000}, Broken(how="protocol", detail="the answer is not SMTP")),
        (b"220 mail", {"RCPT": b"999 what"}, Broken(how="protocol", detail="the answer is not SMTP")),
        (b"220 mail", {"MAIL": b"cut"}, Broken(how="disconnected", detail="disconnected before an answer")),
        (b"220 mail", {".": b"cut"}, Broken(how="disconnected", detail="disconnected before an answer")),
        (b"220 mail", {"EHLO": b"cut"}, Broken(how="disconnected", detail="disconnected before an answer")),
        (b"220 mail", {"RCPT": b""}, Broken(how="timeout", detail="no answer in time")),
        (b"", {}, Broken(how="timeout", detail="no answer in time")),
    ],
    ids=["http", "no code", "endless", "odd code", "cut", "cut at the end", "cut at the start", "hangs", "silent"],
)
async def test_what_is_no_answer_is_told_as_such(
    mail: Mail, greeting: bytes, replies: dict[str, bytes], posted: Posted
) -> None:
    async with scripted(greeting, **replies) as script:
        assert await sent(mail, server(script.port), seconds=0.3) == posted
        with anyio.fail_after(5):
            await script.gone.wait()


async def test_nobody_listens_or_the_name_does_not_resolve(mail: Mail) -> None:
    assert await sent(mail, server(1)) == Broken(how="connect", detail="connection refused")
    unknown = await sent(mail, server(25, host="nowhere.invalid"))
    assert isinstance(unknown, Broken)
    assert unknown.detail.startswith("the host name does not resolve")


@pytest.mark.parametrize("host", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.0.1", "0xA9FEA9FE"])
async def test_addresses_of_the_cloud_are_never_connected_to(mail: Mail, host: str) -> None:
    posted = await sent(mail, server(25, host=host), seconds=1.0)
    assert isinstance(posted, Broken)
    assert posted.how == "refused_address"


async def test_only_public_addresses_if_that_is_the_policy() -> None:
    async with scripted() as script, Mail(Policy(public_only=True)) as mail:
        assert await sent(mail, server(script.port)) == Broken(how="refused_address", detail="loopback address")
    assert script.heard == []


async def test_letters_that_follow_one_another_share_a_connection_up_to_a_bound(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "LETTERS", 3)
    async with serving("none") as receiver:
        for _ in range(7):
            assert await sent(mail, server(receiver.port, login=True)) == Accepted()
    assert (receiver.connections, len(receiver.got)) == (3, 7)


async def test_a_connection_that_nobody_uses_is_left(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_module, "IDLE_SECONDS", 0.05)
    async with scripted() as script:
        assert await sent(mail, server(script.port)) == Accepted()
        with anyio.fail_after(5):
            await script.gone.wait()
    assert script.heard[-1] == "QUIT"


async def test_a_connection_that_the_server_has_left_meanwhile_costs_no_letter(mail: Mail) -> None:
    async with scripted() as script:
        to = server(script.port)
        assert await sent(mail, to) == Accepted()
        script.replies["MAIL"] = b"cut"
        first = script.heard.count("EHLO example.com")
        assert isinstance(await sent(mail, to), Broken)  # the open one is cut, and so is the new one
        script.replies["MAIL"] = b"421 4.4.2 idle too long"
        assert await sent(mail, to) == Refused(step="sender", code=421, enhanced="4.4.2")
        script.replies["MAIL"] = b"250 ok"
        assert await sent(mail, to) == Accepted()
        script.replies["MAIL"] = b"250 ok"
    assert (first, script.heard.count("EHLO example.com")) == (1, 4)


async def test_a_refused_recipient_does_not_harm_the_next(mail: Mail) -> None:
    async with scripted(RCPT=b"550 5.1.1 no") as script:
        assert isinstance(await sent(mail, server(script.port)), Refused)
        script.replies["RCPT"] = b"250 ok"
        assert await sent(mail, server(script.port)) == Accepted()


async def test_proving_sends_nothing(mail: Mail) -> None:
    async with serving("starttls") as receiver:
        assert await mail.prove(server(receiver.port, "starttls", login=True), timeout=5.0) == Accepted()
        wrong = replace(server(receiver.port, "starttls", login=True), password=Secret("wrong"))
        assert await mail.prove(wrong, timeout=5.0) == Refused(step="login", code=535, enhanced="5.7.8")
    assert receiver.got == []


async def test_a_letter_that_smtp_cannot_carry_is_no_bug(mail: Mail) -> None:
    async with scripted() as script:
        posted = await sent(mail, server(script.port), replace(LETTER, recipient="é@example.com"))
    assert posted == Broken(how="protocol", detail="a letter that SMTP cannot carry")
    assert not any(line.startswith("DATA") for line in script.heard)


def test_the_roots_are_the_systems_and_old_tls_is_not_spoken() -> None:
    context = mail_module._default_tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
