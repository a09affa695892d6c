import pytest
from rich.cells import cell_len

from poller.cli.job_changes import BATCH
from poller.store.store import Store
from tests.cli.operating import Operator
from tests.core.samples import NOON
from tests.store import making


async def _two_jobs(store: Store) -> None:
    await making.tell(store, "trained", 1, 2)
    await making.watch(store, "new")


def test_jobs_are_added_with_labels_and_those_watched_before_are_counted(poller: Operator) -> None:
    with poller.daemon() as daemon:
        assert poller("jobs", "add", "prod", "a", "b", "--label", "team=x", "--label", "k=a=b").out == "2 added\n"
        assert poller("jobs", "add", "prod", "b", "c").out == "1 added, 1 watched before\n"
        assert daemon.api.controls.rung == ["prod", "prod"]

    rows = poller("jobs", "list", "--json").rows
    assert [row["job_id"] for row in rows] == ["a", "b", "c"]
    assert rows[0]["labels"] == {"team": "x", "k": "a=b"}


def test_ids_are_read_from_standard_input_with_remarks_and_blank_lines(poller: Operator) -> None:
    with poller.daemon():
        assert poller("jobs", "add", "prod", "first", "-", stdin="a b # two\n\n# none\nc\r\na\n").out == "4 added\n"


def test_more_ids_than_one_request_takes_are_added_in_several(poller: Operator) -> None:
    ids = [f"job{number}" for number in range(BATCH + 1)]
    with poller.daemon() as daemon:
        assert poller("jobs", "add", "prod", "-", stdin="\n".join(ids)).out == "1,001 added\n"
        assert daemon.api.controls.rung == ["prod", "prod"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["../x"], None, "the command line: found '../x'"),
        (["-"], "good\nbad/id\n", "line 2 of standard input: found 'bad/id'"),
        (["-"], "", "no job id was given"),
        (["a", "--label", "team"], None, "--label: found 'team'"),
        (["a", "--app-user-id", "用户"], None, "app_user_id: "),
    ],
)
def test_what_is_wrong_with_an_addition_is_told_before_anything_is_added(
    poller: Operator, arguments: list[str], stdin: str | None, said: str
) -> None:
    with poller.daemon() as daemon:
        ran = poller("jobs", "add", "prod", *arguments, stdin=stdin)
        assert daemon.api.controls.rung == []

    assert ran.code == 2
    assert said in ran.err


def test_a_source_that_is_not_configured_is_refused_and_those_there_are_named(poller: Operator) -> None:
    with poller.daemon():
        ran = poller("jobs", "add", "nope", "a")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "poller: source: there is no source of this name; the configuration has: prod\n"


def test_jobs_are_paused_resumed_polled_and_removed(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(making.watch, "a", "b", now=NOON + 500)

        assert poller("jobs", "pause", "prod", "a", "b").out == "2 paused\n"
        assert [row["paused"] for row in poller("jobs", "list", "--json").rows] == [True, True]
        assert poller("jobs", "resume", "prod", "a").out == "1 resumed\n"
        assert poller("jobs", "poll", "prod", "a").out == "1 due now\n"
        assert poller("jobs", "remove", "prod", "-", stdin="b").out == "1 removed\n"
        assert [row["job_id"] for row in poller("jobs", "list", "--json").rows] == ["a"]
        assert len(poller("jobs", "list", "--json", "--removed").rows) == 2


def test_one_job_that_is_not_there_does_not_stop_the_others(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(making.watch, "a", "b")
        ran = poller("jobs", "pause", "prod", "a", "nobody", "b")

    assert (ran.code, ran.out) == (1, "2 paused\n")
    assert "nobody" in ran.err


def test_a_list_is_a_table_and_filters_narrow_it(poller: Operator) -> None:
    poller.fill(_two_jobs)

    lines = poller("jobs", "list").lines
    assert lines[0].split() == ["SOURCE", "JOB", "ID", "NAME", "STATE", "CLASS", "SINCE", "NEXT", "POLL", "TAKEN", "BY"]
    assert lines[1].split()[:2] == ["prod", "trained"]
    assert len(lines) == 3
    assert [row["job_id"] for row in poller("jobs", "list", "--json", "--class", "active").rows] == ["trained"]
    assert [row["job_id"] for row in poller("jobs", "list", "--json", "--text", "ne").rows] == ["new"]
    assert poller("jobs", "list", "--source", "other").out == ""


def test_a_list_of_several_pages_is_complete(poller: Operator) -> None:
    ids = [f"job{number:04}" for number in range(1201)]
    poller.fill(lambda store: making.watch(store, *ids))

    assert [row["job_id"] for row in poller("jobs", "list", "--json").rows] == ids
    assert len(poller("jobs", "list").lines) == 1202


def test_a_class_that_is_none_is_wrong_usage(poller: Operator) -> None:
    ran = poller("jobs", "list", "--class", "busy")

    assert ran.code == 2
    assert "waiting_on_us" in ran.err


def test_a_job_is_shown_with_its_kept_fields(poller: Operator) -> None:
    poller.fill(_two_jobs)

    assert poller("jobs", "show", "prod", "trained", "--json").rows[0]["snapshot"]["state"] == "TRAINING"
    assert "state       TRAINING\n" in poller("jobs", "show", "prod", "trained").out
    ran = poller("jobs", "show", "prod", "nobody")
    assert (ran.code, ran.out) == (1, "")


def test_a_name_from_upstream_cannot_drive_the_terminal(poller: Operator) -> None:
    hostile = making.event("a", 1, transition="\x1b[2JTRAINING\x07\r")

    async def fill(store: Store) -> None:
        await making.watch(store, "a")
        await store.ledger.record([making.changed(await making.due_of(store, "a"), hostile)])

    poller.fill(fill)

    out = poller("events").out
    assert "TRAINING" in out
    assert not {"\x1b", "\x07", "\r"} & set(out)


def test_columns_stay_in_line_below_wide_characters(poller: Operator) -> None:
    async def fill(store: Store) -> None:
        for job_id, transition in (("a", "训练中"), ("b", "TRAINING")):
            await making.watch(store, job_id)
            due = await making.due_of(store, job_id)
            await store.ledger.record([making.changed(due, making.event(job_id, 1, transition=transition))])

    poller.fill(fill)

    first, second = poller("deliveries", "list").lines[1:]
    assert (first.endswith("-"), second.endswith("-")) == (True, True)
    assert cell_len(first) == cell_len(second)
