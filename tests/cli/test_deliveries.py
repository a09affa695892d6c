import pytest

from poller.store.store import Store
from tests.cli.operating import CONFIG, Operator
from tests.core.samples import NOON
from tests.store import making


async def _some(store: Store) -> None:
    """A dead delivery of `old`, a pending one of `new`."""
    await making.tell(store, "old", 1, now=NOON - 7200)
    await making.reject(store, await making.owed(store))
    await making.tell(store, "new", 1)


def test_a_list_shows_what_scripts_rely_on_and_filters_narrow_it(poller: Operator) -> None:
    poller.fill(_some)

    rows = poller("deliveries", "list", "--json").rows
    assert [(row["id"], row["event_id"], row["job_id"], row["state"]) for row in rows] == [
        (2, "new-1", "new", "pending"),
        (1, "old-1", "old", "dead"),
    ]
    named = {"id", "event_id", "notifier", "state", "attempts", "next_attempt_at", "last_error", "job_id", "transition"}
    assert named <= set(rows[0])
    assert [row["job_id"] for row in poller("deliveries", "list", "--json", "--state", "dead").rows] == ["old"]
    assert poller("deliveries", "list", "--json", "--since", "2023-12-09T07:00:00Z").rows == rows[:1]
    assert poller("deliveries", "list", "--json", "--since", "1h").rows == []
    assert poller("deliveries", "list", "--notifier", "nobody").out == ""
    assert "no such mailbox" in poller("deliveries", "list").lines[2]


def test_what_is_owed_to_a_notifier_that_is_gone_is_shown_as_such(poller: Operator) -> None:
    poller.fill(_some)
    poller.configure(CONFIG.replace("notifiers.hook", "notifiers.other"))

    assert "hook (not configured)" in poller("deliveries", "list").out
    assert [row["configured"] for row in poller("deliveries", "list", "--json").rows] == [False, False]


def test_recipients_are_shown_and_who_has_left_is_marked(poller: Operator) -> None:
    async def two_recipients(store: Store) -> None:
        await making.tell(store, "a", 1, notifiers=("ops",))
        to = ("b@example.com", "gone@example.com")
        await store.outbox.claim("ops", now=NOON, until=NOON + 1, limit=1, ordered=True, recipients=to)
        await making.tell(store, "a", 2, notifiers=("ops",))

    poller.fill(two_recipients)
    mail = 'server = "smtps://m"\nfrom = "a@example.com"\nto = ["b@example.com"]\n'
    poller.configure(f'{CONFIG}\n[notifiers.ops]\nkind = "email"\n{mail}')

    rows = poller("deliveries", "list", "--json").rows
    assert [(row["recipient"], row["configured"]) for row in rows] == [
        *((None, True), ("gone@example.com", False), ("b@example.com", True)),
    ]
    shown = poller("deliveries", "list").out
    assert "ops gone@example.com (not configured)" in shown
    assert "ops b@example.com  " in shown


def test_one_delivery_is_shown_with_its_event(poller: Operator) -> None:
    poller.fill(_some)

    assert "no such mailbox" in poller("deliveries", "show", "1").out
    assert poller("deliveries", "show", "1", "--json").rows[0]["event"]["id"] == "old-1"
    assert poller("deliveries", "show", "77").code == 1


def test_deliveries_are_retried_by_id_and_by_filter(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(_some)

        assert poller("deliveries", "retry", "1").out == "1 retried\n"
        assert [row["state"] for row in poller("deliveries", "list", "--json").rows] == ["pending", "pending"]
        assert poller("deliveries", "discard", "--state", "pending", "--notifier", "hook").out == "2 discarded\n"
        assert (
            poller("deliveries", "retry", "--state", "discarded", "--since", "2023-12-09T07:00:00Z").out
            == "1 retried\n"
        )
        assert poller("deliveries", "retry", "--state", "dead").out == "0 retried\n"


def test_a_delivery_that_cannot_be_retried_is_told(poller: Operator) -> None:
    with poller.daemon():
        ran = poller("deliveries", "retry", "4711")

    assert ran.code == 1
    assert "poller deliveries list" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing that says which"),
        (["1", "--state", "dead"], "both ids and filters"),
        (["--state", "lost"], "allowed: pending, delivered, dead, discarded"),
        (["--since", "soon"], "--since: found 'soon'"),
        (["one"], "integer"),
        (["-1"], "-1"),
    ],
)
@pytest.mark.parametrize("decision", ["retry", "discard"])
def test_a_wrong_choice_is_wrong_usage(poller: Operator, decision: str, arguments: list[str], said: str) -> None:
    ran = poller("deliveries", decision, *arguments)

    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize("decision", ["retry", "discard"])
def test_a_notifier_that_nobody_knows_is_wrong_usage_with_the_nearest_name(poller: Operator, decision: str) -> None:
    with poller.daemon() as daemon:
        daemon.do(_some)
        ran = poller("deliveries", decision, "--state", "dead", "--notifier", "hok", "--yes")
        assert ran.code == 2
        assert '--notifier: found "hok"; did you mean "hook"?' in ran.err
        assert poller("deliveries", "show", "1", "--json").rows[0]["state"] == "dead"


def test_what_is_owed_to_a_notifier_that_is_gone_can_still_be_given_up(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(_some)
        poller.configure(CONFIG.replace("notifiers.hook", "notifiers.other"))
        assert poller("deliveries", "discard", "--notifier", "hook", "--yes").out == "2 discarded\n"
        assert poller("deliveries", "discard", "--notifier", "other", "--yes").out == "0 discarded\n"


@pytest.mark.parametrize(("answer", "state"), [("y", "discarded"), ("n", "dead")])
def test_a_person_is_asked_before_a_filter_is_applied(
    poller: Operator, monkeypatch: pytest.MonkeyPatch, answer: str, state: str
) -> None:
    asked: list[str] = []

    def confirm(question: str) -> bool:
        asked.append(question)
        return answer == "y"

    monkeypatch.setattr("poller.cli.decisions.is_interactive", lambda: True)
    monkeypatch.setattr("typer.confirm", confirm)
    with poller.daemon() as daemon:
        daemon.do(_some)
        poller("deliveries", "discard", "--state", "dead")

        assert asked == ["discard 1 deliveries?"]
        assert poller("deliveries", "show", "1", "--json").rows[0]["state"] == state
        poller("deliveries", "discard", "--state", "dead", "--yes")
        assert len(asked) == 1
