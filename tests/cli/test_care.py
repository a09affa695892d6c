"""Silences, acknowledgements and batches on the command line."""

from poller.core.job import NEVER_SEEN
from poller.store.store import Store
from tests.cli.operating import Operator
from tests.config import samples
from tests.core.samples import NOON, look, snapshot
from tests.store import making

ROUTES = """
[[routes]]
on = ["state:*"]
notify = ["hook"]
remind_every = "24h"
escalate_after = "2d"
escalate_to = ["hook"]

[routes.quiet]
from = "00:00"
to = "23:59"
except = ["*_FAILED"]
"""


async def _in_a_batch(store: Store) -> None:
    await making.watch(store, "a", "b")
    for due in await making.claim(store):
        known = look(NEVER_SEEN, snapshot("TRAINING", fields={"batch_name": "spring"}), now=NOON).known
        poll = making.changed(due, known=known)
        assert poll.change is not None
        state_class = "done" if due.job_id == "a" else "active"
        await store.ledger.record([poll._replace(change=poll.change._replace(state_class=state_class))])  # type: ignore[arg-type]  # a class


def test_batches_are_shown_with_how_far_they_are(poller: Operator) -> None:
    poller.fill(_in_a_batch)
    assert poller("batches").lines[1].split()[:8] == ["prod", "spring", "2", "1", "(50%)", "1", "active,", "1"]
    assert [row["share"] for row in poller("batches", "--json", "--open").rows] == [0.5]
    assert poller("batches", "--source", "other").out == ""


def test_a_silence_is_added_shown_and_ended_through_the_daemon(poller: Operator) -> None:
    with poller.daemon():
        added = poller(
            "silence", "add", "--batch", "spring-*", "--for", "2h", "--comment", "known", "--author", "alice"
        )
        assert (added.code, added.out.split()[:3]) == (0, ["silence", "1", "until"])
        assert poller("silence", "expire", "1").out == "1 ended\n"
        assert poller("silence", "expire", "7").code == 1
    [row] = poller("silence", "list", "--all", "--json").rows
    assert (row["batch_names"], row["author"], row["comment"]) == (["spring-*"], "alice", "known")
    assert poller("silence", "list").out == ""


def test_a_silence_without_an_end_or_of_everything_by_accident_is_wrong_usage(poller: Operator) -> None:
    with poller.daemon():
        assert poller("silence", "add", "--on", "*", "--comment", "x").code == 2
        everything = poller("silence", "add", "--for", "1h", "--comment", "x")
        assert (everything.code, 'write on = ["*"]' in everything.err) == (2, True)


def test_route_test_says_what_quiet_hours_and_reminders_make_of_an_event(poller: Operator) -> None:
    poller.configure(samples.source() + samples.notifier(name="hook") + ROUTES)
    failed = poller("route", "test", "--transition", "TRAIN_FAILED", "--json").rows[0]
    assert failed["routes"][0]["quiet_until"] is None
    assert failed["routes"][0]["tending"]["remind_every"] == 86400.0
    lines = poller("route", "test", "--transition", "TRAIN_FAILED").lines
    assert lines[-1] == "routes[0] -> hook: matches; reminds every 1d; escalates after 2d to hook"
    training = poller("route", "test", "--transition", "TRAINING", "--json").rows[0]["routes"][0]
    assert training["tending"] is None
