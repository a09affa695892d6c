"""The machine that figures are taken on: which core is whose, and what is to be said of it beside the figures."""

import os
import platform
import sqlite3
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

CORES: Final = "POLLER_BENCH_CORES"
LIBRARIES: Final = ("aiohttp", "sqlalchemy", "msgspec", "huaweicloudsdkmetastudio")


def cores() -> tuple[int, int]:
    """Whose core is whose: of the program under test and what it is measured against, and of the simulated others.

    Where there is only one, both share it. Processes below this one, which are pinned already, find the answer in the environment.
    """
    if CORES not in os.environ:
        allowed = sorted(os.sched_getaffinity(0))
        os.environ[CORES] = f"{allowed[0]} {allowed[-1]}"
    under_test, others = os.environ[CORES].split()
    return int(under_test), int(others)


def pin(core: int) -> None:
    """Keep this process, and those it will start, on one core."""
    os.sched_setaffinity(0, {core})


def spread() -> int:
    """Let this process, and those it will start, use the cores of both; returns how many these are."""
    both = set(cores())
    os.sched_setaffinity(0, both)
    return len(both)


def peak_memory(pid: int) -> int:
    """The most resident memory that a process ever had, in bytes: all that it mapped and touched, shared libraries included."""
    return _status(pid)["VmHWM"] * 1024


def busy_seconds(pid: int) -> float:
    """The processor time that a process has used so far."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def description(place: Path) -> str:
    """Cores, versions and the file system that databases are on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} on {_file_system(place)}, {libraries}"
    )


def _status(pid: int) -> Mapping[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(place: Path) -> str:
    mounts = [mount for mount in psutil.disk_partitions(all=True) if place.is_relative_to(mount.mountpoint)]
    return max(mounts, key=lambda mount: len(mount.mountpoint)).fstype if mounts else "an unknown file system"
