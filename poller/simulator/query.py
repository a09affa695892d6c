"""The list call's parameters: read, checked and applied (FACTS.md, Calls)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from poller.simulator.answers import Document

LARGEST_PAGE: Final = 100
USUAL_PAGE: Final = 10
TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
SORT_KEYS: Final = frozenset({"create_time", "update_time", "asset_order"})
EXACT: Final = ("batch_name", "job_id", "model_resolution")
TRUTHS: Final = {"true": True, "false": False}


class InvalidParameter(Exception):
    """A parameter is not acceptable; the message names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A checked request for one page. Times are compared as text: all have the one format."""

    offset: int = 0
    limit: int = USUAL_PAGE
    states: frozenset[str] = frozenset()
    sort_key: str = "create_time"
    descending: bool = False
    create_since: str | None = None
    create_until: str | None = None
    update_since: str | None = None
    update_until: str | None = None
    tag: str | None = None
    name: str | None = None
    is_flexus: bool | None = None
    exact: tuple[tuple[str, str], ...] = ()

    @property
    def plain(self) -> bool:
        """Every job in order of creation: the page can be cut without looking at the jobs before it."""
        return self == Query(offset=self.offset, limit=self.limit)

    @property
    def by_state_only(self) -> bool:
        """Only `states` chooses; order is that of creation."""
        return self == Query(offset=self.offset, limit=self.limit, states=self.states)


def parse(given: Mapping[str, str]) -> Query:
    """Checks the parameters; raises InvalidParameter. What is not known is ignored, as the vendor does."""
    return Query(
        offset=_number(given, "offset", 0, 2**31 - 1, default=0),
        limit=_number(given, "limit", 1, LARGEST_PAGE, default=USUAL_PAGE),
        states=frozenset(filter(None, given.get("state", "").split(","))),
        sort_key=_one_of(given, "sort_key", SORT_KEYS, default="create_time"),
        descending=_one_of(given, "sort_dir", frozenset({"asc", "desc"}), default="asc") == "desc",
        create_since=_time(given, "create_since"),
        create_until=_time(given, "create_until"),
        update_since=_time(given, "update_since"),
        update_until=_time(given, "update_until"),
        tag=given.get("tag"),
        name=given.get("name"),
        is_flexus=_truth(given, "is_flexus"),
        exact=tuple((key, given[key]) for key in EXACT if key in given),
    )


def select(items: Iterable[Document], query: Query) -> list[Document]:
    """The items that match, in the order asked for; equal keys keep the order they came in."""
    chosen = [item for item in items if _matches(item, query)]
    if query.sort_key == "update_time":
        chosen.sort(key=lambda item: str(item.get("last_update_time")))
    elif query.sort_key == "asset_order":
        chosen.sort(key=lambda item: str(item.get("asset_id") or ""))
    if query.descending:
        chosen.reverse()
    return chosen


def _matches(item: Document, query: Query) -> bool:
    """Fields that a test has dropped or made of another type match nothing."""
    tags, name, state = item.get("tags"), item.get("name"), item.get("state")
    return (
        (not query.states or (isinstance(state, str) and state in query.states))
        and _within(item, "create_time", query.create_since, query.create_until)
        and _within(item, "last_update_time", query.update_since, query.update_until)
        and (query.tag is None or (isinstance(tags, list | tuple) and query.tag in tags))
        and (query.name is None or (isinstance(name, str) and query.name in name))
        and (query.is_flexus is None or item.get("is_flexus") is query.is_flexus)
        and all(item.get(key) == value for key, value in query.exact)
    )


def _within(
    item: Document, key: Literal["create_time", "last_update_time"], since: str | None, until: str | None
) -> bool:
    value = str(item.get(key))
    return (since is None or value >= since) and (until is None or value <= until)


def _number(given: Mapping[str, str], key: str, lowest: int, highest: int, *, default: int) -> int:
    text = given.get(key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or not lowest <= int(text) <= highest:
        raise InvalidParameter(key)
    return int(text)


def _one_of(given: Mapping[str, str], key: str, allowed: frozenset[str], *, default: str) -> str:
    value = given.get(key, default)
    if value not in allowed:
        raise InvalidParameter(key)
    return value


def _time(given: Mapping[str, str], key: str) -> str | None:
    text = given.get(key)
    if text is None:
        return None
    try:
        moment = datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidParameter(key) from None
    return moment.strftime(TIME_FORMAT)


def _truth(given: Mapping[str, str], key: str) -> bool | None:
    text = given.get(key)
    if text is None:
        return None
    if text not in TRUTHS:
        raise InvalidParameter(key)
    return TRUTHS[text]
