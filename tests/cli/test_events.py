import pytest

from poller.store.store import Store
from tests.cli.operating import Operator
from tests.core.samples import NOON
from tests.store import making


async def _five(store: Store) -> None:
    await making.tell(store, "a", 1, 2, now=NOON - 7200)
    await making.tell(store, "b", 1, 2, 3)


def test_events_are_listed_in_the_order_in_which_they_were_recorded(poller: Operator) -> None:
    poller.fill(_five)

    assert [row["id"] for row in poller("events", "--json").rows] == ["a-1", "a-2", "b-1", "b-2", "b-3"]
    assert [line.split()[2:4] for line in poller("events").lines[1:]] == [
        ["a", "1"],
        ["a", "2"],
        ["b", "1"],
        ["b", "2"],
        ["b", "3"],
    ]


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--job", "a"], ["a-1", "a-2"]),
        (["--since", "2023-12-09T07:00:00Z"], ["b-1", "b-2", "b-3"]),
        (["--since", "1h"], []),
        (["--source", "other"], []),
        (["--transition", "TRAINING", "--limit", "1"], ["b-3"]),
        (["--limit", "4"], ["a-2", "b-1", "b-2", "b-3"]),
        (["--limit", "99"], ["a-1", "a-2", "b-1", "b-2", "b-3"]),
        (["--job", "a", "-n", "1"], ["a-2"]),
        (["--job", "nobody", "--limit", "5"], []),
    ],
)
def test_filters_and_a_limit_narrow_the_list(poller: Operator, arguments: list[str], ids: list[str]) -> None:
    poller.fill(_five)

    assert [row["id"] for row in poller("events", "--json", *arguments).rows] == ids


def test_a_limit_of_several_pages_begins_at_the_right_event(poller: Operator) -> None:
    poller.fill(lambda store: making.tell(store, "a", *range(1, 1301)))

    assert [row["data"]["transition"] for row in poller("events", "--json", "-n", "1100").rows] == ["TRAINING"] * 1100
    assert poller("events", "--json", "-n", "1100").rows[0]["id"] == "a-201"


def test_a_time_that_is_none_is_wrong_usage(poller: Operator) -> None:
    ran = poller("events", "--since", "yesterday")

    assert ran.code == 2
    assert 'such as "200ms"' in ran.err
