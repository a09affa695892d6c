"""The wheel is complete: installed alone, in an empty folder, it makes its database and rehearses. Nothing is downloaded."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from poller import __version__
from poller.store.schema import HEAD

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0  # seconds for one command; all together take a few
INFO = f"poller-{__version__}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def names(wheel: Path) -> frozenset[str]:
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment with this wheel; its dependencies are those of the running one."""
    home = tmp_path_factory.mktemp("venv")
    python = home / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=PATIENCE)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    install = [*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, timeout=PATIENCE)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    # A folder in a .pth is searched last, and .pth files in it, such as that of an editable poller, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python.parent


def run(programs: Path, folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of the installed environment in `folder`, with nothing of this process's environment but PATH."""
    return subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_wheel_has_every_module_and_no_other(names: frozenset[str]) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "poller").rglob("*.py")}
    packed = {name for name in names if name.endswith(".py") and not name.startswith("poller/migrations/")}

    assert packed == modules


def test_the_wheel_has_the_migrations_and_the_data(names: frozenset[str]) -> None:
    revisions = {f"poller/{path.relative_to(ROOT)}" for path in (ROOT / "migrations").rglob("*.py")}

    assert len(revisions) >= 2
    page = {f"poller/web/page.{kind}" for kind in ("html", "css", "js")}
    assert revisions | page | {"poller/core/states.toml", f"{INFO}/licenses/LICENSE"} <= names


def test_the_wheel_has_the_files_of_the_service(names: frozenset[str], installed: Path, tmp_path: Path) -> None:
    assert {f"poller/{path.relative_to(ROOT)}" for path in (ROOT / "systemd").iterdir()} <= names

    printed = run(installed, tmp_path, "poller", "systemd", "print")
    assert f"ExecStart={installed / 'poller'} run" in printed.stdout


def test_the_wheel_says_its_version_its_licence_and_its_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = message_from_bytes(archive.read(f"{INFO}/METADATA"))
        entries = archive.read(f"{INFO}/entry_points.txt").decode()

    assert (metadata["Version"], metadata["License-Expression"]) == (__version__, "Apache-2.0")
    assert "poller = poller.cli.main:main" in entries


def test_the_installed_program_is_the_one_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    found = run(installed, tmp_path, "python", "-c", "import poller; print(poller.__file__)")

    assert Path(found.stdout).is_relative_to(installed.parent)


def test_the_installed_program_says_its_version(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "poller", "--version").stdout == f"poller {__version__}\n"
    assert run(installed, tmp_path, "python", "-m", "poller", "--version").stdout == f"poller {__version__}\n"


def test_the_installed_program_makes_its_database_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    upgraded = run(installed, tmp_path, "poller", "db", "upgrade")
    assert (upgraded.returncode, upgraded.stderr) == (0, "")

    assert HEAD in run(installed, tmp_path, "poller", "db", "status").stdout
    assert (tmp_path / "poller.db").stat().st_mode & 0o777 == 0o600


def test_the_installed_program_rehearses_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    rehearsed = run(installed, tmp_path, "poller", "demo", "--jobs", "2", "--speed", "60000")

    assert rehearsed.returncode == 0, rehearsed.stderr
    assert "the two agree" in rehearsed.stdout
    assert "Traceback" not in rehearsed.stderr
    assert list(tmp_path.iterdir()) == []
