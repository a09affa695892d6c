"""Who may call: tokens, AK/SK signatures, and the locks that wrong ones lead to (FACTS.md, Limits and errors, Credentials)."""

import hmac
import time
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from poller.simulator import refusals, signature
from poller.simulator.dice import dice
from poller.simulator.refusals import Refusal
from poller.simulator.signature import Arrived, Claim
from poller.simulator.world import PROJECT_ID

MAX_SKEW: Final = 15 * 60
FAILURES_BEFORE_LOCK: Final = 5
KEY_LOCKED_FOR: Final = 5 * 60
ACCOUNT_LOCKED_FOR: Final = 15 * 60
TOKEN_LIFETIME: Final = 24 * 3600
TOKEN_BYTES: Final = 1500
"""Real tokens are kilobytes long; this makes 2,000 characters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The credentials that are right. The defaults are throw-away values, known to everybody."""

    access_key: str = "SIMULATEDACCESSKEY00"
    secret_key: str = field(default="simulated-secret-key-not-a-secret", repr=False)
    security_token: str | None = field(default=None, repr=False)
    token: str = field(default="simulated-static-token", repr=False)
    user: str = "simulated-user"
    password: str = field(default="simulated-password", repr=False)
    domain: str = "simulated-domain"
    project_id: str = PROJECT_ID


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """A token and when it ends, seconds since 1970."""

    token: str = field(repr=False)
    expires_at: float


@dataclass(slots=True)
class _Row:
    """Failures in a row of one credential."""

    failures: int = 0
    locked_until: float = 0.0


