"""Joining, staying alive and leaving: the daemons that share a PostgreSQL."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, case, delete, func, null, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.crew import Crew, Member
from poller.store.agreeing import HERE, NOW, Identity, is_running
from poller.store.database import Database
from poller.store.leases import chosen, chunks
from poller.store.tables import chores, credentials, daemons, deliveries, floors, jobs

ROSTER_LOCK: Final = (
    7_021_300_003  # of PostgreSQL's advisory locks: beats are one after the other, so that each sees all before it
)
FORGOTTEN: Final = 3600.0  # seconds that a daemon which ended without leaving is still listed

_HELD: Final = (jobs, deliveries)
_NEW = insert(daemons)
_WAS_ALIVE: Final = daemons.c.beat_at + daemons.c.lease > _NEW.excluded.beat_at
_BEAT: Final = _NEW.on_conflict_do_update(
    index_elements=["id"],
    set_={
        **{name: _NEW.excluded[name] for name in ("beat_at", "jobs", "deliveries")},
        # One that was believed dead joins anew, as the last.
        "started_at": case((_WAS_ALIVE, daemons.c.started_at), else_=_NEW.excluded.started_at),
    },
).returning(daemons.c.started_at, daemons.c.beat_at)
_ALIVE: Final = (
    select(daemons.c.id, daemons.c.started_at, daemons.c.beat_at)
    .where(daemons.c.beat_at + daemons.c.lease > bindparam("p_now"))
    .order_by(daemons.c.started_at, daemons.c.id)
)
_ALL: Final = select(daemons, (daemons.c.beat_at + daemons.c.lease > NOW).label("alive")).order_by(
    daemons.c.started_at, daemons.c.id
)
_CHORES: Final = select(chores.c.owner, chores.c.name).where(chores.c.held_until > NOW).order_by(chores.c.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Beat:
    """What a beat has found: the server's time (seconds since 1970), who else is alive, the schema and its floor."""

    now: float
    crew: Crew
    schema: str | None
    floor: str | None


class Members:
    """Each method is one short transaction, or one for a few hundred rows. Raises StoreError and its kinds."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database = database
        self._me = identity

    async def beat(self) -> Beat:
        """Say that this daemon is alive, renew its leases, and look who else is there."""
        async with self._database.writing() as transaction:
            await transaction.execute(text(f"SELECT pg_advisory_xact_lock({ROSTER_LOCK})"))
            found = await self._report(transaction)
        await self._renew(found.now)
        return found

    async def leave(self) -> None:
        """Give back all that this daemon holds, so that the others need not wait for the leases to end."""
        mine = self._me.id
        async with self._database.writing() as transaction:
            for table in _HELD:
                free = update(table).where(chosen(table), table.c.owner == mine)
                for chunk in chunks(self._database.held.keys(table.name)):
                    await transaction.execute(free.values(owner=null(), claimed_until=null()), {"p_ids": chunk})
            trying = update(credentials).where(credentials.c.trier == mine)
            await transaction.execute(trying.values(trier=null(), trying_until=null()))
            await transaction.execute(delete(chores).where(chores.c.owner == mine))
            await transaction.execute(delete(daemons).where(daemons.c.id == mine))

    async def _report(self, transaction: AsyncConnection) -> Beat:
        me = self._me
        now = (await transaction.execute(select(NOW))).scalar_one()
        row = {"id": me.id, "host": me.host, "pid": me.pid, "version": me.version, "lease": me.lease}
        row |= {
            "started_at": now,
            "beat_at": now,
            **{table.name: self._database.held.count(table.name) for table in _HELD},
        }
        started_at, _ = (await transaction.execute(_BEAT, row)).one()
        await self._bury(transaction)
        alive = (await transaction.execute(_ALIVE, {"p_now": now})).all()
        await transaction.execute(delete(daemons).where(daemons.c.beat_at < now - FORGOTTEN))
        crew = Crew(
            daemons=len(alive),
            rank=[one.id for one in alive].index(me.id),
            joined=all(one.beat_at >= started_at for one in alive),
        )
        schema = (await transaction.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        floor = (await transaction.execute(select(func.max(floors.c.revision)))).scalar()
        return Beat(now=now, crew=crew, schema=schema, floor=floor)

    async def _bury(self, transaction: AsyncConnection) -> None:
        """Daemons that ran here and run no more, such as this one before it was killed and started again, need not be waited for."""
        ours = await transaction.execute(select(daemons.c.id, daemons.c.pid).where(daemons.c.id.endswith(f".{HERE}")))
        dead = [id_ for id_, pid in ours if id_ != self._me.id and not is_running(pid)]
        if dead:
            await transaction.execute(delete(chores).where(chores.c.owner.in_(dead)))
            await transaction.execute(delete(daemons).where(daemons.c.id.in_(dead)))

    async def _renew(self, now: float) -> None:
        for table in _HELD:
            renew = update(table).where(chosen(table), table.c.owner == self._me.id)
            for chunk in chunks(self._database.held.keys(table.name, now)):
                async with self._database.writing() as transaction:
                    await transaction.execute(renew.values(claimed_until=NOW + self._me.lease), {"p_ids": chunk})


async def members(view: AsyncConnection) -> list[Member]:
    """Every daemon that is alive or was lately, the oldest first, with what it holds."""
    doing: dict[str, list[str]] = {}
    for owner, chore in await view.execute(_CHORES):
        doing.setdefault(owner, []).append(chore)
    return [Member(**row, chores=tuple(doing.get(row["id"], ()))) for row in (await view.execute(_ALL)).mappings()]
