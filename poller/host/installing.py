"""Making a service of poller on this machine, or in the folder of an image. Done twice, it is done once."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from poller.errors import PollerError
from poller.host import units

UNITS: Final = Path("etc/systemd/system")
PACKAGED: Final = (Path("lib/systemd/system/poller.service"), Path("usr/lib/systemd/system/poller.service"))
SYSUSERS: Final = Path("etc/sysusers.d/poller.conf")
CONFIG: Final = Path("etc/poller/poller.toml")
COMMAND: Final = Path("usr/local/bin/poller")
# What ProtectHome= hides from the service.
HIDDEN: Final = tuple(Path("/") / name for name in ("home", "root", "run/user"))
_GROUP: Final = "poller"
_OURS: Final = "poller, as the operator of the service needs it"


def install(program: Path, interpreter: Path, *, root: Path = Path("/"), version: int) -> Iterator[str]:
    """Write what the service needs below `root`, and say each step. Raises PollerError, with the remedy, before anything is written.

    On the running system the user is made and systemd told; in another `root` both are left to its first boot.
    """
    alive = root == Path("/")
    _check(program, interpreter, root, version, alive=alive)
    yield from _write(root / SYSUSERS, units.shipped("sysusers.conf"))
    yield from _write(root / UNITS / "poller.service", units.unit(program))
    yield from _drop_ins(root / UNITS / "poller.service.d", version)
    yield from _command(root / COMMAND, program)
    if alive:
        _run("systemd-sysusers", str(root / SYSUSERS))
    yield from _config(root / CONFIG, alive=alive)
    if alive:
        _run("systemctl", "daemon-reload")
        yield "systemd has read its units again"


def _check(program: Path, interpreter: Path, root: Path, version: int, *, alive: bool) -> None:
    hidden = next((place for place in (program, interpreter.resolve()) if _is_hidden(place)), None)
    if hidden is not None:
        raise PollerError(
            f"{hidden} is in a home folder, which the service does not see: install poller below /opt, with a Python that is not in a "
            "home folder (pipx: set PIPX_HOME=/opt/pipx)"
        )
    if not root.is_dir():
        raise PollerError(f"{root} is no folder; name the top folder of a system with --root")
    if not alive:
        return
    if not version:
        raise PollerError(
            "this machine has no systemd (systemctl does not answer); --root DIR installs into another system"
        )
    if os.geteuid() != 0:
        raise PollerError(f"only root may install a service: sudo {program} systemd install")
    packaged = next((file for file in PACKAGED if (root / file).exists()), None)
    if packaged is not None:
        raise PollerError(f"a package has installed /{packaged} already: systemctl enable --now poller")


def _is_hidden(place: Path) -> bool:
    return any(place.is_relative_to(folder) for folder in HIDDEN)


def _drop_ins(folder: Path, version: int) -> Iterator[str]:
    wanted = units.drop_ins(version)
    for name in units.DROP_INS.values():
        if name in wanted:
            yield from _write(folder / name, wanted[name])
        elif (folder / name).exists():
            (folder / name).unlink()
            yield f"removed {folder / name}: this systemd is too old for it"


def _command(file: Path, program: Path) -> Iterator[str]:
    """A command in the operator's PATH, unless something else is there."""
    if program == file or (file.exists() and _OURS not in file.read_text(errors="replace")):
        yield f"left as it is: {file}"
        return
    yield from _write(file, units.command(program), mode=0o755)


def _config(file: Path, *, alive: bool) -> Iterator[str]:
    """The first configuration; one that is there is the operator's."""
    if file.exists():
        yield f"left as it is: {file}"
        return
    file.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    yield from _write(file, units.shipped("poller.toml"), mode=0o640)
    if alive:
        for path in (file.parent, file):
            shutil.chown(path, group=_GROUP)


def _write(file: Path, text: str, *, mode: int = 0o644) -> Iterator[str]:
    if file.exists() and file.read_text(encoding="utf-8", errors="replace") == text:
        yield f"up to date: {file}"
        return
    new = not file.exists()
    try:
        _replace(file, text, mode)
    except OSError as error:
        raise PollerError(f"{file} cannot be written: {error.strerror}") from None
    yield f"{'written' if new else 'replaced'}: {file}"


def _replace(file: Path, text: str, mode: int) -> None:
    """Whole or not at all, and never readable by more than `mode` says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        os.fchmod(descriptor, mode)
        out.write(text)
    beside.replace(file)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 programs of systemd, named here
    except OSError as error:
        raise PollerError(f"{command[0]} cannot be run ({error.strerror}): it is a part of systemd") from None
    if done.returncode:
        raise PollerError(f"{' '.join(command)} failed: {done.stderr.strip() or done.returncode}")
