"""An operator at work: command lines in this process, against real files, and on request a daemon's API at its socket."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from poller.cli.main import run_command
from poller.store.store import Store, open_store
from tests.web.asking import Api, serving

# The secrets are not there: only commands that need them may notice.
CONFIG = """
[sources.prod]
kind = "metastudio-avatar"
region = "cn-north-4"
project_id = "0c12"
auth = { method = "token", token = { env = "NOT_SET" } }

[notifiers.hook]
kind = "webhook"
url = "https://example.com/hook"
secret = { env = "NOT_SET" }
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Works in `folder`, where `poller.toml` and the database are."""

    folder: Path
    capsys: pytest.CaptureFixture[str] = field(repr=False)
    monkeypatch: pytest.MonkeyPatch = field(repr=False)

    def __call__(self, *arguments: str, stdin: str | None = None) -> Ran:
        if stdin is not None:
            self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        self.capsys.readouterr()
        code = run_command(arguments)
        out, err = self.capsys.readouterr()
        assert "Traceback" not in err
        return Ran(code=code, out=out, err=err)

    def configure(self, text: str = CONFIG) -> None:
        (self.folder / "poller.toml").write_text(text)

    def fill(self, fill: Callable[[Store], Any]) -> None:
        """Have `fill` write to the database, as a daemon would that is stopped afterwards."""

        async def filled() -> None:
            async with open_store(self.folder / "poller.db") as store:
                await fill(store)

        anyio.run(filled)

    @contextmanager
    def daemon(self) -> Iterator["Daemon"]:
        """A daemon's API at the control socket, in a thread of its own."""
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving(self.folder)) as api:
            yield Daemon(portal=portal, api=api)


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """What runs behind the socket."""

    portal: BlockingPortal
    api: Api

    def do(self, action: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """Call an async function of the tests with the store, in the daemon's thread."""
        return self.portal.call(partial(action, self.api.store, *arguments, **more))
