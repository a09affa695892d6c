"""One run in which markers are planted everywhere, and all that came out of it, by the way it came out."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from poller.cli.control import Control
from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.notifiers.mailserver import serving
from tests.process import planted
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.echoes import STATUSES, talkative_receiver, talkative_upstream
from tests.process.settings import Tables, every, source, webhook
from tests.web.test_listener import free_port

JOB: Final = "planted"
KEPT: Final = "planted-kept"
BACKUP: Final = "copy-of-the-database"
READING: Final = (
    "jobs list",
    "jobs list --json",
    f"jobs show keys {JOB}",
    f"jobs show keys {JOB} --json",
    f"jobs explain keys {JOB}",
    f"jobs explain keys {JOB} --json",
    "jobs explain keys echo-401 --json",
    "jobs explain locked planted --json",
    "events",
    "events --json",
    "deliveries list",
    "deliveries list --json",
    "deliveries show 1",
    "deliveries show 1 --json",
    "db status",
    f"db backup {BACKUP}",
    "plan",
    "silence list",
    "config schema",
    "check",
    "check --online",
)
ASKING: Final = (
    ("status",),
    ("jobs",),
    ("jobs", "keys", JOB),
    ("jobs", "keys", "echo-401"),
    ("jobs", "locked", JOB),
    ("events",),
    ("deliveries",),
    ("deliveries", "1"),
)
PAGES: Final = (
    "/",
    "/metrics",
    "/healthz",
    "/readyz",
    "/api/v1/openapi.json",
    "/api/v1/status",
    "/api/v1/daemons",
    "/api/v1/batches",
)
_COMMANDS: Final = """
import json, sys
from poller.cli.main import run_command
for line in json.load(sys.stdin):
    print("$", line, flush=True)
    print("exit", run_command(line.split()), flush=True)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """`rows` are the database's values, decoded; `sent` are the credentials that went over the wire, as markers."""

    database: bytes
    rows: bytes
    log: bytes
    bodies: bytes
    headers: list[tuple[str, dict[str, str]]]
    commands: dict[str, bytes]
    answers: bytes
    pages: dict[str, bytes]
    backup: bytes
    sent: dict[str, str]


async def gather(folder: Path) -> Evidence:
    """Run, wait until everything planted has had its chance to leak, and look everywhere."""
    world = World()
    for job_id in (JOB, *(f"echo-{status}" for status in STATUSES)):
        planted.plant(world, job_id)
    planted.plant(world, KEPT, contact=planted.KEPT_PHONE)
    async with (
        running_simulator(world, accepted=planted.ACCEPTED) as simulator,
        running_receiver(planted.SIGNING) as receiver,
        talkative_upstream(simulator) as upstream,
        talkative_receiver(receiver) as hook,
        serving("none") as mail,
        # Development mode: all that the interpreter and its libraries would say.
        daemon_in(folder, {"PYTHONDEVMODE": "1"}) as daemon,
    ):
        daemon.write(
            sources=_sources(source(simulator, endpoint=upstream.url)),
            notifiers={**_notifiers(hook.url), "mail": _mail(mail.port)},
            web={"listen": f"127.0.0.1:{free_port()}", "token": planted.WEB_TOKEN},
            heartbeat={"url": f"{hook.url}/echo/500/{planted.HEARTBEAT}", "every": "1s"},
        )
        await daemon.start()
        await until(lambda: _had_its_chance(daemon), 60.0)
        async with daemon.control() as client:
            answers, pages = await _answers(client), await _pages(client)
        commands = await anyio.to_thread.run_sync(_commands, daemon)
        database = _bytes(daemon)
        rows = "\n".join(_rows(daemon.database)).encode()
        exit_code = await daemon.stop()
        assert exit_code == 0, exit_code
        database += _bytes(daemon)
        return Evidence(
            database=database,
            rows=rows,
            log=daemon.log.encode(),
            bodies=b"\n".join(hook.bodies),
            headers=hook.headers,
            commands=commands,
            answers=answers,
            pages=pages,
            backup=(folder / BACKUP).read_bytes(),
            sent=planted.sent_credentials(upstream.headers),
        )


