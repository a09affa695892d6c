"""What the README tells a newcomer to do works as it stands there."""

import json
import re
from pathlib import Path

import pytest

from poller import __version__
from poller.cli.main import run_command
from poller.config import load
from tests.config.samples import KEY
from tests.docs.pages import README, ROOT, blocks, read, sections

PARTS = sections(read(README), 2)
LINES = [line.removeprefix("$ ") for block in blocks(read(README), "console") for line in block.text.splitlines()]


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The README's configuration as poller.toml of the working directory, with throw-away secrets."""
    (block,) = blocks(PARTS["Configure"], "toml")
    (tmp_path / "poller.toml").write_text(block.text, encoding="utf-8")
    for name, value in {"sk": "throw-away", "hook": KEY}.items():
        (tmp_path / name).write_text(value, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", "throw-away")
    for name in ("POLLER_CONFIG", "STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def environ(folder: Path) -> dict[str, str]:
    return {"CREDENTIALS_DIRECTORY": str(folder), "HUAWEICLOUD_SDK_AK": "throw-away"}


def test_its_configuration_loads(configured: Path) -> None:
    config = load(configured / "poller.toml", environ=environ(configured))

    assert config.sources["prod"].jobs == ("efc5300ecdba4ea48d1ff13a9d907bc0",)
    assert config.routes[0].notify == ("backend",)


def test_every_make_target_that_it_names_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {line.split()[1] for line in LINES if line.startswith("make ")}

    assert {"demo", "test", "check", "bench", "deb"} <= named
    assert named <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_the_wheel_that_it_installs_is_this_version() -> None:
    assert [line for line in LINES if line.endswith(f"install dist/poller-{__version__}-py3-none-any.whl")]


def test_the_check_finds_its_configuration_good(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "poller check" in LINES

    assert run_command(["check"]) == 0
    assert "throw-away" not in "".join(capsys.readouterr())


def test_a_mistake_is_reported_with_its_place(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = configured / "poller.toml"
    file.write_text(file.read_text().replace('method = "aksk"', 'method = "askk"').replace("project_id", "projekt_id"))

    assert run_command(["check"]) == 2
    said = capsys.readouterr().err
    assert "sources.prod.auth.method" in said
    assert "sources.prod.project_id" in said


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "poller config schema" in LINES

    assert run_command(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "poller.toml"


def test_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "`poller --help`" in PARTS["Install"]

    assert run_command(["--help"]) == 0
    assert "deliveries" in capsys.readouterr().out


def test_a_changing_command_without_the_daemon_ends_with_the_exit_code_that_is_written(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "3 the daemon that the command needs is not running" in " ".join(PARTS["Operate"].split())

    assert run_command(["jobs", "add", "prod", "efc5300ecdba4ea48d1ff13a9d907bc0"]) == 3
    assert "poller run" in capsys.readouterr().err
