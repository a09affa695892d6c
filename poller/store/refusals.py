"""Credentials that were refused, as all daemons on one PostgreSQL know it: no secret is in these rows, only fingerprints."""

from typing import Final

from sqlalchemy import RowMapping, and_, bindparam, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from poller.core.breaker import CLOSED, CREDENTIAL_FAILURES, CREDENTIAL_PAUSE_CAP, Breaker, Standing, failed
from poller.store.agreeing import NOW, Identity
from poller.store.codec import clean
from poller.store.database import Database
from poller.store.tables import columns, credentials

VERDICT: Final = 1.0  # seconds after a failure until what was under way elsewhere is known as well

_OF: Final = credentials.c.fingerprint == bindparam("p_fingerprint")
_SEEN: Final = select(
    *columns(credentials, "failures", "failing_since", "open_until", "pause", "reason"), NOW.label("now")
).where(_OF)
_NEW = insert(credentials).values(
    fingerprint=bindparam("p_fingerprint"),
    failures=0,
    failing_since=0.0,
    failed_at=0.0,
    pause=0.0,
    reason="",
    trier=bindparam("p_trier"),
    trying_until=NOW + bindparam("p_seconds"),
)
_NOBODY_TRIES: Final = or_(credentials.c.trier.is_(None), credentials.c.trying_until <= NOW)
_NO_REST: Final = or_(credentials.c.open_until.is_(None), credentials.c.open_until <= NOW)
TRY: Final = _NEW.on_conflict_do_update(
    index_elements=["fingerprint"],
    set_={name: _NEW.excluded[name] for name in ("trier", "trying_until")},
    where=and_(
        or_(_NOBODY_TRIES, credentials.c.trier == _NEW.excluded.trier),
        _NO_REST,
        credentials.c.failed_at + VERDICT <= NOW,
    ),
).returning(credentials.c.fingerprint)
_DONE: Final = {"trier": null(), "trying_until": null()}
_ENDED: Final = update(credentials).where(_OF, credentials.c.trier == bindparam("p_trier")).values(_DONE)
_ACCEPTED: Final = update(credentials).where(_OF).values(failures=0, open_until=null(), pause=0.0, reason="", **_DONE)


class SharedRefusals:
    """Each method is one short transaction; fits `sources.ports.Refusals` by shape. Raises StoreError and its kinds."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database = database
        self._me = identity

    async def standing(self, fingerprint: str) -> Standing:
        """What is known of the credential."""
        async with self._database.reading() as view:
            row = (await view.execute(_SEEN, {"p_fingerprint": fingerprint})).mappings().one_or_none()
        return Standing() if row is None else _standing(row)

    async def try_alone(self, fingerprint: str, *, seconds: float) -> bool:
        """Whether this daemon may try the credential now, the only one of all, for at most so many seconds."""
        asked = {"p_fingerprint": fingerprint, "p_trier": self._me.id, "p_seconds": seconds}
        async with self._database.writing() as transaction:
            return (await transaction.execute(TRY, asked)).scalar() is not None

    async def ended(self, fingerprint: str) -> None:
        """The try has told nothing about the credential; others may try it."""
        async with self._database.writing() as transaction:
            await transaction.execute(_ENDED, {"p_fingerprint": fingerprint, "p_trier": self._me.id})

    async def accepted(self, fingerprint: str) -> None:
        """The upstream took the credential."""
        async with self._database.writing() as transaction:
            await transaction.execute(_ACCEPTED, {"p_fingerprint": fingerprint})

    async def refused(self, fingerprint: str, reason: str) -> Standing:
        """The upstream did not take the credential: one failure more, of all daemons together."""
        async with self._database.writing() as transaction:
            locked = _SEEN.with_for_update()
            row = (await transaction.execute(locked, {"p_fingerprint": fingerprint})).mappings().one_or_none()
            if row is None:
                return Standing()
            now: float = row["now"]
            after = failed(_breaker(row), now=now, threshold=CREDENTIAL_FAILURES, lasting=0.0, cap=CREDENTIAL_PAUSE_CAP)
            values = {
                "failures": after.failures,
                "failing_since": after.failing_since or now,
                "failed_at": now,
                "open_until": after.open_until,
                "pause": after.pause,
                "reason": clean(reason),
            }
            await transaction.execute(
                update(credentials).where(_OF).values(**values, **_DONE), {"p_fingerprint": fingerprint}
            )
        return _relative(after, now, reason)


def _breaker(row: RowMapping) -> Breaker:
    if not row["failures"]:
        return CLOSED
    return Breaker(**{name: row[name] for name in ("failures", "failing_since", "open_until", "pause")})


def _standing(row: RowMapping) -> Standing:
    return _relative(_breaker(row), row["now"], row["reason"])


def _relative(breaker: Breaker, now: float, reason: str) -> Standing:
    return Standing(breaker=breaker.moved(-now), reason=reason)
