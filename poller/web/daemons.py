"""/api/v1/daemons: who works on this database."""

from aiohttp import web

from poller.web.served import Served, answer
from poller.web.shown import shown


async def listed(served: Served, _: web.Request) -> web.Response:
    """GET: the daemons that share the database, with what each of them holds; on SQLite, this one."""
    rows = await served.archive.daemons() or [served.controls.myself()]
    return answer({"items": [shown(row) for row in rows]})
