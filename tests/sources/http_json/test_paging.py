"""List pages: what they show, and whether more follow."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.config.expression import parse_expression as parsed
from poller.core.exchange import Reply
from poller.core.reading import Failed, ListQuery, Page
from poller.sources.http_json.paging import MAX_ITEMS, PageShape, has_next, read_page
from poller.sources.http_json.shape import Shape

SHAPE = PageShape(
    items=parsed("items"),
    job=Shape(state=parsed("s"), id=parsed("id"), keep={"ref": parsed("ref")}),
    created_at=parsed("at"),
    total=parsed("n"),
)


def page(
    document: object, headers: Mapping[str, str] | None = None, *, offset: int = 0, limit: int = 2
) -> Page | Failed:
    reply = Reply(status=200, headers=headers or {}, body=json.dumps(document).encode(), received_at=0.0)
    return read_page(reply, ListQuery(offset=offset, limit=limit), SHAPE)


def test_jobs_are_shown_with_state_kept_fields_and_creation() -> None:
    found = page({"items": [{"id": 7, "s": "on", "ref": "main", "at": "2023-12-09T12:00:00Z"}], "n": 31})
    assert isinstance(found, Page)
    (job,) = found.jobs
    assert (job.job_id, job.snapshot.state, job.snapshot.fields) == ("7", "on", {"ref": "main"})
    assert job.created_at == 1_702_123_200.0
    assert (found.total, found.full) == (31, False)


@pytest.mark.parametrize("at", [1_702_123_200, 1_702_123_200_000])
def test_creation_may_be_a_number(at: int) -> None:
    found = page({"items": [{"id": 7, "at": at}]})
    assert isinstance(found, Page)
    assert found.jobs[0].created_at == 1_702_123_200.0


def test_items_that_no_job_can_be_asked_about_by_are_left_out() -> None:
    ids: list[object] = [None, {}, "a/b", "..", "", "x" * 201, "客", "good", 5.5]
    found = page({"items": [5, "x", None, *({"id": one, "s": "on"} for one in ids)]}, limit=100)
    assert isinstance(found, Page)
    assert [job.job_id for job in found.jobs] == ["good"]


@pytest.mark.parametrize("document", [5, "x", None, {}, {"items": None}, {"items": {}}, {"items": "x"}, []])
def test_a_page_without_its_list_is_nonsense(document: object) -> None:
    found = page(document)
    assert isinstance(found, Failed)
    assert found.kind == "nonsense"


def test_a_page_that_is_larger_than_any_is_read_as_far_as_it_makes_sense() -> None:
    found = page({"items": [{"id": at, "s": "on"} for at in range(MAX_ITEMS + 50)]}, limit=100)
    assert isinstance(found, Page)
    assert len(found.jobs) == MAX_ITEMS
    assert found.full


@pytest.mark.parametrize(
    ("count", "link", "full"),
    [
        (2, "", True),
        (1, "", False),
        (1, '<https://x/?page=2>; rel="next"', True),
        (2, '<https://x/?page=1>; rel="prev"', False),
        (0, '<https://x/?page=2>; rel="next"', False),
    ],
)
def test_more_follow_when_the_link_header_says_so_or_the_page_is_full(count: int, link: str, full: bool) -> None:
    found = page({"items": [{"id": at} for at in range(count)]}, {"link": link})
    assert isinstance(found, Page)
    assert found.full is full


@pytest.mark.parametrize(
    ("document", "headers", "total"),
    [
        ({"n": 31}, {"x-total": "5"}, 31),
        ({"n": 0}, {}, 0),
        ({"n": "many"}, {"x-total": "5"}, 5),
        ({"n": True}, {"x-total": "-5"}, 42),
        ({"n": -1}, {}, 42),
    ],
)
def test_the_total_is_told_in_the_page_in_a_header_or_at_least_what_was_seen(
    document: dict[str, object], headers: dict[str, str], total: int
) -> None:
    found = page({**document, "items": [{"id": 1}, {"id": 2}]}, {**headers, "link": '<x>; rel="prev"'}, offset=40)
    assert isinstance(found, Page)
    assert found.total == total


@pytest.mark.parametrize(
    ("link", "next_one"),
    [
        ("", None),
        ('<https://api.github.com/r?page=2>; rel="next", <https://api.github.com/r?page=9>; rel="last"', True),
        ('<https://api.github.com/r?page=1>; rel="prev", <https://api.github.com/r?page=1>; rel="first"', False),
        ("<https://x/2>; rel=next", True),
        ("<https://x/2>; title=\"rel=next\"; rel='prev'", False),
        ('<https://x/2>; REL="prefetch NEXT"; type="a,b"', True),
        ('<https://x/a,b;rel=next>; rel="first"', False),
        ('<https://x/2>; rel="nextish"', False),
        ("rubbish", False),
    ],
)
def test_link_headers_are_read_as_rfc_8288_says(link: str, next_one: bool | None) -> None:
    assert has_next(link) is next_one


@settings(max_examples=100, deadline=500)
@given(st.text(alphabet='<>;,="\\ rel=nextx', max_size=2000))
def test_no_link_header_takes_long_or_fails(link: str) -> None:
    assert has_next(link) in (True, False, None)
