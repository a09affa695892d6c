"""The OpenAPI document of the routes: made from the structs that requests are read into and the types of the answers."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from poller import __version__
from poller.core.jsonvalue import Json
from poller.web.answers import Refusal
from poller.web.refusals import JSON
from poller.web.route import Route

_ABOUT: Final = (
    "What the daemon `poller` watches and tells. Lists come in pages: ask again with `after` or `before` set to `next` until that is null. "
    "Times are RFC 3339 in UTC. Over TCP with a token configured, each request carries `Authorization: Bearer TOKEN`."
)
_PARAMETER: Final = re.compile(r"\{(?P<name>\w+)(?::(?P<pattern>(?:[^{}]|\{[^{}]*\})*))?\}")
_REFERENCE: Final = "#/components/schemas/{name}"

Schema = dict[str, Any]


def document(routes: Sequence[Route]) -> Mapping[str, Json]:
    """OpenAPI 3.1."""
    kinds = [*dict.fromkeys(_kinds(routes))]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    of_kind = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(path_of(route), {})[route.method.lower()] = _operation(route, of_kind)
    return {
        "openapi": "3.1.0",
        "info": {"title": "poller", "version": __version__, "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "security": [{}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def path_of(route: Route) -> str:
    """The path without the patterns of its parameters."""
    return _PARAMETER.sub(r"{\g<name>}", route.path)


def _kinds(routes: Iterable[Route]) -> Iterator[Any]:
    yield Refusal
    for route in routes:
        yield from (kind for kind in route.gives.values() if not isinstance(kind, str))
        yield from (kind for kind in (route.body,) if kind is not None)


def _operation(route: Route, of_kind: Mapping[Any, Schema]) -> Schema:
    text = said(route)
    operation: Schema = {
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}_{route.handler.__name__}",
        "summary": text.partition(". ")[0].rstrip("."),
        "description": text,
        "parameters": [*_in_path(route.path), *_in_query(route)],
        "responses": _responses(route, of_kind),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": of_kind[route.body]}}}
    return operation


def said(route: Route) -> str:
    """What the handler's docstring says, behind the method with which it begins."""
    text = " ".join((route.handler.__doc__ or "").partition(": ")[2].split())
    return text[:1].upper() + text[1:]


def _in_path(path: str) -> Iterator[Schema]:
    for match in _PARAMETER.finditer(path):
        pattern = {"pattern": f"^{match['pattern']}$"} if match["pattern"] else {"minLength": 1}
        yield {"name": match["name"], "in": "path", "required": True, "schema": {"type": "string", **pattern}}


def _in_query(route: Route) -> Iterator[Schema]:
    if route.query is None:
        return
    (reference,), components = msgspec.json.schema_components([route.query])
    for name, schema in components[reference["$ref"].rpartition("/")[2]]["properties"].items():
        yield {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}


def _without_null(schema: Schema) -> Schema:
    """A parameter is there or not; there is no way to write null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    enum = [value for value in schema.get("enum", ()) if value is not None]
    plain = {key: value for key, value in schema.items() if key not in {"anyOf", "default", "enum"}}
    plain |= {"default": schema["default"]} if schema.get("default") is not None else {}
    plain |= {"enum": enum} if enum else {}
    return {**plain, **choices[0]} if len(choices) == 1 else {**plain, **({"anyOf": choices} if choices else {})}


def _responses(route: Route, of_kind: Mapping[Any, Schema]) -> Schema:
    given = {str(status): _response(status, kind, of_kind) for status, kind in route.gives.items()}
    refused = {str(int(status)): _response(status, Refusal, of_kind) for status in route.refusals}
    return {**refused, **given}


def _response(status: int, kind: Any, of_kind: Mapping[Any, Schema]) -> Schema:
    content: Sequence[Any] = (
        (kind, {"schema": {"type": "string"}}) if isinstance(kind, str) else (JSON, {"schema": of_kind[kind]})
    )
    return {"description": HTTPStatus(status).phrase, "content": {content[0]: content[1]}}
