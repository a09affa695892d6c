"""schemathesis asks each route what its description allows, and what it does not: no answer is a bug, and each is as described."""

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import anyio
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from poller.config import Web
from poller.core.secret import Secret
from poller.store.store import open_store
from poller.web.api import ROUTES
from poller.web.listener import serve_web
from poller.web.openapi import document
from tests.store import making
from tests.web.asking import Recorded, app_of

EXAMPLES = 6  # for each route, of each sort
TOKEN = "for-schemathesis"
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

DOCUMENT: Any = document(ROUTES)
# A stream does not end: tests/web/test_stream.py.
schema = schemathesis.openapi.from_dict(DOCUMENT).exclude(path="/api/v1/events/stream")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the API over TCP, with something in its database; it runs in a thread of its own, for a client that blocks."""
    folder, ready, over, found = tmp_path_factory.mktemp("api"), threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        async with open_store(folder / "poller.db") as store:
            await making.tell(store, "a", 1, 2, notifiers=["hook", "other"])
            make_app = partial(app_of, store, Recorded(store=store))
            async with serve_web(make_app, Web(listen="127.0.0.1:0", token=Secret(TOKEN))) as front:
                found.extend(front.addresses)
                ready.set()
                await anyio.to_thread.run_sync(over.wait)

    thread = threading.Thread(target=partial(anyio.run, serve))
    thread.start()
    try:
        assert ready.wait(30)
        yield f"http://{found[0]}"
    finally:
        over.set()
        thread.join(30)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_route_answers_as_it_is_described(case: Any, served: str) -> None:
    case.call_and_validate(base_url=served, headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)
