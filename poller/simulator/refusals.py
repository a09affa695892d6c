"""The errors that the vendor answers with, in all the shapes they come in (FACTS.md, Limits and errors)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from random import Random
from typing import Final

import msgspec

JSON: Final = "application/json; charset=utf-8"
HTML_PAGE: Final = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>CloudELB</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An answer that is not what was asked for. `code` is the vendor's, for counting."""

    status: int
    code: str
    body: bytes = field(repr=False)
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def gateway(status: int, code: str, message: str) -> Refusal:
    """As the API gateway refuses."""
    body = {"error_msg": message, "error_code": code, "request_id": "59e18a6f4d2c4b0d9d5e0a52a3c8f0e1"}
    return Refusal(status=status, code=code, body=msgspec.json.encode(body))


def service(status: int, code: str, message: str) -> Refusal:
    """As MetaStudio itself refuses."""
    return Refusal(status=status, code=code, body=msgspec.json.encode({"error_code": code, "error_msg": message}))


def iam(status: int, title: str, message: str) -> Refusal:
    """As IAM refuses: nested, and its code is the HTTP status as a number."""
    body = {"error": {"code": status, "message": message, "title": title}}
    return Refusal(status=status, code=f"IAM.{status}", body=msgspec.json.encode(body))


def invalid_parameter(name: str) -> Refusal:
    """A parameter is not acceptable."""
    return service(400, "MSS.00000003", f"Invalid parameter: {name}")


def invalid_token() -> Refusal:
    """The token was good once and is not now: HTTP 400, not 401."""
    return service(400, "MSS.00010008", "Invalid token")


def wrong_tenant() -> Refusal:
    """The project is not the caller's."""
    return service(400, "MSS.00010009", "The tenant does not match")


def no_such_job() -> Refusal:
    """The vendor does not document this one; status 404 is what counts."""
    return service(404, "MSS.00010404", "The job does not exist")


def no_such_api() -> Refusal:
    """Nothing answers at this path with this method."""
    return gateway(404, "APIG.0101", "The API does not exist or has not been published in the environment")


def throttled(retry_after: float | None = None) -> Refusal:
    """Too many requests; Retry-After is not documented and seldom comes."""
    refusal = gateway(429, "APIG.0308", "The throttling threshold has been reached: policy user over ratelimit")
    return refusal if retry_after is None else _with_retry_after(refusal, retry_after)


def unavailable(retry_after: float) -> Refusal:
    """Down for maintenance, with the seconds after which to come again."""
    return _with_retry_after(gateway(503, "APIG.0201", "Backend unavailable"), retry_after)


def bad_gateway() -> Refusal:
    """A load balancer's page instead of JSON."""
    return Refusal(status=502, code="html", body=HTML_PAGE, content_type="text/html")


def some_error(status: int, chance: Random) -> Refusal:
    """An error of any kind in any of the shapes: three flat ones, each perhaps nested, or no JSON at all."""
    code, message = "MSS.00000004", "Internal Error"
    shapes: tuple[dict[str, str], ...] = (
        {"error_code": code, "error_msg": message},
        {"errorCode": code, "errorMsg": message},
        {"code": code, "message": message},
    )
    chosen = chance.choice(shapes)
    form = chance.choice(("flat", "flat", "nested", "text", "empty"))
    if form == "text":
        return Refusal(
            status=status, code="text", body=b"upstream connect error or disconnect\n", content_type="text/plain"
        )
    if form == "empty":
        return Refusal(status=status, code="empty", body=b"")
    document: object = {"error": chosen} if form == "nested" else chosen
    return Refusal(status=status, code=code, body=msgspec.json.encode(document))


def _with_retry_after(refusal: Refusal, seconds: float) -> Refusal:
    headers = {"Retry-After": str(ceil(seconds))}
    return Refusal(status=refusal.status, code=refusal.code, body=refusal.body, headers=headers)
