"""`GET /`: the status page. One document that loads nothing from anywhere; whatever it shows of jobs is escaped."""

import base64
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

import jinja2
from aiohttp import web

from poller import __version__
from poller.core.spans import span
from poller.web.answers import HTML
from poller.web.figures import Figures
from poller.web.glance import Glance
from poller.web.served import Served
from poller.web.view import event_views, job_views, moment, notifier_views, source_view

REFRESH: Final = 10  # seconds between two looks of an open page


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    template: jinja2.Template
    css: str
    js: str
    policy: str


async def status_page(served: Served, _: web.Request) -> web.Response:
    """GET: the status page, for people; it renews itself every 10 s."""
    page = _page()
    text = page.template.render(
        css=page.css, js=page.js, **_shown(served, await served.figures.fresh(), await served.glance.fresh())
    )
    return web.Response(text=text, content_type=HTML, charset="utf-8", headers={"Content-Security-Policy": page.policy})


def _shown(served: Served, figures: Figures | None, glance: Glance | None) -> dict[str, Any]:
    controls, now = served.controls, served.now()
    healthy, reason = controls.health()
    missing = " ".join(controls.missing())
    sources = [
        source_view(state, figures, f"sources.{state.name} " in missing, now) for state in controls.source_states()
    ]
    notifiers = notifier_views(controls.disabled(), controls.failing(), figures, now)
    return {
        "version": __version__,
        "now": moment(now, now),
        "trouble": _trouble(served, None if healthy else reason),
        "calm": healthy
        and not any(one.blind or one.overdue for one in sources)
        and not any(one.dead or one.failing or one.late for one in notifiers),
        "sources": sources,
        "notifiers": notifiers,
        "jobs": job_views(glance, now),
        "events": event_views(() if glance is None else glance.events, now),
        "refresh": REFRESH,
    }


def _trouble(served: Served, reason: str | None) -> list[str]:
    """What must be read first."""
    found = [] if reason is None else [f"Not healthy: {reason}"]
    store = served.figures.trouble or served.glance.trouble
    if store is not None:
        age = served.figures.age
        seen = "" if age is None else f" What is shown of it is {span(age)} old."
        found.append(f"The database does not take part: {store}.{seen}")
    return found


@cache
def _page() -> _Page:
    folder = files(__package__)
    html, css, js = ((folder / f"page.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    made = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    return _Page(template=made.from_string(html), css=css, js=js, policy=_policy(css, js))


def _policy(css: str, js: str) -> str:
    """Only this style and this script, and only our own address may be asked again."""
    rules = [
        "default-src 'none'",
        f"style-src '{_digest(css)}'",
        f"script-src '{_digest(js)}'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    return "; ".join(rules)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(sha256(text.encode()).digest()).decode()
