"""The line for `systemctl status`: what is wrong stands first."""

from poller.core.listing import DeliveryCount, JobCount
from poller.core.vocabulary import StateClass
from poller.daemon.headline import Numbers, headline


def numbers(**changes: object) -> Numbers:
    settings: dict[str, object] = {
        "sources": 1,
        "notifiers": 1,
        "jobs": [],
        "overdue": 0,
        "owed": [],
        "blind": [],
        "disabled": [],
    }
    return Numbers(**(settings | changes))  # type: ignore[arg-type]  # a test names what it changes


def jobs(state_class: StateClass, count: int, source: str = "prod") -> JobCount:
    return JobCount(source=source, state_class=state_class, state="X", jobs=count, overdue=0)


def owed(pending: int, dead: int) -> DeliveryCount:
    return DeliveryCount(notifier="backend", pending=pending, dead=dead, oldest=None)


def test_a_quiet_day() -> None:
    found = [jobs("active", 40), jobs("done", 100), jobs("done", 2, "other")]
    assert headline(numbers(jobs=found)) == "142 jobs: 40 active, 102 done; all delivered"


def test_a_bad_day() -> None:
    said = headline(
        numbers(
            jobs=[jobs("failed", 1)], overdue=1, owed=[owed(5, 0), owed(0, 2)], blind=["prod"], disabled=["backend"]
        )
    )
    assert said == ("blind: prod; disabled: backend; 1 job: 1 failed; 1 poll overdue; deliveries: 5 pending, 2 dead")


def test_a_fresh_installation_says_what_is_missing() -> None:
    said = headline(numbers(sources=0, notifiers=0))
    assert said == (
        "no source configured: nothing is polled; no notifier configured: nobody is told; no jobs; all delivered"
    )


def test_many_names_are_not_all_named() -> None:
    assert headline(numbers(blind=list("abcde"))).startswith("blind: a, b, c and 2 more; ")
