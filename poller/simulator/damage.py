"""Good answers spoiled: wrong types in one field or as a whole, and operation logs that are shorter or in another order."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from poller.simulator.answers import Document

WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "name": (7, None, ["Test"], {}),
    "state": (5, None, "", ["TRAINING"], {"value": "TRAINING"}),
    "tags": ("news", None, [1, None], {"0": "news"}),
    "operation_logs": ("none", None, {}, 0, [None, "line", 3, []]),
    "comment_logs": ("none", None, {}, [7]),
    "flexus_retry_count": ("two", None, 1.5, []),
    "is_flexus": ("true", None, 1),
    "create_time": (1_700_000_000, None, "yesterday", ""),
    "last_update_time": (1_700_000_000, None, "0000-00-00T00:00:00Z"),
    "worker_type": ("x86", None, {"x86": True}),
    "supported_service": ("VIDEO_2D", None, [{}]),
    "samples": (None, "none", [None]),
    "job_id": (0, None, ""),
    "is_mask_file_uploaded": ("no", 0),
    "cover_download_url": (None, 0, "", {"url": "null"}),
}
WRONG_IN_ENTRY: Final[dict[str, tuple[Any, ...]]] = {
    "log_description": ({}, 12, ["text"], True),
    "error_code": (500, {}, []),
    "redo_reasons": ("LIP_SYNC", {"0": "TEETH"}, [1, None], 0),
}
"""Time, type and operator of an entry stay: they are what identifies it."""

WRONG_PAGES: Final[dict[str, tuple[Any, ...]]] = {
    "jobs": (None, {}, "none", [None, 5, "job"], 0),
    "count": ("many", None, -1, 2.5),
}
WRONG_WHOLE: Final[tuple[Any, ...]] = ([], "", "not ready", 0, None, True, [[]])


def misshape(document: Document, chance: Random) -> Any:
    """The answer with one thing of a wrong type; the whole body in one case of five."""
    ways: list[Callable[[Document, Random], Any]] = [_field, _field, _entry, _whole, _field]
    if "jobs" in document:
        ways = [_page, _item, _whole]
    return chance.choice(ways)(document, chance)


def shrink(document: Document, chance: Random) -> Document:
    """A part of the operation log only, from either end, perhaps none of it."""
    lines = document.get("operation_logs")
    if not isinstance(lines, list):
        return document
    kept = chance.randint(0, max(0, len(lines) - 1))
    return {**document, "operation_logs": lines[:kept] if chance.choice((True, False)) else lines[len(lines) - kept :]}


def shuffle(document: Document, chance: Random) -> Document:
    """The operation log in any order."""
    lines = document.get("operation_logs")
    if not isinstance(lines, list):
        return document
    return {**document, "operation_logs": chance.sample(lines, k=len(lines))}


def _whole(document: Document, chance: Random) -> Any:
    return chance.choice((*WRONG_WHOLE, [document], {"data": None}))


def _field(document: Document, chance: Random) -> Document:
    name = chance.choice([name for name in WRONG if name in document] or ["state"])
    return {**document, name: chance.choice(WRONG[name])}


def _entry(document: Document, chance: Random) -> Document:
    lines = document.get("operation_logs")
    if not isinstance(lines, list) or not lines:
        return _field(document, chance)
    place = chance.randrange(len(lines))
    name = chance.choice(list(WRONG_IN_ENTRY))
    spoiled = {**lines[place], name: chance.choice(WRONG_IN_ENTRY[name])} if isinstance(lines[place], dict) else None
    return {**document, "operation_logs": [*lines[:place], spoiled, *lines[place + 1 :]]}


def _page(document: Document, chance: Random) -> Document:
    name = chance.choice(list(WRONG_PAGES))
    return {**document, name: chance.choice(WRONG_PAGES[name])}


def _item(document: Document, chance: Random) -> Document:
    items = document.get("jobs")
    if not isinstance(items, list) or not items:
        return _page(document, chance)
    place = chance.randrange(len(items))
    return {**document, "jobs": [*items[:place], _field(items[place], chance), *items[place + 1 :]]}
