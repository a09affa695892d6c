"""Who is told, who not before when, and of what nobody is told."""

from dataclasses import replace
from datetime import UTC, datetime

from poller.core.addressing import addressed, addressed_to
from poller.core.event import Event
from poller.core.notices import batch_done
from poller.core.notices import test_event as make_test_event
from poller.core.quiet import Quiet
from poller.core.requiet import waits_until
from poller.core.route import Route, matches
from poller.core.silence import Silence, silencing
from tests.core.test_batch import progress
from tests.store.making import event

MIDNIGHT = datetime(2026, 11, 26, tzinfo=UTC).timestamp()
SEVEN, SIX = MIDNIGHT + 7 * 3600, MIDNIGHT + 6 * 3600
QUIET = Quiet(start=22 * 60, end=7 * 60, timezone=UTC, loud=("*_FAILED",))
EARLIER = replace(QUIET, end=6 * 60)
TRAINING = event("a", 1, now=MIDNIGHT)
FAILED = event("a", 2, now=MIDNIGHT, transition="TRAINING_FAILED")


def test_a_notifier_that_only_quiet_routes_name_is_told_at_their_end() -> None:
    told = addressed(TRAINING, [Route(notify=("hook", "ops"), quiet=QUIET), Route(notify=("ops",))], ["hook", "ops"])
    assert (told.notifiers, told.not_before) == (("hook", "ops"), {"hook": SEVEN})


def test_the_earliest_time_of_several_routes_counts() -> None:
    routes = [Route(notify=("hook",), quiet=QUIET), Route(notify=("hook",), quiet=EARLIER)]
    assert addressed(TRAINING, routes, ["hook"]).not_before == {"hook": SIX}


def test_what_is_excepted_is_told_at_once_and_takes_along_what_waits() -> None:
    told = addressed(FAILED, [Route(notify=("hook",), quiet=QUIET)], ["hook"])
    assert (told.not_before, told.urgent) == ({}, True)
    assert not addressed(FAILED, [Route(notify=("hook",))], ["hook"]).urgent


def test_what_waits_waits_by_the_routes_of_now_and_never_longer() -> None:
    def until(event: Event, *routes: Route) -> float | None:
        return waits_until(event, "hook", SEVEN, routes, ["hook"])

    quiet, elsewhere = Route(notify=("hook",), quiet=QUIET), Route(notify=("ops",), quiet=QUIET)
    assert until(TRAINING) is None
    assert until(TRAINING, Route(notify=("hook",))) is None
    assert until(TRAINING, quiet) == SEVEN
    assert until(TRAINING, replace(quiet, quiet=EARLIER)) == SIX
    assert until(TRAINING, replace(quiet, quiet=replace(QUIET, end=9 * 60))) == SEVEN
    assert until(TRAINING, quiet, Route(notify=("hook",))) is None
    assert until(FAILED, quiet) is None
    assert until(TRAINING, elsewhere) == SEVEN  # owed by a route that is gone: it keeps its time
    assert until(TRAINING._replace(type="poller.job.reminder"), quiet, Route(notify=("hook",))) == SEVEN


def test_what_is_told_in_the_name_of_one_route_keeps_to_its_quiet_hours() -> None:
    route = Route(notify=("hook",), quiet=QUIET)
    told = addressed_to(TRAINING, route, {"boss", "hook"}, ["hook", "ops", "boss"])
    assert (told.notifiers, told.not_before) == (("hook", "boss"), {"hook": SEVEN, "boss": SEVEN})


def test_a_route_matches_a_batch_by_its_name_and_its_source() -> None:
    done = batch_done(progress(done=1), 1, now=MIDNIGHT)
    assert matches(done, Route(notify=(), on=("batch:BATCH_DONE",), batch_names=("spr*",), sources=("prod",)))
    assert not matches(done, Route(notify=(), batch_names=("autumn",)))


def silence(number: int, **changes: object) -> Silence:
    which = Route(notify=(), **changes.pop("which", {}))  # type: ignore[arg-type]  # a test names what it changes
    settings = {
        "job_ids": (),
        "author": "alice",
        "comment": "moving",
        "starts_at": MIDNIGHT,
        "ends_at": SEVEN,
    } | changes
    return Silence(id=number, which=which, **settings)  # type: ignore[arg-type]  # a test names what it changes


def test_a_silence_holds_from_its_start_to_its_end_for_what_it_matches() -> None:
    one = silence(1, which={"on": ("state:*",)})
    assert silencing([one], TRAINING, MIDNIGHT) == one
    assert silencing([one], TRAINING, SEVEN) is None
    assert silencing([one], TRAINING, MIDNIGHT - 1) is None
    assert silencing([silence(2, which={"on": ("job:*",)})], TRAINING, MIDNIGHT) is None
    assert silencing([silence(3, job_ids=("b",))], TRAINING, MIDNIGHT) is None
    assert silencing([silence(4, job_ids=("b", "a"))], TRAINING, MIDNIGHT) is not None


def test_the_silence_that_lasts_longest_is_named_and_a_test_is_never_silenced() -> None:
    longer = silence(2, ends_at=SEVEN + 1)
    assert silencing([silence(1), longer, silence(3)], TRAINING, MIDNIGHT) == longer
    assert longer.reason == "silenced by alice (silence 2): moving"
    assert silencing([longer], make_test_event("hook", now=MIDNIGHT), MIDNIGHT) is None
