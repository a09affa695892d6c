"""Every kind of source, with an upstream of its own that answers as it is told: what a new kind adds to go through the contract."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from poller.config.auth import TokenAuth
from poller.config.http_json import HttpJsonConfig, PagesConfig
from poller.config.metastudio import AvatarConfig, VoiceConfig
from poller.config.secrecy import SecretUrl
from poller.config.source import SourceConfig
from poller.core.secret import Secret
from tests.sources.http_json.answers import RUN, run, runs
from tests.sources.metastudio.answers import JOB, SECRET_MARKS, answer, encoded
from tests.sources.metastudio_voice import answers as voice
from tests.sources.upstream import Upstream

TOKEN: Final = "static-token-0123456789"

Says = Callable[[Upstream], None]


@dataclass(frozen=True, kw_only=True)
class KindUnderTest:
    """`good` answers about `job_id` in `state`, `resigned` the same with other links, `changed` in `other_state`."""

    configured: Callable[[str], SourceConfig]
    job_id: str
    state: str
    other_state: str
    listed: Says  # a page of two jobs, `job_id` in `state` the first of them, of a list of 7
    good: Says
    resigned: Says
    changed: Says
    absent: Says
    refused: Says
    throttled: Says  # for 7 seconds
    down: Says
    nonsense: Says
    denied: Says  # with all that the request held in its message
    secrets: tuple[str, ...]
    calls: int = 1  # that one good fetch takes


def metastudio(url: str) -> SourceConfig:
    auth = TokenAuth(method="token", token=Secret(TOKEN))
    return AvatarConfig(kind="metastudio-avatar", endpoint=url, project_id="0c5a1f", auth=auth, timeout=2.0)


def http_json(url: str) -> SourceConfig:
    return HttpJsonConfig(
        kind="http-json",
        url=SecretUrl(f"{url}/repos/octo-org/octo-repo/actions/runs/{{job_id}}"),
        bearer=Secret(TOKEN),
        state="join('/', [status, conclusion][?@])",
        id="id",
        name="display_title",
        keep={"branch": "head_branch", "where": "html_url"},
        classes={"completed/success": "done", "[iq]*": "active"},
        pages=PagesConfig(
            url=SecretUrl(f"{url}/repos/octo-org/octo-repo/actions/runs?per_page={{limit}}&page={{page}}"),
            items="workflow_runs",
            created_at="created_at",
            total="total_count",
        ),
        timeout=2.0,
    )


def metastudio_voice(url: str) -> SourceConfig:
    auth = TokenAuth(method="token", token=Secret(TOKEN))
    return VoiceConfig(kind="metastudio-voice", endpoint=url, project_id="0c5a1f", auth=auth, timeout=2.0)


def _says(document: object, status: int = 200, **headers: str) -> Says:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda upstream: upstream.says(encoded(document), status, named)


def _fault(status: int, code: str, message: str = "no", **headers: str) -> Says:
    return _says({"error_code": code, "error_msg": message}, status, **headers)


KINDS: Final[Mapping[str, KindUnderTest]] = {
    "http-json": KindUnderTest(
        configured=http_json,
        job_id=RUN,
        state="queued",
        other_state="completed/success",
        listed=_says(runs(RUN, "30433643", total=7)),
        good=_says(run()),
        resigned=_says(run(html_url="https://github.com/octo-org/octo-repo/actions/runs/1?sig=other", run_attempt=2)),
        changed=_says(run(status="completed", conclusion="success")),
        absent=_says({"message": "Not Found"}, 404),
        refused=_says({"message": "Resource not accessible by personal access token"}, 403),
        throttled=_says({"message": "You have exceeded a secondary rate limit"}, 403, Retry_After="7"),
        down=_says({"message": "Server Error"}, 502),
        nonsense=_says("maintenance"),
        denied=_says({"message": f"Bad credentials: {TOKEN} Authorization: Bearer {TOKEN}"}, 401),
        secrets=(TOKEN, "https://github.com", "octocat_happy"),
    ),
    "metastudio-avatar": KindUnderTest(
        configured=metastudio,
        job_id=JOB,
        state="MANUAL_VERIFYING",
        other_state="TRAINING",
        listed=_says({"count": 7, "jobs": [answer("first"), answer("first", job_id="0" * 32)]}),
        good=_says(answer("first")),
        resigned=_says(answer("second")),
        changed=_says(answer("third", state="TRAINING")),
        absent=_fault(404, "MSS.00010404", "The job does not exist"),
        refused=_fault(403, "APIG.0302"),
        throttled=_fault(429, "APIG.0308", Retry_After="7"),
        down=_fault(503, "APIG.0201"),
        nonsense=_says("maintenance"),
        denied=_fault(401, "APIG.0303", f"verify failed {TOKEN}, canonicalRequest:{json.dumps(answer())}"),
        secrets=(TOKEN, *SECRET_MARKS),
    ),
    "metastudio-voice": KindUnderTest(
        configured=metastudio_voice,
        job_id=voice.JOB,
        state="AUDITING",
        other_state="PROCESSING",
        listed=_says({"count": 7, "jobs": [voice.answer("first"), voice.answer("first", job_id="0" * 32)]}),
        good=lambda upstream: voice.says(upstream, voice.answer("first")),
        resigned=lambda upstream: voice.says(upstream, voice.answer("second")),
        changed=lambda upstream: voice.says(upstream, voice.answer("third", state="PROCESSING")),
        absent=_fault(404, "MSS.00010404", "The job does not exist"),
        refused=_fault(403, "APIG.0302"),
        throttled=_fault(429, "APIG.0308", Retry_After="7"),
        down=_fault(503, "APIG.0201"),
        nonsense=_says("maintenance"),
        denied=_fault(401, "APIG.0303", f"verify failed {TOKEN}, canonicalRequest:{json.dumps(voice.answer())}"),
        secrets=(TOKEN, *voice.SECRET_MARKS),
        calls=2,
    ),
}
