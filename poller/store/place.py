"""Where the database is: the two kinds of `store.url`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from poller.core.secret import Secret
from poller.errors import StoreError

SQLITE: Final = "sqlite:///"
POSTGRESQL: Final = "postgresql://"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A database. `file` is None for a server; `shown` is for messages and holds no secret."""

    url: Secret = field(repr=False)
    file: Path | None
    shown: str


def to_place(url: Secret | str | Path) -> Place:
    """From `store.url`, or the path of a SQLite file. Raises StoreError for any other kind of database."""
    if isinstance(url, Path):
        return Place(url=Secret(f"{SQLITE}{url}"), file=url, shown=str(url))
    text = url.reveal() if isinstance(url, Secret) else url
    if text.startswith(SQLITE):
        return to_place(Path(text.removeprefix(SQLITE)))
    if text.startswith(POSTGRESQL):
        return Place(url=Secret(text), file=None, shown="the PostgreSQL database of store.url")
    raise StoreError("store.url: expected sqlite:///FILE or postgresql://USER@HOST/DATABASE")
