"""The status page: complete in itself, true to the database, and whatever a job is called stays text."""

import base64
import re
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from poller.core.forecast import LATE
from poller.core.notices import source_blind
from poller.core.plan import Plan
from poller.core.work import SourceHealth, Told
from poller.errors import StoreFull
from poller.web import view
from poller.web.glance import Glance
from poller.web.ports import SourceState
from tests.core.samples import NOON
from tests.store import making
from tests.web.asking import Api

PLAN = Plan(mode="list", pages=3, sweep_every=30.0, changed=0.5, sweep=0.1, rotation=3.4, threshold=0.1, stretch=1.0)
STATE = SourceState(name="prod", rate=5.0, allowed=2.5, plan=PLAN, listed=250)
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class Document(HTMLParser):
    """The tags with their attributes, and the text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.raw:
            self.raw[self._inside].append(data)
        elif data.strip():
            self.said.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.said)


async def opened(api: Api) -> tuple[Document, str]:
    """The page, and its policy."""
    async with api.session.get("http://poller/") as response:
        assert (response.status, response.content_type, response.charset) == (200, "text/html", "utf-8")
        return Document(await response.text()), response.headers["Content-Security-Policy"]


async def test_sources_notifiers_and_events_are_shown(api: Api) -> None:
    api.controls.states = [STATE]
    await making.tell(api.store, "a", 1, 2)
    await making.watch(api.store, "late", now=NOON - LATE - 1)

    page, _ = await opened(api)

    assert "prod 1 overdue 2 jobs 1 active 1 unknown" in page.text
    assert "budget: 80 % of 2.5 requests a second, throttled by the upstream" in page.text
    assert "states by list: 3 pages every 30s" in page.text
    assert "hook fine 2 pending, the oldest for 0s" in page.text
    assert "other fine 0 pending" in page.text
    assert page.text.count("TRAINING · prod · job.state_changed") == 2
    assert "needs attention" in page.text


async def test_an_idle_daemon_is_well_and_says_what_is_missing(api: Api) -> None:
    page, _ = await opened(api)

    assert "all is well" in page.text
    assert "No source is configured: nothing is polled." in page.text
    assert "Nothing has been told yet." in page.text


async def test_what_is_wrong_comes_first(api: Api) -> None:
    api.controls.stalled, api.controls.states, api.controls.gone = (
        "poll prod: no progress",
        [STATE],
        {"hook": "HTTP 410"},
    )
    event = source_blind("prod", "HTTP 401", now=NOON - 3600)
    health = SourceHealth(blind_since=NOON - 3600, reason="HTTP 401")
    await api.store.ledger.announce(Told(event=event, notifiers=("gone",)), source="prod", health=health)
    await making.tell(api.store, "a", 1)
    await making.reject(api.store, await making.owed(api.store))

    page, _ = await opened(api)

    assert page.text.startswith("⚠ poller poller trouble")
    assert "Not healthy: poll prod: no progress" in page.text
    assert "prod blind for 1h HTTP 401" in page.text
    assert "hook disabled HTTP 410" in page.text
    assert "gone not configured" in page.text


async def test_a_notifier_to_which_attempts_fail_is_called_failing(api: Api) -> None:
    api.controls.unsound = ["other"]

    page, _ = await opened(api)

    assert "other failing 0 pending" in page.text
    assert "needs attention" in page.text


async def test_a_database_that_is_away_is_said_and_the_rest_is_shown(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(**_: object) -> None:
        raise StoreFull("no space left on the disk")

    api.controls.states = [STATE]
    monkeypatch.setattr(api.store.archive, "count_jobs", away)

    page, _ = await opened(api)

    assert "The database does not take part: no space left on the disk." in page.text
    assert "budget: 80 %" in page.text


async def test_whatever_a_job_is_called_stays_text(api: Api) -> None:
    api.controls.states = [SourceState(name=EVIL, rate=1.0, allowed=1.0, plan=None, listed=None)]
    api.controls.gone = {"hook": EVIL}
    await making.tell(api.store, EVIL, 1)

    page, _ = await opened(api)

    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert page.text.count("alert(1)") >= 3


async def test_nothing_is_loaded_and_only_our_own_script_and_style_run(api: Api) -> None:
    page, policy = await opened(api)

    for kind in ("style", "script"):
        text = "".join(page.raw[kind])
        assert f"{kind}-src 'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    loaded = [value for _, attrs in page.tags for name, value in attrs.items() if name in {"src", "href"}]
    assert all(value and (value.startswith("data:") or re.fullmatch("[a-z0-9/.]+", value)) for value in loaded)
    assert not [attrs for _, attrs in page.tags if any(name == "style" or name.startswith("on") for name in attrs)]


def test_shares_of_the_bar_follow_each_other_and_fill_it() -> None:
    shares = view.class_shares({"done": 1, "active": 2, "failed": 1, "unknown": 0})

    assert [(share.name, share.begins, share.width) for share in shares] == [
        ("active", 0.0, 50.0),
        ("failed", 50.0, 25.0),
        ("done", 75.0, 25.0),
    ]


async def test_jobs_that_want_attention_are_named_once_the_stuck_ones_first(api: Api) -> None:
    await making.tell(api.store, "fine", 1)
    (row,) = await api.store.archive.jobs()
    seen = Glance(
        events=[],
        stuck=[row],
        failed=[row, *(replace(row, key=key, job_id=f"job-{key}", watching=key != 9) for key in (8, 9))],
    )

    assert [(one.why, one.job_id) for one in view.job_views(seen, NOON)] == [("stuck", "fine"), ("failed", "job-8")]
