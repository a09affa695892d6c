"""Work that one daemon does for all: taken by a row, for a time, and taken over when that is up."""

from typing import Final

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from poller.store.agreeing import NOW, Identity
from poller.store.database import Database
from poller.store.tables import chores

_NEW = insert(chores).values(
    name=bindparam("p_name"), owner=bindparam("p_owner"), held_until=NOW + bindparam("p_seconds")
)
TAKE: Final = _NEW.on_conflict_do_update(
    index_elements=["name"],
    set_={name: _NEW.excluded[name] for name in ("owner", "held_until")},
    where=or_(chores.c.owner == _NEW.excluded.owner, chores.c.held_until <= NOW),
).returning(chores.c.name)
_NOTE: Final = (
    update(chores)
    .where(chores.c.name == bindparam("p_name"), chores.c.owner == bindparam("p_owner"))
    .values(found=bindparam("p_found"))
)


class SharedChores:
    """Fits `engine.ports.Chores` by shape; for PostgreSQL. Raises StoreError and its kinds."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database = database
        self._me = identity

    async def take(self, name: str, *, seconds: float | None = None) -> bool:
        """Whether the chore is this daemon's for the next `seconds` (its lease unless said); taking it again prolongs it."""
        lease = self._me.lease if seconds is None else seconds
        async with self._database.writing() as transaction:
            taken = await transaction.execute(TAKE, {"p_name": name, "p_owner": self._me.id, "p_seconds": lease})
            return taken.scalar() is not None

    async def note(self, name: str, found: int | None) -> None:
        """Leave a number for the others; ignored when the chore is no longer this daemon's."""
        async with self._database.writing() as transaction:
            await transaction.execute(_NOTE, {"p_name": name, "p_owner": self._me.id, "p_found": found})

    async def noted(self, name: str) -> int | None:
        """The number that was left by whoever does, or did, the chore."""
        async with self._database.reading() as view:
            return (await view.execute(select(chores.c.found).where(chores.c.name == name))).scalar()


class SoleChores:
    """The same where there is one daemon: everything is its own, and nothing is asked."""

    async def take(self, name: str, *, seconds: float | None = None) -> bool:  # noqa: ARG002 the port's words
        """Always."""
        return True

    async def note(self, name: str, found: int | None) -> None:
        """Nobody else needs it."""

    async def noted(self, name: str) -> int | None:  # noqa: ARG002 the port's word
        """None: nobody else did it."""
        return None
