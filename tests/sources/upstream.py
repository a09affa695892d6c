"""A real HTTP server on the loopback that answers as it is told, and remembers who asked and how many at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from poller.testing.receiver import Answer, Got, listening

__all__ = ["Got", "Upstream", "upstream"]


@dataclass
class Upstream:
    url: str = ""
    got: list[Got] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    answer: Answer | None = None

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Got(method=request.method, path=request.path_qs, headers=headers, body=await request.read()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = web.Response(status=200) if self.answer is None else await self.answer(request)
        finally:
            self.at_once -= 1
        self.statuses.append(answer.status)
        return answer

    def says(self, body: bytes | str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        async def plain(_: web.BaseRequest) -> web.StreamResponse:
            raw = body.encode() if isinstance(body, str) else body
            return web.Response(status=status, headers=headers, body=raw)

        self.answer = plain


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    async with listening(Upstream()) as server:
        yield server
