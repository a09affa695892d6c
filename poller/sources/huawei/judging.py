"""What an exchange means, by the error classes of FACTS.md. Pure.

retryable (408, 429, 5xx, the network) · credentials (401, gateway 0301, 0303, 0307, MSS.00010008) · not there (404, 410, a 400 that
says so) · refused (every other 4xx) · nonsense (redirects, which are never followed, pages for people, what is no HTTP).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from poller.core.exchange import Broken, Exchange, Reply
from poller.core.reading import Absent, Failed, Refused
from poller.core.retry_after import http_date, retry_after
from poller.core.secret import Secret
from poller.sources.huawei.faults import Fault, looks_like_html, read_fault
from poller.sources.huawei.redaction import safe_code, safe_message, safe_request_id

RETRY_AFTER_CAP: Final = 24 * 3600.0  # seconds; no upstream can silence a source for longer
MAX_SKEW: Final = 900.0  # seconds: beyond, signatures are refused (FACTS.md)
NOTABLE_SKEW: Final = 60.0  # seconds: worth a word


@dataclass(frozen=True, kw_only=True, slots=True)
class Unauthorized:
    """The credentials were not accepted."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Anything but a 2xx: what it comes to, and whether it proves that the credentials were accepted."""

    outcome: "Outcome"
    proves: bool = False


Outcome: TypeAlias = Unauthorized | Absent | Refused | Failed


def judge(exchange: Exchange, *, job_id: str, secrets: Sequence[Secret] = ()) -> Reply | Verdict:
    """A whole 2xx answer as it is, still to be read; else what it comes to.

    `secrets` are what was sent: they are hidden wherever the upstream repeats them.
    """
    if isinstance(exchange, Broken):
        return Verdict(outcome=_judge_broken(exchange))
    if exchange.status // 100 == 2:  # noqa: PLR2004 the class of success, RFC 9110 section 15
        return _broken_off(exchange, secrets) if exchange.truncated else exchange
    fault = read_fault(exchange.body)
    outcome = _judge_error(exchange, fault, job_id, explain(exchange, fault, secrets))
    passed = fault.is_services_own or exchange.status == 403  # noqa: PLR2004 authenticated, yet not allowed
    return Verdict(outcome=outcome, proves=passed and isinstance(outcome, Absent | Refused))


def explain(reply: Reply, fault: Fault, secrets: Sequence[Secret] = ()) -> str:
    """A short reason that may be shown: status, code, message and request id, as far as they are there and safe."""
    code = safe_code(fault.code, secrets) if fault.code != str(reply.status) else ""  # IAM repeats the status
    said = safe_message(fault.message, secrets)
    request_id = safe_request_id(reply.headers.get("x-request-id", ""), secrets)
    head = f"HTTP {reply.status}{f' {code}' if code else ''}"
    return f"{head}{f': {said}' if said else ''}{f' (request {request_id})' if request_id else ''}"


def skew_note(reply: Reply) -> str:
    """What to say about the clock when credentials are refused: nothing while it agrees with the answer's `Date`."""
    sent_at = http_date(reply.headers.get("date", ""))
    skew = 0.0 if sent_at is None else reply.received_at - sent_at
    if abs(skew) <= NOTABLE_SKEW:
        return ""
    found = f"; this machine's clock is {_span(abs(skew))} {'ahead of' if skew > 0 else 'behind'} the upstream's"
    if abs(skew) <= MAX_SKEW:
        return found
    return f"{found}, more than the 15 minutes that signatures allow: set the clock (NTP)"


def after_of(reply: Reply) -> float | None:
    """How long the upstream wants to be left alone, in seconds."""
    asked = retry_after(reply.headers, now=reply.received_at)
    return None if asked is None else min(asked, RETRY_AFTER_CAP)


def _judge_broken(broken: Broken) -> Failed:
    kind: Final = "nonsense" if broken.how in {"protocol", "too_large"} else "outage"
    return Failed(kind=kind, reason=broken.detail)


def _broken_off(reply: Reply, secrets: Sequence[Secret]) -> Verdict:
    said = explain(reply, Fault(), secrets)
    return Verdict(outcome=Failed(kind="nonsense", reason=f"{said}: the answer broke off or is too long"))


def _judge_error(reply: Reply, fault: Fault, job_id: str, reason: str) -> Outcome:
    status = reply.status
    if status == 429 or fault.meaning == "throttled":  # noqa: PLR2004 too many requests
        return Failed(kind="throttled", reason=reason, after=after_of(reply))
    if status == 408 or 500 <= status < 600:  # noqa: PLR2004 request time-out, server errors
        return Failed(kind="outage", reason=reason, after=after_of(reply))
    if not 400 <= status < 500:  # noqa: PLR2004 what is left are client errors
        return Failed(kind="nonsense", reason=f"{reason}: neither an answer nor an error (redirects are not followed)")
    if status == 401 or fault.meaning == "credentials":  # noqa: PLR2004 unauthorized
        return Unauthorized(reason=reason + skew_note(reply))
    return _judge_refusal(reply, fault, job_id, reason)


def _judge_refusal(reply: Reply, fault: Fault, job_id: str, reason: str) -> Absent | Refused | Failed:
    match reply.status, fault.meaning:
        case _, "no_such_api":
            return Refused(reason=f"{reason}: check the endpoint and the project id")
        case _, "wrong_tenant":
            return Refused(reason=f"{reason}: the project belongs to another account")
        case ((404 | 410), _):
            if looks_like_html(reply.body, reply.headers.get("content-type", "")):
                return Failed(kind="nonsense", reason=f"{reason}: a page, not the API; check the endpoint")
            return Absent(reason=reason)
        case 400, _ if fault.says_no_such_job(job_id):
            return Absent(reason=reason)
    return Refused(reason=reason)


def _span(seconds: float) -> str:
    """Rounded to what a person reads at a glance."""
    for unit, name in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"
