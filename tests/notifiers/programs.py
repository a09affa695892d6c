"""A program that behaves as it is told: the receiver of the kind `command`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from poller.config.command import CommandConfig
from poller.core.delivery import Rejected
from poller.core.secret import Secret
from poller.notifiers.kinds import build
from poller.notifiers.ports import Notifier
from poller.testing.staging import Way

SCRIPT = """#!/bin/sh
cd "$(dirname "$0")"
cat > coming.$$ && mv coming.$$ told.$(date +%s%N).$$
case "$(cat way)" in
accepts) exit 0 ;;
later) exit 75 ;;
refuses) exit 1 ;;
hangs) sleep 600 & wait ;;
breaks) kill -KILL $$ ;;
floods) yes; yes >&2 ;;
echoes) env; env >&2; cat told.*; exit 1 ;;
esac
"""


def program(folder: Path, text: str, name: str = "tell") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def command(*argv: str, timeout: float = 5.0, **env: str) -> CommandConfig:
    secrets = {name: Secret(value) for name, value in env.items()}
    return CommandConfig(kind="command", command=argv, env=secrets, timeout=timeout)


def built(config: CommandConfig) -> Notifier:
    return build("stage", config, http=None, strict=None)  # type: ignore[arg-type]  # a command sends no request


@dataclass(kw_only=True)
class CommandStage:
    folder: Path
    secrets: Sequence[str] = ("program-token", "argument-token")
    refusal: type[Rejected] = Rejected

    def notifier(self, *, timeout: float) -> Notifier:
        return built(command(str(self.folder / "tell"), "argument-token", timeout=timeout, TOKEN="program-token"))

    async def behaves(self, way: Way) -> None:
        (self.folder / "way").write_text(way, encoding="utf-8")
        if way == "absent":
            (self.folder / "tell").unlink()

    async def told(self) -> Sequence[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.glob("told.*"))]


@asynccontextmanager
async def command_stage() -> AsyncIterator[CommandStage]:
    with TemporaryDirectory() as folder:
        program(Path(folder), SCRIPT)
        stage = CommandStage(folder=Path(folder))
        await stage.behaves("accepts")
        yield stage
