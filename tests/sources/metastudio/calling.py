"""How the tests of this folder call: sources with each of the credentials, pointed at the simulator or at a server of their own."""

import time
from dataclasses import replace
from typing import Any

import anyio

from poller.config.auth import AkskAuth, AuthConfig, PasswordAuth, TokenAuth
from poller.config.metastudio import AvatarConfig
from poller.core.reading import Reading, Target
from poller.core.secret import Secret
from poller.simulator.auth import Accepted
from poller.simulator.world import PROJECT_ID
from poller.sources.ports import Source
from tests.sources.conftest import HandClock


class WallClock(HandClock):
    """The real time, which the simulator goes by, and `at` seconds more; on the wall it is `ahead` by so many more."""

    def __init__(self) -> None:
        super().__init__(at=0.0)
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.at + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.at


GOOD = Accepted()
WRONG = replace(GOOD, secret_key="wrong-secret-key", token="wrong-token", password="wrong-password")
METHODS = ("token", "aksk", "password")


def auth(method: str, accepted: Accepted, url: str) -> AuthConfig:
    if method == "token":
        return TokenAuth(method="token", token=Secret(accepted.token))
    if method == "aksk":
        security_token = None if accepted.security_token is None else Secret(accepted.security_token)
        return AkskAuth(
            method="aksk",
            access_key=Secret(accepted.access_key),
            secret_key=Secret(accepted.secret_key),
            security_token=security_token,
        )
    return PasswordAuth(
        method="password",
        user=accepted.user,
        password=Secret(accepted.password),
        domain=accepted.domain,
        endpoint=url,
    )


def config(url: str, method: str = "token", accepted: Accepted = GOOD, **more: Any) -> AvatarConfig:
    settings: dict[str, Any] = {
        "kind": "metastudio-avatar",
        "endpoint": url,
        "project_id": PROJECT_ID,
        "auth": auth(method, accepted, url),
        "timeout": 5.0,
    }
    return AvatarConfig(**settings | more)


async def fetch_all(source: Source, job_ids: list[str]) -> list[Reading]:
    """All at once; in the order of `job_ids`."""
    readings: dict[int, Reading] = {}

    async def one(place: int, job_id: str) -> None:
        readings[place] = await source.fetch(Target(job_id=job_id))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for place, job_id in enumerate(job_ids):
                group.start_soon(one, place, job_id)
    return [readings[place] for place in range(len(job_ids))]


async def fetch_one(source: Source, job_id: str) -> Reading:
    return (await fetch_all(source, [job_id]))[0]
