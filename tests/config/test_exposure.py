"""Files with secrets in them that too many people can read are named, with the remedy; never what is in them."""

import os
from pathlib import Path

import pytest

from poller.config import load, load_and_inspect

CONFIG = """
[sources.prod]
kind = "metastudio-avatar"
region = "cn-north-4"
project_id = "0c12"
auth = { method = "token", token = TOKEN }
"""


def found(folder: Path, token: str, *, config: int = 0o600, secret: int = 0o600) -> list[str]:
    (folder / "secret").write_text("hunter2hunter2")
    (folder / "secret").chmod(secret)
    file = folder / "poller.toml"
    file.write_text(CONFIG.replace("TOKEN", token))
    file.chmod(config)
    loaded, exposed = load_and_inspect(file, environ={"TOKEN": "hunter2hunter2"})
    assert loaded == load(file, environ={"TOKEN": "hunter2hunter2"})
    assert "hunter2" not in "".join(exposed)
    return list(exposed)


def test_a_secret_file_that_everybody_can_read_is_named_with_the_remedy(tmp_path: Path) -> None:
    [said] = found(tmp_path, '{ file = "secret" }', secret=0o644)
    assert said == (
        f"{tmp_path}/secret holds a secret, and everybody on this machine can get at it (mode 0644): chmod o= {tmp_path}/secret"
    )


def test_a_configuration_with_a_plain_secret_that_everybody_can_read_is_named(tmp_path: Path) -> None:
    [said] = found(tmp_path, '"hunter2hunter2"', config=0o644)
    assert said.startswith(f"{tmp_path}/poller.toml holds a secret, and everybody")


@pytest.mark.parametrize("token", ['{ file = "secret" }', '{ env = "TOKEN" }'])
def test_a_configuration_without_a_plain_secret_may_be_read_by_everybody(tmp_path: Path, token: str) -> None:
    assert found(tmp_path, token, config=0o644) == []


def test_a_group_may_read_a_file_of_root_and_no_file_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert found(tmp_path, '{ file = "secret" }', secret=0o640) == []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert found(tmp_path, '{ file = "secret" }', secret=0o640) == []


def test_a_file_of_mine_that_its_group_can_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() == 0:
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        (tmp_path / "poller.toml").touch()
        os.chown(tmp_path / "poller.toml", 4711, 4711)
    [said] = found(tmp_path, '"hunter2hunter2"', config=0o640)
    assert "poller.toml holds a secret, and its group can get at it (mode 0640): chmod go= " in said


def test_files_that_are_kept_well_are_not_spoken_of(tmp_path: Path) -> None:
    assert found(tmp_path, '{ file = "secret" }') == []
    assert found(tmp_path, '"hunter2hunter2"') == []
