import pytest

from poller.store.store import Store
from tests.cli.operating import Operator
from tests.config import samples
from tests.store import making

ROUTES = """
[[routes]]
on = ["SYSTEM_VERIFY_SUCCESS", "state:*_FAILED"]
notify = ["hook"]

[[routes]]
on = ["!state:*"]
labels = { team = "x" }
operators = ["SYSTEM"]
notify = ["backup"]

[[routes]]
on = ["BLIND", "job:*"]
classes = ["done"]
notify = ["hook", "backup"]
"""


@pytest.fixture
def routed(poller: Operator) -> Operator:
    poller.configure(samples.source() + samples.notifier(name="hook") + samples.notifier(name="backup") + ROUTES)
    return poller


@pytest.mark.parametrize(
    ("arguments", "reached"),
    [
        (["--transition", "SYSTEM_VERIFY_SUCCESS"], ["hook"]),
        (["--transition", "SYSTEM_VERIFY_SUCCESS", "--label", "team=x", "--operator", "SYSTEM"], ["hook", "backup"]),
        (["--transition", "MANUAL_VERIFY_FAILED"], ["hook"]),
        (["--transition", "MANUAL_VERIFY_FAILED", "--type", "operation_logged"], []),
        (["--transition", "REOPENED", "--state", "JOB_SUCCESS"], ["hook", "backup"]),
        (["--transition", "REOPENED", "--class", "failed"], []),
        (["--transition", "BLIND"], []),
        (["--transition", "ANYTHING", "--label", "team=y", "--operator", "SYSTEM"], []),
    ],
)
def test_the_notifiers_that_an_event_would_reach_are_named(
    routed: Operator, arguments: list[str], reached: list[str]
) -> None:
    assert routed("route", "test", "--json", *arguments).rows[0]["notifiers"] == reached


def test_why_a_route_does_not_match_is_said_criterion_by_criterion(routed: Operator) -> None:
    lines = routed("route", "test", "--transition", "SYSTEM_VERIFY_SUCCESS", "--operator", "USER").lines

    assert lines[1:] == [
        "reaches  hook",
        "routes[0] -> hook: matches",
        "routes[1] -> backup: no: labels = team=x is not met; operators = SYSTEM is not met",
        "routes[2] -> hook, backup: no: on = BLIND, job:* is not met; classes = done is not met",
    ]


def test_an_event_of_the_database_is_routed_as_it_is(routed: Operator) -> None:
    async def fill(store: Store) -> None:
        await making.watch(store, "a")
        event = making.event("a", 1, transition="MANUAL_VERIFY_FAILED")
        await store.ledger.record([making.changed(await making.due_of(store, "a"), event)])

    routed.fill(fill)

    assert routed("route", "test", "--event", "a-1", "--json").rows[0]["notifiers"] == ["hook"]
    ran = routed("route", "test", "--event", "unknown")
    assert (ran.code, ran.out) == (1, "")


def test_without_routes_every_event_goes_to_every_notifier(poller: Operator) -> None:
    poller.configure(samples.source() + samples.notifier(name="hook"))

    out = poller("route", "test", "--transition", "ANYTHING").out
    assert "reaches  hook" in out
    assert "there are no routes" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "exactly one of --transition and --event"),
        (["--transition", "A", "--event", "b"], "exactly one of --transition and --event"),
        (["--transition", "A", "--type", "recovered"], "source.recovered, notifier.recovered"),
        (["--transition", "A", "--class", "busy"], "--class: found 'busy'"),
        (["--transition", "A", "--label", "x"], "--label: found 'x'"),
    ],
)
def test_a_question_that_cannot_be_answered_is_wrong_usage(routed: Operator, arguments: list[str], said: str) -> None:
    ran = routed("route", "test", *arguments)

    assert ran.code == 2
    assert said in ran.err


def test_the_recipients_of_a_notifier_are_named(poller: Operator) -> None:
    mail = 'server = "smtps://m"\nfrom = "a@example.com"\nto = ["b@example.com", "c@example.com"]\n'
    poller.configure(f'[notifiers.ops]\nkind = "email"\n{mail}')

    assert poller("route", "test", "--transition", "BLIND").lines[1] == "reaches  ops (b@example.com, c@example.com)"
    assert poller("route", "test", "--transition", "BLIND", "--json").rows[0]["recipients"] == {
        "ops": ["b@example.com", "c@example.com"]
    }
