import pytest

from poller.store.store import Store
from tests.cli.operating import CONFIG, Operator
from tests.core.samples import NOON
from tests.store import making
from tests.store.test_foreseeing import move

FILED = CONFIG.replace("auth =", 'jobs = ["a", "b", "c"]\nauth =')
SHORT = CONFIG.replace("auth =", 'rate = "1/s"\nsweep = "detail"\nauth =')


def test_without_a_database_the_jobs_of_the_file_are_counted(poller: Operator) -> None:
    poller.configure(FILED)

    row = poller("plan", "--json").rows[0]
    assert (row["source"], row["basis"], row["jobs"], row["listed_basis"]) == ("prod", "file", 3, "assumed")
    assert row["requests"]["total"] == pytest.approx(0.1)
    assert row["used"] == pytest.approx(0.02)
    assert row["classes"] == [
        {
            "class": "active",
            "jobs": 3,
            "every": 30.0,
            "state_change": {"typical": 15.0, "worst": 30.0},
            "log_entry": {"typical": 15.0, "worst": 30.0},
        }
    ]
    assert not (poller.folder / "poller.db").exists()


def test_with_a_database_its_jobs_count_and_what_was_learned_is_shown(poller: Operator) -> None:
    async def fill(store: Store) -> None:
        for number in range(5):
            await making.watch(store, f"job{number}")
            await move(store, f"job{number}", "AUTO_VERIFYING", "TRAINING")

    poller.configure(FILED)
    poller.fill(fill)

    row = poller("plan", "--json").rows[0]
    assert (row["basis"], row["jobs"], row["overdue"]) == ("database", 5, 5)
    assert row["usual_stays"] == [{"state": "AUTO_VERIFYING", "p50": 10.0, "p95": 10.0, "stays": 5}]
    out = poller("plan").out
    assert "AUTO_VERIFYING         10s          10s      5" in out
    assert "prod: within budget" in out


def test_what_if_there_were_many_jobs(poller: Operator) -> None:
    row = poller("plan", "--jobs", "10000", "--json").rows[0]

    assert (row["basis"], row["mode"], row["pages"], row["listed"]) == ("what if", "list", 100, 10_000)
    assert row["classes"][0]["state_change"]["worst"] == row["sweep_every"]
    assert row["classes"][0]["log_entry"]["worst"] > row["sweep_every"]


def test_few_jobs_in_a_long_list_are_asked_one_by_one(poller: Operator) -> None:
    row = poller("plan", "--jobs", "3", "--listed", "50000", "--json").rows[0]

    assert (row["mode"], row["listed"], row["listed_basis"]) == ("detail", 50_000, "option")


def test_a_budget_that_is_short_is_told_with_what_to_change_to_which_value(poller: Operator) -> None:
    poller.configure(SHORT)

    lines = poller("plan", "--jobs", "60").lines
    assert "prod: over budget: 2/s would look as often as `every` says" in lines
    assert [line.split(":")[0] for line in lines if "set sources" in line] == [
        '  set sources.prod.sweep = "auto"',
    ]
    poller.configure(SHORT.replace("detail", "auto"))
    advice = poller("plan", "--jobs", "60", "--listed", "100000", "--json").rows[0]["advice"]
    assert {one["key"]: one["value"] for one in advice} == {
        "sources.prod.rate": "2.2/s",
        "sources.prod.every.active": "1m16s",
    }


def test_a_plan_needs_no_credentials_and_says_what_else_is_wrong_with_the_file(poller: Operator) -> None:
    poller.configure(CONFIG.replace("auth =", 'rate = "fast"\nauth ='))

    ran = poller("plan")
    assert (ran.code, ran.out) == (2, "")
    assert "sources.prod.rate" in ran.err
    assert "NOT_SET" not in ran.err


def test_an_empty_configuration_has_nothing_to_plan(poller: Operator) -> None:
    poller.configure("")

    ran = poller("plan")
    assert (ran.code, ran.out) == (0, "")
    assert "nothing is polled" in ran.err


def test_a_running_daemon_says_how_long_the_list_is(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(making.watch, "a", now=NOON)
        daemon.api.controls.plans = {"prod": {"listed": 4321}}

        row = poller("plan", "--json").rows[0]
        assert (row["listed"], row["listed_basis"], row["jobs"]) == (4321, "daemon", 1)
        assert poller("plan", "--jobs", "5", "--json").rows[0]["listed"] == 5


def test_jobs_that_discovery_will_add_are_remarked_upon(poller: Operator) -> None:
    poller.configure(FILED.replace("auth =", "discover = true\nauth ="))

    assert "--jobs 900 says what that leads to" in poller("plan", "--listed", "900").out
    assert "discover is on" not in poller("plan", "--jobs", "900", "--listed", "1000").out


@pytest.mark.parametrize("arguments", [["--jobs", "-1"], ["--jobs", "many"], ["--listed", "1.5"]])
def test_a_number_that_is_none_is_wrong_usage(poller: Operator, arguments: list[str]) -> None:
    assert poller("plan", *arguments).code == 2
