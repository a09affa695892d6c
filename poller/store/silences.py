"""Silences: kept as rows, asked about wherever events are recorded."""

from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import Row, Select, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.route import Route
from poller.core.silence import NewSilence, Silence
from poller.errors import NotFound
from poller.store.attended import silences
from poller.store.codec import clean, from_text, to_text
from poller.store.database import Database
from poller.store.tables import columns

MATCHERS: Final = ("on", "sources", "batch_names", "tags", "names", "labels", "classes", "operators")
_COLUMNS: Final = columns(silences, "id", "matchers", "author", "comment", "starts_at", "ends_at")
LASTING: Final = select(*_COLUMNS).where(silences.c.ends_at > bindparam("p_at")).order_by(silences.c.id)
_EXPIRE: Final = (
    update(silences)
    .where(silences.c.id == bindparam("p_id"), silences.c.ends_at > bindparam("p_now"))
    .values(ends_at=bindparam("p_now"))
)


async def lasting(view: AsyncConnection, at: float) -> list[Silence]:
    """Those that end after this instant."""
    return [to_silence(row) for row in await view.execute(LASTING, {"p_at": at})]


def pick_silences(*, before: int | None, limit: int) -> Select[*tuple[Any, ...]]:
    """The newest first, beginning before the id `before`."""
    statement = select(*_COLUMNS).order_by(silences.c.id.desc()).limit(limit)
    return statement if before is None else statement.where(silences.c.id < before)


def to_silence(row: Row[*tuple[Any, ...]]) -> Silence:
    """A row as the core knows it."""
    matchers = cast("dict[str, Any]", from_text(row.matchers))
    return Silence(
        id=row.id,
        which=Route(notify=(), **{name: _criterion(matchers[name]) for name in MATCHERS if name in matchers}),
        job_ids=tuple(matchers.get("job_ids", ())),
        author=row.author,
        comment=row.comment,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


class Silences:
    """What an operator does to them. Each method is one short transaction. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewSilence, *, now: float) -> Silence:
        """From now on."""
        matchers = {name: value for name in MATCHERS if (value := getattr(new.which, name))}
        row = {
            "matchers": to_text({**matchers, **({"job_ids": new.job_ids} if new.job_ids else {})}),
            "author": clean(new.author),
            "comment": clean(new.comment),
            "starts_at": now,
            "ends_at": new.ends_at,
        }
        async with self._database.writing() as transaction:
            added = await transaction.execute(insert(silences).returning(*_COLUMNS), row)
            return to_silence(added.one())

    async def expire(self, ids: Sequence[int], *, now: float) -> int:
        """End these now; returns how many were lasting. What they silenced stays as it is. Raises NotFound for one that never was."""
        async with self._database.writing() as transaction:
            known = set((await transaction.execute(select(silences.c.id).where(silences.c.id.in_(ids)))).scalars())
            unknown = [id_ for id_ in ids if id_ not in known]
            if unknown:
                raise NotFound(f"no silence {unknown[0]} is known; `poller silence list` shows them")
            ended = [(await transaction.execute(_EXPIRE, {"p_id": id_, "p_now": now})).rowcount for id_ in ids]
        return sum(ended)


def _criterion(value: Any) -> Any:
    return value if isinstance(value, dict) else tuple(value)
