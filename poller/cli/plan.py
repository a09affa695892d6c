"""`poller plan`: the requests that the configuration leads to, how late a change is seen, and what to change."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.screen import AsJson, Column, Listing, note, print_json, say
from poller.cli.setting import ConfigFile, read_plainly, read_setting
from poller.cli.spans import rate, span

if TYPE_CHECKING:
    from poller.cli.foreseeing import Foreseen
    from poller.core.advice import Advice
    from poller.core.forecast import ClassDelays, Delay
    from poller.core.stay import Usual

MOST: Final = 10_000_000  # jobs of a question

REQUESTS: Final = (
    Column("SOURCE"),
    Column("JOBS", right=True),
    Column("LISTED", right=True),
    Column("STATES BY"),
    Column("CHANGED", right=True),
    Column("SWEEP", right=True),
    Column("ROTATION", right=True),
    Column("TOTAL", right=True),
    Column("RATE", right=True),
    Column("USED", right=True),
    Column("OVERDUE", right=True),
)
DELAYS: Final = (
    Column("SOURCE"),
    Column("CLASS"),
    Column("JOBS", right=True),
    Column("EVERY", right=True),
    Column("STATE SEEN AFTER", right=True),
    Column("AT WORST", right=True),
    Column("LOG ENTRY AFTER", right=True),
    Column("AT WORST", right=True),
)
STAYS: Final = (
    Column("SOURCE"),
    Column("STATE"),
    Column("USUAL STAY", right=True),
    Column("95 % WITHIN", right=True),
    Column("STAYS", right=True),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "poller plan",
            "poller plan --jobs 10000",
            "poller plan --jobs 50 --listed 80000   # few jobs in a long list",
            "poller plan --json | jq -r '.source, .advice[].key'",
        )
    )(plan)


def plan(
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=MOST, help="What if each source had N jobs?", show_default=False),
    ] = None,
    listed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=MOST,
            help="How many jobs the upstream's list has; else what the daemon saw, else all are watched.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show how the request budget is spent, how late changes are seen, and what to change when that is too late.

    Takes the configuration and, if there is one, the database; asks the upstream nothing, and reads no credentials. Delays are
    from the change to its detection: on average, and at worst. A change of state is seen by a sweep of list pages or by a detail call;
    a log entry that comes without one by a detail call only. USED is the share of `rate`; OVERDUE are polls that are late now.
    """
    from poller.cli.foreseeing import foresee

    found = run(foresee, read_setting(config), read_plainly(config), jobs, listed)
    if as_json:
        for one in found:
            print_json(_document(one))
        return
    if not found:
        note("the configuration has no source: nothing is polled")
        return
    _print_tables(found)
    for one in found:
        _print_words(one)


def _print_tables(found: "Sequence[Foreseen]") -> None:
    _show(REQUESTS, [_requests(one) for one in found])
    delays = [(one.source, *_delays(each)) for one in found for each in one.forecast.classes]
    if delays:
        say("")
        _show(DELAYS, delays)
    stays = [(one.source, *_stay(state, usual)) for one in found for state, usual in _usual(one).items()]
    if stays:
        say("")
        _show(STAYS, stays)


def _show(columns: Sequence[Column], lines: Sequence[Sequence[str]]) -> None:
    listing: Listing[Sequence[str]] = Listing(
        columns, cells=lambda line: line, document=lambda _: {}, as_json=False, none=""
    )
    listing.show(lines)


def _requests(one: "Foreseen") -> Sequence[str]:
    made, plan_ = one.forecast, one.forecast.plan
    by = f"list: {plan_.pages:,} pages in {span(plan_.sweep_every)}" if plan_.sweep_every is not None else "detail"
    return (
        one.source,
        f"{made.jobs:,}",
        "-" if made.listed is None else f"{made.listed:,}",
        by,
        rate(plan_.changed),
        rate(made.sweep),
        rate(plan_.rotation),
        rate(made.total),
        rate(made.rate),
        f"{made.used:.0%}",
        f"{one.survey.overdue:,}",
    )


