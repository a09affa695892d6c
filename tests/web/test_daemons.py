"""GET /api/v1/daemons."""

from tests.web.asking import Api


async def test_on_sqlite_the_one_daemon_tells_of_itself(api: Api) -> None:
    [one] = (await api.get("/api/v1/daemons"))["items"]
    assert (one["host"], one["pid"], one["alive"], one["jobs"], one["chores"]) == ("here", 7, True, 1, [])
