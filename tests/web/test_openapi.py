"""The OpenAPI document says what is served, all of it, and means what it says."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from poller.web.api import ROUTES
from poller.web.openapi import document, path_of
from poller.web.route import Route
from tests.store import making
from tests.web.asking import Api, app_of

DOCUMENT: Any = document(ROUTES)


def name_of(route: Route) -> str:
    return f"{route.method} {path_of(route)}"


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def described(route: Route) -> Any:
    return DOCUMENT["paths"][path_of(route)][route.method.lower()]


async def test_the_document_is_served_and_is_that_of_the_routes(api: Api) -> None:
    served = await api.get("/api/v1/openapi.json")

    assert served["openapi"] == "3.1.0"
    assert {(method.upper(), path) for path, methods in served["paths"].items() for method in methods} == {
        (route.method, path_of(route)) for route in ROUTES
    }


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_every_route_says_what_it_does_and_names_its_parameters(route: Route) -> None:
    operation = described(route)

    assert len(operation["summary"]) > 5
    in_path = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
    assert in_path == set(re.findall(r"\{([a-z_]+)", route.path))


def test_operations_have_names_of_their_own() -> None:
    names = [described(route)["operationId"] for route in ROUTES]

    assert sorted(set(names)) == sorted(names)


def test_every_reference_leads_to_a_schema() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    assert {reference.rpartition("/")[2] for reference in references(DOCUMENT)} <= set(schemas)


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/events", "/api/v1/deliveries", "/api/v1/status"])
async def test_answers_are_as_they_are_described_and_have_nothing_besides(api: Api, path: str) -> None:
    await making.tell(api.store, "a", 1, notifiers=["hook"])
    answer = await api.get(path)

    of_200 = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = {**of_200, "components": DOCUMENT["components"]}
    jsonschema.validate(answer, schema)
    for item in answer.get("items", ()):
        name = {"jobs": "Job", "events": "PlacedEvent", "deliveries": "Delivery"}[path.rpartition("/")[2]]
        assert set(item) <= set(DOCUMENT["components"]["schemas"][name]["properties"])


def test_every_get_is_a_head_as_well(api: Api) -> None:
    app = app_of(api.store, api.controls)
    served = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}

    assert {("HEAD", path_of(route)) for route in ROUTES if route.method == "GET"} <= served
