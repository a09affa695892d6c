"""Reading the error bodies of the upstream: four shapes, or no JSON at all (FACTS.md, Limits and errors). Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import msgspec

_SHAPES: Final = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))
_GATEWAY: Final = re.compile(r"(?:APIG|APIGW|APIC)\.(\d{4})", re.IGNORECASE)
_LONGEST_CODE: Final = 64  # characters
MAX_ERROR_BODY: Final = 64 * 1024  # bytes of an error body that are parsed; an echoed request is a few kilobytes

Meaning: TypeAlias = Literal["credentials", "throttled", "no_such_api", "wrong_tenant", "other"]
_GATEWAY_MEANINGS: Final[Mapping[str, Meaning]] = {
    "0101": "no_such_api",
    "0301": "credentials",
    "0303": "credentials",
    "0307": "credentials",
    "0308": "throttled",
}
_SERVICE_MEANINGS: Final[Mapping[str, Meaning]] = {"MSS.00010008": "credentials", "MSS.00010009": "wrong_tenant"}

_JOB: Final = ("job", "task", "任务", "作业")
_NOT_THERE: Final = ("notexist", "notfound", "nosuch", "nonexist", "不存在", "未找到", "找不到")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Code and message of an error body as they came, empty where there is none. Neither is safe to show."""

    code: str = ""
    message: str = field(default="", repr=False)

    @property
    def meaning(self) -> Meaning:
        """What the code says, whatever the status."""
        gateway = _GATEWAY.fullmatch(self.code)
        if gateway is not None:
            return _GATEWAY_MEANINGS.get(gateway[1], "other")
        return _SERVICE_MEANINGS.get(self.code.upper(), "other")

    @property
    def is_services_own(self) -> bool:
        """Whether MetaStudio itself wrote it: then the gateway has let the credentials pass."""
        return self.code.upper().startswith("MSS.")

    def says_no_such_job(self, job_id: str) -> bool:
        """Whether code or message say that the job is not there, in whatever spelling: the vendor documents none (FACTS.md)."""
        text = re.sub(r"[\W_]+", "", f"{self.code} {self.message}".lower())
        names_job = any(word in text for word in _JOB) or re.sub(r"[\W_]+", "", job_id.lower()) in text
        return names_job and any(word in text for word in _NOT_THERE)


def read_fault(body: bytes) -> Fault:
    """The code and message in `body`; an empty fault when there are none."""
    try:
        document = msgspec.json.decode(body[:MAX_ERROR_BODY])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Fault()
    return next(_faults_in(document), Fault())


def looks_like_html(body: bytes, content_type: str) -> bool:
    """Whether a person, not a program, was meant to read this."""
    return "html" in content_type.lower() or body[:256].lstrip().lower().startswith((b"<!doctype", b"<html"))


def _faults_in(document: object) -> Iterator[Fault]:
    if not isinstance(document, dict):
        return
    nested = [document.get("error"), *document.values()]
    for place in (document, *(value for value in nested if isinstance(value, dict))):
        for code_key, message_key in _SHAPES:
            code, message = place.get(code_key), place.get(message_key)
            if isinstance(code, str | int) or isinstance(message, str):
                yield Fault(code=_code(code), message=message if isinstance(message, str) else "")


def _code(value: object) -> str:
    return str(value)[:_LONGEST_CODE] if isinstance(value, str | int) else ""
