from pathlib import Path

import pytest

from tests.cli.operating import Operator


@pytest.fixture
def poller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    """The command, in an empty folder with a configuration."""
    monkeypatch.chdir(tmp_path)
    for name in ("POLLER_CONFIG", "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "NOT_SET"):
        monkeypatch.delenv(name, raising=False)
    operator = Operator(folder=tmp_path, capsys=capsys, monkeypatch=monkeypatch)
    operator.configure()
    return operator
