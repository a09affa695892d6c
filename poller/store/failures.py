"""The drivers' errors, translated once: what a caller does about it decides which of `poller.errors` it becomes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from poller.errors import StoreError, StoreFull, StoreUnavailable

# SQLite's primary result codes; the extended ones start with them (https://www.sqlite.org/rescode.html).
_FULL: Final = "SQLITE_FULL"
_LOCKED: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")
_AWAY: Final = ("SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM")
_BROKEN: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

# PostgreSQL's SQLSTATE classes (its manual, appendix A): 08 connection, 40 rolled back, 53 resources, 55 locked, 57 operator,
# 25006 read-only, 25P03 stood still for too long.
_PG_FULL: Final = "53100"
_PG_AWAY: Final = ("08", "40", "53", "55", "57", "58", "25006", "25P03")
_PG_BROKEN: Final = ("XX",)
_PG_NO_TABLE: Final = ("42P01", "42703")

_RESTORE: Final = (
    "restore it from a backup (`poller db backup` makes one), or recover what is left with the database's own tools"
)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what the driver raises into StoreFull, StoreUnavailable or StoreError. `place` names the database in the message.

    The cause is left out: a driver's error can quote the values of a row.
    """
    try:
        yield
    except DBAPIError as error:
        raise _judge(error, place) from None
    except sqlite3.Error as error:  # from a connection that was used directly
        raise _judge_sqlite(error, place) from None
    except (PoolTimeout, TimeoutError):
        raise StoreUnavailable(f"{place}: no answer in time; trying again later may help") from None
    except SQLAlchemyError as error:
        raise StoreError(f"{place}: {type(error).__name__}") from None


def _judge(error: DBAPIError, place: str) -> StoreError:
    if isinstance(error.orig, sqlite3.Error):
        return _judge_sqlite(error.orig, place)
    return _judge_postgresql(error, place)


def _judge_sqlite(error: sqlite3.Error, place: str) -> StoreError:
    code = getattr(error, "sqlite_errorname", "")
    if code == _FULL:
        return StoreFull(f"{place}: no space left on the disk; nothing was written; free some space")
    if code.startswith(_LOCKED):
        return StoreUnavailable(f"{place}: another program has locked it ({code}); end what else writes to this file")
    if code.startswith(_AWAY):
        return StoreUnavailable(f"{place}: {error} ({code}); check that the file and its directory can be written")
    if code.startswith(_BROKEN):
        return StoreError(f"{place}: the file is damaged ({error}); {_RESTORE}")
    if "no such table" in str(error) or "no such column" in str(error):
        return _outdated(place)
    return StoreError(f"{place}: the database refused a statement ({code or type(error).__name__})")


def _judge_postgresql(error: DBAPIError, place: str) -> StoreError:
    state = getattr(error.orig, "sqlstate", None)
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    if state == _PG_FULL:
        return StoreFull(
            f"{place}: the server has no space left on its disk; nothing was written; free some space there"
        )
    if state is None:
        return StoreUnavailable(
            f"{place}: {said or _first_line(error.orig)}; check that the server runs and store.url is right"
        )
    if state.startswith(_PG_AWAY):
        return StoreUnavailable(f"{place}: {said} (SQLSTATE {state}); trying again later may help")
    if state.startswith(_PG_BROKEN):
        return StoreError(f"{place}: the database is damaged (SQLSTATE {state}); {_RESTORE}")
    if state in _PG_NO_TABLE:
        return _outdated(place)
    return StoreError(f"{place}: the database refused a statement (SQLSTATE {state})")


def _outdated(place: str) -> StoreError:
    return StoreError(f"{place}: the schema is not the one of this version of poller; run `poller db upgrade`")


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
