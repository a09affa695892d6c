"""The files that make a service of poller: shipped in `systemd/`, and in the wheel below the package."""

import re
import subprocess
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

PROGRAM: Final = "/opt/poller/bin/poller"  # where the shipped files expect it
# A drop-in for each version of systemd that can more than the oldest one served.
DROP_INS: Final[Mapping[int, str]] = {253: "systemd-253.conf", 254: "systemd-254.conf"}
_VERSION: Final = re.compile(r"systemd (\d+)")


def shipped(name: str) -> str:
    """The text of a file of `systemd/`: inside the installed package, or at the top of the source tree."""
    package = Path(str(files("poller")))
    installed = package / "systemd"
    return ((installed if installed.is_dir() else package.parent / "systemd") / name).read_text(encoding="utf-8")


def unit(program: Path) -> str:
    """The service's unit, which runs `program`."""
    return shipped("poller.service").replace(PROGRAM, str(program))


def command(program: Path) -> str:
    """A shell script in front of `program` that knows the service's folders."""
    return shipped("poller.sh").replace(PROGRAM, str(program))


def drop_ins(version: int) -> Mapping[str, str]:
    """File names below `poller.service.d`, and what stands in them, for this version of systemd."""
    return {name: shipped(name) for least, name in DROP_INS.items() if version >= least}


def systemd_version() -> int:
    """Of this machine; 0 when it has no systemd."""
    try:
        said = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=False)  # noqa: S607 the operator's PATH
    except OSError:
        return 0
    found = _VERSION.match(said.stdout)
    return int(found[1]) if found else 0