class Gate:
    """Checks callers, remembers tokens issued and failures in a row. `anybody` lets everyone through."""

    def __init__(
        self,
        accepted: Accepted,
        *,
        anybody: bool = False,
        token_lifetime: float = TOKEN_LIFETIME,
        skew: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.accepted = accepted
        self.anybody = anybody
        self.token_lifetime = token_lifetime
        self.skew = skew
        self.worst_row = 0
        """The most failures in a row that any credential came to."""
        self.times_locked = 0
        self._tokens: dict[str, float] = {}
        self._revoked: set[str] = set()
        self._rows: dict[str, _Row] = {}
        self._chance = dice("tokens", seed)

    def refuse(self, arrived: Arrived, project_id: str, now: float) -> Refusal | None:
        """Why this call may not pass, or None. `project_id` is the path's; `now` is this machine's time."""
        if self.anybody:
            return None
        token = arrived.headers.get("x-auth-token")
        if token is not None:
            refusal = self._judge_token(token, now)
        elif "authorization" in arrived.headers:
            refusal = self._judge_signature(arrived, now)
        else:
            refusal = refusals.gateway(
                401, "APIG.0301", "Incorrect IAM authentication information: x-auth-token not found"
            )
        if refusal is None and project_id != self.accepted.project_id:
            return refusals.wrong_tenant()
        return refusal

    def revoke_tokens(self) -> None:
        """Every token given so far becomes invalid, as after a change of password; the static one too."""
        self._revoked.update(self._tokens, [self.accepted.token])
        self._tokens.clear()

    def accept_static_token(self) -> None:
        """The static token is good again."""
        self._revoked.discard(self.accepted.token)

    def issue(self, body: bytes, now: float) -> Issued | Refusal:
        """The IAM call: a new token for the right password; earlier ones stay valid."""
        asked = _read_password(body)
        if asked is None:
            return refusals.iam(400, "Bad Request", "The request body is invalid")
        user, domain, password, project = asked
        row = self._rows.setdefault(f"user {user}", _Row())
        if row.locked_until > now:
            return refusals.iam(401, "Unauthorized", "The account is locked")
        good = self.accepted
        right = (
            user == good.user
            and domain == good.domain
            and hmac.compare_digest(password.encode(), good.password.encode())
        )
        if not right:
            self._fail(row, now, ACCOUNT_LOCKED_FOR)
            return refusals.iam(401, "Unauthorized", "The username or password is wrong.")
        row.failures = 0
        if project not in {None, good.project_id}:
            return refusals.iam(403, "Forbidden", "The project does not belong to the domain")
        return self._new_token(now)

    def _new_token(self, now: float) -> Issued:
        issued = Issued(token=f"MII{self._chance.randbytes(TOKEN_BYTES).hex()}", expires_at=now + self.token_lifetime)
        self._tokens[issued.token] = issued.expires_at
        return issued

    def _judge_token(self, token: str, now: float) -> Refusal | None:
        row = self._rows.setdefault("token", _Row())
        expires_at = self._tokens.get(token)
        refusal = None
        if token in self._revoked:
            refusal = refusals.invalid_token()
        elif expires_at is not None and expires_at <= now:
            refusal = refusals.gateway(401, "APIG.0307", "The token must be updated")
        elif expires_at is None and token != self.accepted.token:
            refusal = refusals.gateway(401, "APIG.0301", "Incorrect IAM authentication information: decrypt token fail")
        return self._noted(row, refusal, now)

    def _judge_signature(self, arrived: Arrived, now: float) -> Refusal | None:
        claim = signature.read_claim(arrived.headers["authorization"])
        if claim is None:
            return refusals.gateway(
                401, "APIG.0301", "Incorrect IAM authentication information: invalid Authorization header"
            )
        row = self._rows.setdefault(f"key {claim.access_key}", _Row())
        if row.locked_until > now:
            return refusals.gateway(401, "APIG.0301", "Incorrect IAM authentication information: the AK is locked")
        return self._noted(row, self._fault_of(arrived, claim, now), now)

    def _fault_of(self, arrived: Arrived, claim: Claim, now: float) -> Refusal | None:
        good = self.accepted
        at = signature.signed_at(arrived)
        if claim.access_key != good.access_key:
            return refusals.gateway(401, "APIG.0301", "Incorrect IAM authentication information: AK access failed")
        if at is None or abs(now + self.skew - at) > MAX_SKEW:
            return refusals.gateway(401, "APIG.0303", "Incorrect app authentication information: signature expired")
        if not {"host", "x-sdk-date"} <= set(claim.signed_names) or not signature.matches(
            arrived, claim, good.secret_key
        ):
            text = signature.canonical_request(arrived, claim.signed_names).replace("\n", "|")
            echo = f"Incorrect app authentication information: verify signature failed, canonicalRequest:{text}"
            return refusals.gateway(401, "APIG.0303", echo)
        return self._misfit(arrived, claim)

    def _misfit(self, arrived: Arrived, claim: Claim) -> Refusal | None:
        """The signature is right, but what it covers is not."""
        good, given = self.accepted, arrived.headers.get("x-security-token")
        if given != good.security_token or (given is not None and "x-security-token" not in claim.signed_names):
            return refusals.gateway(
                401, "APIG.0301", "Incorrect IAM authentication information: verify security token fail"
            )
        project = arrived.headers.get("x-project-id")
        if project is None:
            return refusals.gateway(
                401, "APIG.0301", "Incorrect IAM authentication information: x-project-id not found"
            )
        return None if project == good.project_id else refusals.wrong_tenant()

    def _noted(self, row: _Row, refusal: Refusal | None, now: float) -> Refusal | None:
        if refusal is None:
            row.failures = 0
        else:
            self._fail(row, now, KEY_LOCKED_FOR)
        return refusal

    def _fail(self, row: _Row, now: float, locked_for: float) -> None:
        row.failures += 1
        self.worst_row = max(self.worst_row, row.failures)
        if row.failures > FAILURES_BEFORE_LOCK:
            row.failures = 0
            row.locked_until = now + locked_for
            self.times_locked += 1


def iam_time(at: float) -> str:
    """As IAM writes times: microseconds and Z."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))}.{int(at % 1 * 1_000_000):06d}Z"


def _read_password(body: bytes) -> tuple[str, str, str, str | None] | None:
    """User, domain, password and the project's id (None when it is given by name); None for anything malformed."""
    try:
        auth: Any = msgspec.json.decode(body)["auth"]
        user = auth["identity"]["password"]["user"]
        project = auth["scope"]["project"]
        parts = (user["name"], user["domain"]["name"], user["password"])
        known = auth["identity"]["methods"] == ["password"] and bool(project.get("name") or project.get("id"))
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
        return None
    if not known or not all(isinstance(part, str) for part in parts):
        return None
    return (*parts, project.get("id"))
