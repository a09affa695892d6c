"""Where the daemon and its commands meet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SOCKET_NAME: Final = "poller.sock"


def control_socket(environ: Mapping[str, str], database_file: Path | None, cwd: Path) -> Path:
    """The control socket: below the first $RUNTIME_DIRECTORY, else beside the database, else below `cwd` (INTERFACE.md section 3)."""
    # systemd separates several directories with colons.
    runtime = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if runtime:
        return Path(runtime) / SOCKET_NAME
    return (database_file.parent if database_file is not None else cwd) / SOCKET_NAME