def _delays(one: "ClassDelays") -> Sequence[str]:
    pairs = (one.state_change, one.log_entry)
    times = [span(seconds) for delay in pairs for seconds in (delay.typical, delay.worst)]
    return (one.state_class, f"{one.jobs:,}", span(one.every), *times)


def _stay(state: str, usual: "Usual") -> Sequence[str]:
    return (state, span(usual.p50), span(usual.p95), f"{usual.stays:,}")


def _usual(one: "Foreseen") -> "dict[str, Usual]":
    """By state, where enough earlier stays are known."""
    from poller.core.stay import usual_of

    found = {state: usual_of(stays) for state, stays in one.survey.stays.items()}
    return {state: usual for state, usual in sorted(found.items()) if usual is not None}


def _print_words(one: "Foreseen") -> None:
    """What the figures rest on, and what to do."""
    made = one.forecast
    remarks = [
        *([_BASES[one.basis]] if one.basis != "database" else []),
        *_growing(one),
        *(["LISTED is not known yet and taken to be JOBS; --listed N says it"] if one.list_basis == "assumed" else []),
    ]
    short = made.plan.stretch > 1.0 or made.used > 1.0
    verdict = f"over budget: {rate(made.needed)} would look as often as `every` says" if short else "within budget"
    say("")
    say(f"{one.source}: {verdict}")
    for remark in remarks:
        say(f"  ({remark})")
    for advice in one.advice:
        say(f"  set sources.{one.source}.{advice.key} = {_value(advice)}: {advice.why}")


def _growing(one: "Foreseen") -> list[str]:
    jobs, listed = one.forecast.jobs, one.forecast.listed
    if not one.discovers or one.basis == "what if" or listed is None or listed <= jobs:
        return []
    return [f"discover is on: up to {listed:,} jobs will be watched; --jobs {listed} says what that leads to"]


_BASES: Final = {
    "file": "there is no job in the database: those of the file are counted, as if all were working",
    "what if": "imagined jobs: in the classes of those in the database if it has at least 20, else as if all were working",
}


def _value(advice: "Advice") -> str:
    return f'"{_plain(advice)}"'


def _plain(advice: "Advice") -> str:
    """As it stands in the configuration."""
    from poller.config import write_duration, write_rate

    if isinstance(advice.value, str):
        return advice.value
    return write_rate(advice.value) if advice.key == "rate" else write_duration(advice.value)


def _document(one: "Foreseen") -> dict[str, Any]:
    made, plan_ = one.forecast, one.forecast.plan
    return {
        "source": one.source,
        "basis": one.basis,
        "jobs": made.jobs,
        "listed": made.listed,
        "listed_basis": one.list_basis,
        "mode": plan_.mode,
        "pages": plan_.pages,
        "sweep_every": plan_.sweep_every,
        "requests": {
            "changed": plan_.changed,
            "sweep": made.sweep,
            "rotation": plan_.rotation,
            "total": made.total,
            "needed": made.needed,
        },
        "rate": made.rate,
        "used": made.used,
        "stretch": plan_.stretch,
        "overdue": one.survey.overdue,
        "classes": [_class_document(each) for each in made.classes],
        "usual_stays": [{"state": state, **asdict(usual)} for state, usual in _usual(one).items()],
        "advice": [
            {"key": f"sources.{one.source}.{each.key}", "value": _plain(each), "why": each.why} for each in one.advice
        ],
    }


def _class_document(one: "ClassDelays") -> dict[str, Any]:
    def shown(delay: "Delay") -> dict[str, float]:
        return {"typical": round(delay.typical, 3), "worst": round(delay.worst, 3)}

    return {
        "class": one.state_class,
        "jobs": one.jobs,
        "every": one.every,
        "state_change": shown(one.state_change),
        "log_entry": shown(one.log_entry),
    }
