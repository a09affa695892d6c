"""The [store] table: which database, and how long what is in it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StrictBool

from poller.config.fields import duration
from poller.config.link import scheme_of, split
from poller.config.secrecy import SecretUrl, SecretUrlRule
from poller.config.table import Table, key
from poller.core.secret import MASK, Secret

_FILE: Final = "sqlite:///"
_SERVER: Final = "postgresql://"
_FORM: Final = 'expected "sqlite:///FILE" or "postgresql://USER@HOST/DATABASE"'


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseLocation:
    """Where the database is. `file` is absolute, and None for a server; `url` is the same place as `sqlite:///…` or `postgresql://…`."""

    url: Secret
    file: Path | None


def database_url(text: str) -> None:
    """Raises ValueError, with a text that may be shown, unless `text` names a database that poller can use."""
    if text.startswith(_FILE):
        _check_file(text.removeprefix(_FILE))
    elif text.startswith(_SERVER):
        _check_server(text)
    else:
        hint = "; the driver is chosen by poller" if "+" in scheme_of(text) else ""
        raise ValueError(f"found {scheme_of(text)}; {_FORM}{hint}")


def _check_file(name: str) -> None:
    if not name or name.startswith(":memory:"):
        raise ValueError(f"found a database in memory, which forgets all at the end; {_FORM}")
    if name.startswith("~") or name.endswith("/") or not name.isprintable() or set(name) & set("?#"):
        raise ValueError(
            "found a file name that cannot be used; expected sqlite:///PATH, without ~ at its start, / at its end, ? and # in it"
        )


def _check_server(text: str) -> None:
    if not text.isprintable() or " " in text:
        raise ValueError("found spaces or control characters; expected them as %XX")
    parts = split(text)
    if parts.fragment or not parts.path.strip("/"):
        raise ValueError(f"found no database name; {_FORM}, with # / ? @ in a password written %23 %2F %3F %40")


def shown_database(text: str) -> str:
    """The part of a database URL that may be shown: no user, no password, no options."""
    if text.startswith(_FILE):
        return text
    parts = split(text)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class Retain(Table):
    """How long rows are kept."""

    events: Annotated[float, duration("1s", "36500d")] = key("180d", meaning="how long events are kept")
    snapshots: Annotated[float, duration("1s", "36500d")] = key("90d", meaning="how long snapshots are kept")
    deliveries: Annotated[float, duration("1s", "36500d")] = key("30d", meaning="how long settled deliveries are kept")

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long rows of each kind are kept, by key."""
        return {"events": self.events, "snapshots": self.snapshots, "deliveries": self.deliveries}


class Store(Table):
    """The database."""

    url: Annotated[
        SecretUrl, SecretUrlRule(check=database_url, show=shown_database, pattern="^(?:sqlite:///|postgresql://)")
    ] = key(
        "sqlite:///poller.db",
        meaning="sqlite:///FILE (relative: below $STATE_DIRECTORY, else the working directory) or postgresql://USER@HOST/DATABASE",
    )
    lease: Annotated[float, duration("1s", "10m")] = key(
        "30s", meaning="PostgreSQL: how long after its last sign of life the work of a daemon passes on to the others"
    )
    listen: StrictBool = key(
        True,
        meaning="PostgreSQL: hear at once of what other daemons record; false behind PgBouncer in transaction mode",
    )
    retain: Retain = Field(default_factory=Retain, description="how long rows are kept")


def database_location(store: Store, environ: Mapping[str, str], cwd: Path) -> DatabaseLocation:
    """The place that `store.url` means: a relative file is below the first $STATE_DIRECTORY, else below `cwd` (INTERFACE.md section 2)."""
    text = store.url.reveal()
    if not text.startswith(_FILE):
        return DatabaseLocation(url=store.url, file=None)
    # systemd separates several state directories with colons.
    state = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    file = cwd / state / text.removeprefix(_FILE)
    url = f"{_FILE}{file}"
    return DatabaseLocation(url=SecretUrl(url, MASK if store.url.shown == MASK else url), file=file)
