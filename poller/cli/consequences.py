"""What becomes of an event beside the routes that match it: quiet hours, silences, reminders. For `poller route test`."""

from typing import TYPE_CHECKING, Any, Final

from poller.cli.screen import instant
from poller.cli.setting import Setting
from poller.cli.spans import span
from poller.core.addressing import quiet_for
from poller.core.care import plan_of
from poller.core.tending import is_needed
from poller.core.timestamps import rfc3339
from poller.errors import StoreError

if TYPE_CHECKING:
    from poller.core.event import Event
    from poller.core.route import Route
    from poller.core.silence import Silence

MOST: Final = 1000  # silences that are looked at, the newest


async def silence_of(setting: Setting, event: "Event", now: float) -> "Silence | None":
    """The silence that such an event would meet now; None also where there is no database yet."""
    from poller.cli.reading import reading
    from poller.core.silence import silencing

    try:
        async with reading(setting) as archive:
            return silencing(await archive.silences(before=None, limit=MOST), event, now)
    except StoreError:
        return None


def consequences(event: "Event", route: "Route") -> dict[str, Any]:
    """Of a route that matches: until when its quiet hours put the event off, and how it goes on telling."""
    until = quiet_for(event, route)
    return {"quiet_until": None if until is None else rfc3339(until), "tending": _tending(event, route)}


def worded(event: "Event", route: "Route") -> str:
    """The same for a person; nothing when there is nothing to say."""
    until, plan = quiet_for(event, route), plan_of(route)
    words = [f"quiet until {instant(until)}"] if until is not None else []
    if _tending(event, route) is not None:
        reminds = [f"reminds every {span(plan.remind_every)}"] if plan.remind_every is not None else []
        escalates = (
            [f"escalates after {span(plan.escalate_after)} to {', '.join(plan.escalate_to)}"]
            if plan.escalate_after is not None
            else []
        )
        words += [*reminds, *escalates]
    return "".join(f"; {word}" for word in words)


def _tending(event: "Event", route: "Route") -> dict[str, Any] | None:
    """None for a route that does not go on telling, and for a job in whose state nobody is needed."""
    job: Any = event.data.get("job")
    plan = plan_of(route)
    if route.tending is None or job is None or not is_needed(plan, job.get("state"), job.get("class") or "unknown"):
        return None
    return {
        "remind_every": plan.remind_every,
        "escalate_after": plan.escalate_after,
        "escalate_to": plan.escalate_to,
        "until": plan.until,
    }
