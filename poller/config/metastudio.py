"""Tables below [sources] for the job APIs of MetaStudio."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import ConfigDict

from poller.config.auth import AuthConfig, Endpoint
from poller.config.choosing import ChosenBy
from poller.config.fields import Text
from poller.config.problem import Problem, repeated
from poller.config.table import Table, key, optional
from poller.config.watching import FieldName, Watching

# Named as examples only: the vendor may open others (FACTS.md).
KNOWN_REGIONS: Final = ("cn-north-4", "cn-east-3", "ap-southeast-3")
_REGION_PATTERN: Final = "[a-z]{2,}(?:-[a-z0-9]+){1,4}"

Region: TypeAlias = Annotated[
    str | None,
    Text(
        pattern=_REGION_PATTERN, allowed=f"a region such as {', '.join(KNOWN_REGIONS)}; for anything else use endpoint"
    ),
]
ProjectId: TypeAlias = Annotated[
    str, Text(pattern="[A-Za-z0-9][A-Za-z0-9_-]{0,63}", allowed="a project id: up to 64 letters, digits, _ and -")
]
AppUserId: TypeAlias = Annotated[
    str | None,
    Text(
        pattern="[!-~](?:[ -~]{0,254}[!-~])?",
        allowed="1 to 256 printable ASCII characters, no Chinese ones, no spaces at the ends",
    ),
]
SourceName: TypeAlias = Annotated[
    str | None, Text(pattern="[A-Za-z0-9][A-Za-z0-9_-]{0,62}", allowed="the name of a source")
]


class Account(Table):
    """One account, project and region.

    `endpoint` is always set in a source that was read from a file; `region` is not.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["region"]}, {"required": ["endpoint"]}]})

    kind: str = key(meaning="which API the source is of")
    region: Region = optional(meaning="the region of the API; exactly one of region and endpoint")
    endpoint: Endpoint = optional(meaning="the URL of the API; exactly one of region and endpoint")
    project_id: ProjectId = key(meaning="the project that the jobs belong to")
    app_user_id: AppUserId = optional(meaning="sent as X-App-UserId")
    auth: Annotated[AuthConfig, ChosenBy("method")] = key(meaning="a table with method = aksk, token or password")
    keep_fields: tuple[FieldName, ...] = key([], meaning="fields kept besides the default ones")

    @property
    def address(self) -> str:
        """Where the API is, as it may be shown."""
        return self.endpoint or ""

    @property
    def proof(self) -> str:
        """How the source proves who it is, in a word."""
        return self.auth.method

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Exactly one of region and endpoint; somewhere to fetch a token; no field twice."""
        yield from super().across(raw)
        yield from repeated(raw, "keep_fields")
        region, endpoint, auth = raw.get("region"), raw.get("endpoint"), raw.get("auth")
        if region is not None and endpoint is not None:
            yield Problem(
                where=("endpoint",), text="found both region and endpoint; allowed: exactly one of the two, remove one"
            )
        if region is None and endpoint is None:
            yield Problem(where=("region",), text="found neither region nor endpoint; expected exactly one of the two")
        if region is None and isinstance(auth, dict) and auth.get("method") == "password" and "endpoint" not in auth:
            text = "found nothing, the key is missing; expected the URL where tokens are fetched, as there is no region to derive it from"
            yield Problem(where=("auth", "endpoint"), text=text)

    @classmethod
    def complete(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """The endpoints that follow from the region (FACTS.md)."""
        region, auth = raw.get("region"), raw.get("auth")
        if not isinstance(region, str) or not re.fullmatch(_REGION_PATTERN, region):
            return raw
        if isinstance(auth, dict) and auth.get("method") == "password":
            auth = {"endpoint": f"https://iam.{region}.myhuaweicloud.com", **auth}
        derived = {"endpoint": f"https://metastudio.{region}.myhuaweicloud.com"}
        return derived | raw | ({"auth": auth} if auth is not None else {})


class AvatarConfig(Watching, Account):
    """Avatar training jobs of one project."""

    # What every source says when it knows no better stands before it in the order of the classes.
    address = Account.address
    proof = Account.proof
    kind: Literal["metastudio-avatar"] = key(meaning="metastudio-avatar: avatar training jobs of MetaStudio")
    follow_voice: SourceName = optional(
        meaning="the source of kind metastudio-voice in which the voice training job of each avatar job is watched too"
    )


class VoiceConfig(Watching, Account):
    """Voice training jobs of one project."""

    # What every source says when it knows no better stands before it in the order of the classes.
    address = Account.address
    proof = Account.proof
    kind: Literal["metastudio-voice"] = key(meaning="metastudio-voice: voice training jobs of MetaStudio")
