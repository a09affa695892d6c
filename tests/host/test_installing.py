"""A service of poller in the folder of an image: what is written, left alone, refused. systemd itself judges the unit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poller.cli.main import run_command
from poller.config import load
from poller.errors import PollerError
from poller.host.installing import install
from poller.host.units import command, drop_ins, shipped, unit

PROGRAM = Path("/opt/other/bin/poller")
PYTHON = Path("/usr/bin/python3")
EXPOSURE = 1.2  # the worst that `systemd-analyze security` may say
analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def steps(root: Path, version: int = 252) -> list[str]:
    return list(install(PROGRAM, PYTHON, root=root, version=version))


def files(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_everything_is_written_and_runs_this_program(tmp_path: Path) -> None:
    assert all(step.startswith("written: ") for step in steps(tmp_path))
    written = files(tmp_path)
    assert set(written) == {
        "etc/poller/poller.toml",
        "etc/sysusers.d/poller.conf",
        "etc/systemd/system/poller.service",
        "usr/local/bin/poller",
    }
    assert "ExecStart=/opt/other/bin/poller run" in written["etc/systemd/system/poller.service"]
    assert "exec /opt/other/bin/poller" in written["usr/local/bin/poller"]
    assert (tmp_path / "etc/poller/poller.toml").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "etc/poller").stat().st_mode & 0o777 == 0o750
    assert os.access(tmp_path / "usr/local/bin/poller", os.X_OK)


def test_done_twice_it_is_done_once_and_what_the_operator_wrote_stays(tmp_path: Path) -> None:
    steps(tmp_path)
    (tmp_path / "etc/poller/poller.toml").write_text("# mine")
    (tmp_path / "etc/systemd/system/poller.service").write_text("# of an older version")
    before = files(tmp_path)
    again = steps(tmp_path)
    assert f"replaced: {tmp_path / 'etc/systemd/system/poller.service'}" in again
    assert f"left as it is: {tmp_path / 'etc/poller/poller.toml'}" in again
    after = files(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"etc/systemd/system/poller.service"}
    assert not any(step.startswith(("written", "replaced")) for step in steps(tmp_path))


def test_a_command_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "usr/local/bin/poller"
    other.parent.mkdir(parents=True)
    other.write_text("#!/bin/sh\n# an election program\n")
    assert f"left as it is: {other}" in steps(tmp_path)
    assert "election" in other.read_text()


@pytest.mark.parametrize(
    ("version", "names"), [(252, []), (253, ["systemd-253.conf"]), (257, ["systemd-253.conf", "systemd-254.conf"])]
)
def test_each_version_of_systemd_gets_the_drop_ins_that_it_knows(
    tmp_path: Path, version: int, names: list[str]
) -> None:
    steps(tmp_path, version=257)
    steps(tmp_path, version=version)
    folder = tmp_path / "etc/systemd/system/poller.service.d"
    assert sorted(path.name for path in folder.iterdir()) == names == sorted(drop_ins(version))


def test_a_program_in_a_home_folder_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(PollerError, match=r"is in a home folder, .* below /opt"):
        list(install(Path("/home/me/venv/bin/poller"), PYTHON, root=tmp_path, version=252))
    assert list(tmp_path.iterdir()) == []


def test_only_root_may_and_only_where_systemd_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PollerError, match=r"only root may .* sudo /opt/other/bin/poller systemd install"):
        next(install(PROGRAM, PYTHON, version=252))
    with pytest.raises(PollerError, match="no systemd"):
        next(install(PROGRAM, PYTHON, version=0))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("no folder")
    with pytest.raises(PollerError, match=r"sysusers\.d/poller\.conf cannot be written: "):
        steps(tmp_path)


def test_the_first_configuration_is_one_and_its_examples_are_too(tmp_path: Path) -> None:
    file = tmp_path / "poller.toml"
    file.write_text(shipped("poller.toml"))
    assert load(file, environ={}).sources == {}
    (examples,) = [shipped("poller.toml").partition("\n#[sources.prod]")[2]]
    file.write_text("[sources.prod]" + examples.replace("\n#", "\n"))
    for name in ("ak", "sk"):
        (tmp_path / name).write_text("throw-away")
    (tmp_path / "hook").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    config = load(file, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert (set(config.sources), set(config.notifiers), len(config.routes)) == ({"prod"}, {"backend"}, 1)


def test_the_command_of_the_operator_names_the_folders_of_the_service_unless_another_file_is_meant(
    tmp_path: Path,
) -> None:
    program, script = tmp_path / "program", tmp_path / "poller"
    program.write_text("#!/bin/sh\necho ${STATE_DIRECTORY:-none} ${RUNTIME_DIRECTORY:-none} $*\n")
    program.chmod(0o755)
    script.write_text(command(program))

    def ran(*arguments: str, **environ: str) -> str:
        done = subprocess.run(["sh", script, *arguments], cwd=tmp_path, env=environ, capture_output=True, check=True)
        return done.stdout.decode().strip()

    assert ran("jobs", "list") == "/var/lib/poller /run/poller jobs list"
    assert ran("jobs", STATE_DIRECTORY="/srv") == "/srv /run/poller jobs"
    assert ran("jobs", "--config", "x") == "none none jobs --config x"
    assert ran("jobs", POLLER_CONFIG="x") == "none none jobs"
    (tmp_path / "poller.toml").write_text("")
    assert ran("jobs") == "none none jobs"


def test_the_unit_is_printed_for_this_installation(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["systemd", "print"]) == 0
    assert f"ExecStart={Path(sys.prefix) / 'bin' / 'poller'} run" in capsys.readouterr().out


@analyze
def test_systemd_finds_nothing_to_say_about_the_unit_and_its_exposure_is_low(tmp_path: Path) -> None:
    file = tmp_path / "poller.service"
    file.write_text(unit(Path("/bin/true")))
    verified = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", file], capture_output=True, text=True, check=True
    )
    exposure = float(judged.stdout.rpartition("exposure level for poller.service: ")[2].split()[0])
    assert exposure <= EXPOSURE
