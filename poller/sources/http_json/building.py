"""From the table to the API it describes: expressions compiled, templates and headers put in their places."""

from dataclasses import replace

from poller.config.expression import Ast, parse_expression
from poller.config.http_json import HttpJsonConfig, LogConfig, PagesConfig
from poller.sources.http_json.client import Api
from poller.sources.http_json.paging import PageShape
from poller.sources.http_json.places import Place
from poller.sources.http_json.shape import LogShape, Shape


def api_of(config: HttpJsonConfig) -> Api:
    """What the client needs. The expressions were checked when the file was read."""
    shape = Shape(
        state=parse_expression(config.state),
        id=_optional(config.id),
        name=_optional(config.name),
        log=None if config.log is None else _log(config.log),
        keep={name: parse_expression(text) for name, text in config.keep.items()},
    )
    place = Place(
        url=config.url,
        pages_url=None if config.pages is None else config.pages.url,
        headers=config.sent_headers,
    )
    return Api(
        place=place,
        shape=shape,
        pages=None if config.pages is None else _pages(config.pages, shape),
        classes=config.classes,
        not_found=frozenset(config.not_found),
        timeout=config.timeout,
    )


def _log(config: LogConfig) -> LogShape:
    return LogShape(
        entries=parse_expression(config.entries),
        time=_optional(config.time),
        type=_optional(config.type),
        text=_optional(config.text),
        operator=_optional(config.operator),
    )


def _pages(config: PagesConfig, shape: Shape) -> PageShape:
    return PageShape(
        items=parse_expression(config.items),
        job=replace(shape, log=None),  # pages show states; logs are read job by job
        created_at=_optional(config.created_at),
        total=_optional(config.total),
    )


def _optional(text: str | None) -> Ast | None:
    return None if text is None else parse_expression(text)
