"""The exceptions of this program, one for each thing that a caller does differently because of it.

::

    PollerError                 the message is meant for the operator: it names the place and the remedy
    ├── UsageError              wrong command line or argument                        exit code 2
    │   └── ConfigError         the configuration file is wrong; holds every problem  exit code 2
    ├── DaemonNotRunning        the command needs the daemon, which does not answer   exit code 3
    ├── NotFound                what was named (job, delivery, notifier) does not exist
    └── StoreError              the database cannot be used as it is
        ├── StoreBusy           another daemon holds it
        ├── StoreFull           no space left: nothing was written, try again later
        └── StoreUnavailable    connection lost, read-only, locked: try again later

Expected results of talking to an upstream or a receiver are values (``core.reading``, ``core.delivery``), not exceptions.
"""

from collections.abc import Sequence


class PollerError(Exception):
    """Base of all; its text is shown to the operator as it is, so it holds no secret."""

    exit_code = 1


class UsageError(PollerError):
    """The command line or an argument is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration is wrong; `problems` lists every mistake, each with its key path."""

    def __init__(self, place: str, problems: Sequence[str]) -> None:
        self.place = place
        self.problems = tuple(problems)
        count = f"{len(self.problems)} mistake{'s' if len(self.problems) != 1 else ''}"
        super().__init__("\n".join([f"{place}: {count} in the configuration", *(f"  {p}" for p in self.problems)]))


class DaemonNotRunning(PollerError):
    """The command needs the running daemon, and nothing answers on its control socket."""

    exit_code = 3


class NotFound(PollerError):
    """What was named does not exist."""


class StoreError(PollerError):
    """The database cannot be used as it is."""


class StoreBusy(StoreError):
    """Another daemon holds the database."""


class StoreFull(StoreError):
    """No space left on the disk: the transaction was rolled back and can be tried again."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, is read-only or locked: try again later."""