def _sources(usual: Tables) -> Tables:
    right, password = planted.ACCEPTED, {"method": "password", "user": "simulated-user", "domain": "simulated-domain"}
    keys = {
        "method": "aksk",
        "access_key": right.access_key,
        "secret_key": right.secret_key,
        "security_token": right.security_token,
    }
    auths = {
        "keys": keys,
        "locked": {**keys, "access_key": "OTHERKEY", "secret_key": planted.WRONG_KEY},
        "token": {"method": "token", "token": right.token},
        "stale": {"method": "token", "token": planted.WRONG_TOKEN},
        "letters": {"method": "token", "token": planted.LETTERS_TOKEN},
        "fetched": {**password, "password": right.password, "endpoint": usual["endpoint"]},
        "mistyped": {**password, "user": "other", "password": planted.WRONG_PASSWORD, "endpoint": usual["endpoint"]},
        "keeping": keys,
    }
    tables = {name: {**usual, "auth": auth, "jobs": [JOB], "every": every("500ms")} for name, auth in auths.items()}
    echoes = [f"echo-{status}" for status in STATUSES]
    tables["keys"]["jobs"] = tables["token"]["jobs"] = tables["fetched"]["jobs"] = [JOB, *echoes]
    tables["letters"]["jobs"] = ["echo-400", "echo-401", "echo-403", "echo-500"]
    tables["keeping"].update(jobs=[KEPT], keep_fields=["contact"])
    return tables


def _notifiers(url: str) -> Tables:
    secret_url = f"{planted.URL_PATH}?key={planted.URL_QUERY}"
    host = url.removeprefix("http://")
    targets = {
        "good": f"{url}/{secret_url}",
        "errors": f"{url}/echo/500/{secret_url}",
        "moved": f"{url}/echo/302/{secret_url}",
        "gone": f"{url}/echo/410/{secret_url}",
        "closed": f"http://127.0.0.1:1/{secret_url}",
        "nowhere": f"http://nowhere.invalid/{secret_url}",
        "metadata": f"http://169.254.169.254/{secret_url}",
        "untls": f"https://{host}/{secret_url}",
    }
    headers = {"X-Team": planted.HEADER}
    return {
        name: webhook(target, secret=planted.SIGNING, headers=headers, retry=["100ms"], ordered=False)
        for name, target in targets.items()
    }


def _mail(port: int) -> Tables:
    """A server that repeats the password which it refuses."""
    return {
        "kind": "email",
        "server": f"smtp://127.0.0.1:{port}",
        "starttls": "never",
        "username": planted.MAIL_USER,
        "password": planted.MAIL_PASSWORD,
        "from": "poller@example.com",
        "to": ["ops@example.com"],
    }


async def _had_its_chance(daemon: Daemon) -> bool:
    """Every bad notifier has dead deliveries, every wrong credential was refused for good, every echo was heard."""
    async with daemon.control() as client:
        blind = {item["data"]["source"] for item in await _items(client, "events", transition="BLIND")}
        dead = {item["notifier"] for item in await _items(client, "deliveries", state="dead")}
        disabled = await _items(client, "events", transition="DISABLED")
        heard = {(job["source"], job["job_id"]) for job in await _items(client, "jobs") if job["last_error"]}
        watched = {item["data"]["source"] for item in await _items(client, "events", transition="WATCHED")}
    echoes = {("token", "echo-400"), ("token", "echo-403"), ("token", "echo-409"), ("fetched", "echo-403")}
    return (
        {"locked", "stale", "letters", "mistyped"} <= blind
        and {"errors", "moved", "closed", "nowhere", "metadata", "untls"} <= dead
        and bool(disabled)
        and "the notifier cannot work" in daemon.log
        and "the heartbeat does not arrive" in daemon.log
        and echoes <= heard
        and {"keys", "token", "fetched", "keeping"} <= watched
    )


async def _items(client: Control, what: str, **query: object) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get(what, limit=1000, **query))["items"]
    return items


async def _pages(client: Control) -> dict[str, bytes]:
    """What people and Prometheus see."""
    found = {}
    for path in PAGES:
        async with client._session.get(f"http://poller{path}") as answer:
            found[path] = await answer.read()
    return found


async def _answers(client: Control) -> bytes:
    found = [await client.get(*path) for path in ASKING]
    return json.dumps(found, ensure_ascii=False).encode()


def _commands(daemon: Daemon) -> dict[str, bytes]:
    """Each command's output and errors, run one after the other by one interpreter."""
    lines = [f"--config {daemon.config} {line}" for line in READING]
    done = subprocess.run(
        [sys.executable, "-c", _COMMANDS],
        input=json.dumps(lines).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=daemon.folder,
        env={**daemon.environ, "COLUMNS": "4000"},
        check=True,
    )
    parts = done.stdout.split(b"$ --config ")[1:]
    return dict(zip(READING, parts, strict=True))


def _bytes(daemon: Daemon) -> bytes:
    """The database, its journal and whatever else lies beside it, logs and configuration excepted."""
    return b"".join(file.read_bytes() for file in sorted(daemon.folder.glob("poller.db*")))


def _rows(database: Path) -> Iterator[str]:
    """Every value of every table, JSON decoded, so that no escape hides anything."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    yield from _leaves(value)
    finally:
        connection.close()


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        value = json.loads(value)
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield str(value)
