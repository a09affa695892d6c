"""`poller jobs explain`: what was seen of one job, what was told of it to whom, and why it is polled when it is."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from poller.cli.explained import document, print_explanation
from poller.cli.explanation import ConfiguredRules, Explanation, Told
from poller.cli.interruptible import run
from poller.cli.screen import AsJson, print_json
from poller.cli.setting import ConfigFile, Setting, read_plainly, read_setting
from poller.cli.which import OneJob, one_job
from poller.errors import ConfigError

if TYPE_CHECKING:
    from poller.core.listing import DeliveryRow, EventRow

LATEST: Final = 10  # changes and events shown unless --limit says more
MOST: Final = 100
EVENTS_OF_A_CHANGE: Final = 10  # looked for on average, to say what came of each change

Limit = Annotated[
    int, typer.Option("--limit", "-n", metavar="N", min=1, max=MOST, help="The newest N changes and events.")
]


def explain(job: OneJob, limit: Limit = LATEST, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Explain a job: what was seen when, which events came of it, who was told, and when and why it is polled next.

    Shows for each event the routes that match it as the configuration is now, and each delivery with its attempts and outcome.
    With the stay in its state stands what is usual, where enough jobs have left that state.
    """
    setting = read_setting(config)
    source, job_id = one_job(setting, job)
    explanation = run(_explain, setting, _rules(config, source), source, job_id, limit)
    if as_json:
        print_json(document(explanation))
    else:
        print_explanation(explanation)


def _rules(config: Path | None, source: str) -> ConfiguredRules:
    """No credential is needed to explain, and a mistake in the file does not keep the rest from being explained."""
    from poller.core.vocabulary import CLASSES
    from poller.daemon.assembly import routes_of

    try:
        loaded = read_plainly(config)
    except ConfigError as error:
        return ConfiguredRules(trouble=str(error))
    table = loaded.sources.get(source)
    return ConfiguredRules(
        routes=routes_of(loaded),
        every=None if table is None else {name: table.every.of(name) for name in CLASSES},
        stuck_after=None if table is None else table.stuck_after,
    )


async def _explain(setting: Setting, rules: ConfiguredRules, source: str, job_id: str, limit: int) -> Explanation:
    from poller.cli.reading import reading
    from poller.core.listing import DeliveryFilter, EventFilter
    from poller.core.stay import usual_of

    async with reading(setting) as archive:
        detail = await archive.job(source, job_id)
        history = await archive.history(detail.row.key, limit=limit)
        latest = await archive.events(EventFilter(source=source, job_id=job_id), limit=limit * EVENTS_OF_A_CHANGE)
        ids = tuple(row.event.id for row in latest)
        deliveries = await archive.deliveries(DeliveryFilter(event_ids=ids[:limit])) if ids else ()
        state = detail.row.state
        usual = None if state is None else usual_of(await archive.usual_stays(source, state))
        health = await archive.health(source)
    return Explanation(
        now=time.time(),
        limit=limit,
        sources=setting.sources,
        kind=setting.kinds.get(source),
        detail=detail,
        history=history,
        told=[_told(row, deliveries, rules) for row in latest],
        health=health,
        usual=usual,
        rules=rules,
    )


def _told(row: "EventRow", deliveries: "Sequence[DeliveryRow]", rules: ConfiguredRules) -> Told:
    from poller.core.route import matches

    matching: Any = None
    if rules.routes is not None:
        matching = [place for place, route in enumerate(rules.routes) if matches(row.event, route)]
    own = [each for each in deliveries if each.event_id == row.event.id]
    return Told(event=row, deliveries=own, routes=matching)
