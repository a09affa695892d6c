"""From a `[sources.NAME]` table to the source: the only list of kinds that are built in; `plugged` finds those of plug-ins.

To add a kind: a folder beside `metastudio`, its tables in `config`, a function below and its line in `KINDS`, and the kind in the
contract suite of the tests.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from poller.config.auth import AkskAuth, AuthConfig, TokenAuth
from poller.config.http_json import HttpJsonConfig
from poller.config.metastudio import AvatarConfig, VoiceConfig
from poller.config.source import SourceConfig
from poller.core.fingerprint import fingerprint
from poller.core.timestamps import parse_rfc3339
from poller.sources.http_json.building import api_of
from poller.sources.http_json.client import HttpJson
from poller.sources.huawei.calling import Caller
from poller.sources.huawei.credentials import AccessKey, Credential, StaticToken
from poller.sources.huawei.door import Door
from poller.sources.huawei.gate import Gate
from poller.sources.huawei.iam import Account
from poller.sources.huawei.inscription import end_of
from poller.sources.huawei.project import Project
from poller.sources.huawei.shared_gate import SharedGate
from poller.sources.huawei.tokens import PasswordToken
from poller.sources.metastudio import client as avatar
from poller.sources.metastudio import wire as avatar_wire
from poller.sources.metastudio_voice import client as voice
from poller.sources.metastudio_voice import wire as voice_wire
from poller.sources.plugged import plugged_source
from poller.sources.ports import Clock, Http, Refusals, Source, SourceTools

HuaweiConfig: TypeAlias = AvatarConfig | VoiceConfig
GateKey: TypeAlias = tuple[Hashable, ...]
Gates: TypeAlias = dict[GateKey, Door]
"""The gates in use, by credential and host. Hand the same one to every `build`, over reloads too: locks count per credential."""


class SharedGates(dict[GateKey, Door]):
    """The gates of a daemon that shares credentials with others: what one of them learns, all know."""

    def __init__(self, refusals: Refusals, *, now: Callable[[], float], places: Callable[[], int]) -> None:
        super().__init__()
        self._refusals = refusals
        self._now = now
        self._places = places

    def __missing__(self, key: GateKey) -> Door:
        gate = Gate(self._now, self._places)
        self[key] = SharedGate(gate, fingerprint(key), self._refusals)
        return self[key]


def build(name: str, config: SourceConfig, http: Http, clock: Clock, gates: Gates | None = None) -> Source:
    """The source that the table describes. Sources with the same credential at the same host share its gate in `gates`.

    Raises ConfigError where a plug-in fails.
    """
    if config.kind not in KINDS:
        return plugged_source(name, config, SourceTools(http=http, clock=clock))
    return KINDS[config.kind](name, config, http, clock, {} if gates is None else gates)


def has_gate(config: SourceConfig) -> bool:
    """Whether a gate lets few requests through at a time, of all daemons together; a plug-in's source has none."""
    return config.kind in KINDS


def gate_key(config: SourceConfig) -> GateKey:
    """Who is let in, and where. A secret is a part, so that a corrected one starts afresh at the reload that brings it."""
    if isinstance(config, HttpJsonConfig):
        sent = {name.lower(): value for name, value in config.sent_headers.items()}
        return (config.kind, urlsplit(config.url.reveal()).netloc, *sorted(sent.items(), key=lambda header: header[0]))
    auth, host = config.auth, urlsplit(config.endpoint or "").netloc
    if isinstance(auth, AkskAuth):
        return (auth.method, host, auth.access_key, auth.secret_key, auth.security_token)
    if isinstance(auth, TokenAuth):
        return (auth.method, host, auth.token)
    return (auth.method, urlsplit(auth.endpoint or "").netloc, auth.domain, auth.user, auth.password)


def _avatar(name: str, config: AvatarConfig, http: Http, clock: Clock, gates: Gates) -> Source:
    project = _project(config, avatar.RESOURCE)
    caller = _caller(config, project, http, clock, gates)
    return avatar.avatar_jobs(name, project, caller=caller, wire=avatar_wire.Wire(config.keep_fields))


def _voice(name: str, config: VoiceConfig, http: Http, clock: Clock, gates: Gates) -> Source:
    project = _project(config, voice.RESOURCE)
    caller = _caller(config, project, http, clock, gates)
    return voice.voice_jobs(name, project, caller=caller, wire=voice_wire.Wire(config.keep_fields))


def _project(config: HuaweiConfig, resource: str) -> Project:
    return Project(
        endpoint=(config.endpoint or "").rstrip("/"),
        project_id=config.project_id,
        resource=resource,
        app_user_id=config.app_user_id,
        timeout=config.timeout,
    )


def _caller(config: HuaweiConfig, project: Project, http: Http, clock: Clock, gates: Gates) -> Caller:
    gate = _gate(config, clock, gates)
    credential = _credential(config.auth, project, http, clock)
    return Caller(credential=credential, gate=gate, http=http, timeout=project.timeout)


def _gate(config: SourceConfig, clock: Clock, gates: Gates) -> Door:
    key = gate_key(config)
    return gates[key] if isinstance(gates, SharedGates) else gates.setdefault(key, Gate(clock.monotonic))


def _credential(auth: AuthConfig, project: Project, http: Http, clock: Clock) -> Credential:
    if isinstance(auth, TokenAuth):
        return StaticToken(
            token=auth.token, ends_at=parse_rfc3339(auth.expires_at) or end_of(auth.token), now=clock.now
        )
    if isinstance(auth, AkskAuth):
        return AccessKey(
            access_key=auth.access_key,
            secret_key=auth.secret_key,
            security_token=auth.security_token,
            project_id=project.project_id,
            now=clock.now,
            ends_at=parse_rfc3339(auth.expires_at),
        )
    account = Account(
        endpoint=auth.endpoint or "",
        user=auth.user,
        domain=auth.domain,
        password=auth.password,
        project_id=project.project_id,
    )
    return PasswordToken(account, http=http, timeout=project.timeout, now=clock.now)


def _http_json(name: str, config: HttpJsonConfig, http: Http, clock: Clock, gates: Gates) -> Source:
    return HttpJson(name, api_of(config), gate=_gate(config, clock, gates), http=http)


# Any: each function takes the table of its own kind.
KINDS: Final[Mapping[str, Callable[[str, Any, Http, Clock, Gates], Source]]] = {
    "http-json": _http_json,
    "metastudio-avatar": _avatar,
    "metastudio-voice": _voice,
}
