"""How PostgreSQL carries out a claim."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects.postgresql import psycopg

from poller.store.agreeing import Identity
from poller.store.claiming import claiming
from tests.bench.postgres import rows
from tests.bench.program import SOURCE


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """`steps` that read a table, `pages` looked at, and milliseconds in the server."""

    steps: tuple[str, ...]
    pages: int
    milliseconds: float

    @property
    def shown(self) -> str:
        """For people."""
        return f"plan: {', '.join(self.steps)}; {self.pages:,} pages looked at; {self.milliseconds:.2f} ms of it in the server"


def plan_of_claim(url: str, *, now: float, limit: int) -> Plan:
    """The statement of a daemon, executed once to warm up and once to be looked at; nothing of it is kept."""
    statement = claiming(Identity()).compile(dialect=psycopg.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    asked = statement.construct_params({"p_source": SOURCE, "p_now": now, "p_until": now, "p_limit": limit})
    told = [rows(url, f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", asked) for _ in range(2)][1]
    [one] = told[0]["QUERY PLAN"]
    return Plan(
        steps=tuple(dict.fromkeys(_steps(one["Plan"]))),
        pages=one["Plan"]["Shared Hit Blocks"] + one["Plan"]["Shared Read Blocks"],
        milliseconds=one["Execution Time"],
    )


def _steps(node: Mapping[str, Any]) -> Iterator[str]:
    if "Relation Name" in node and "Scan" in node["Node Type"]:
        yield f"{node['Node Type']} {node.get('Index Name', node['Relation Name'])}"
    for below in node.get("Plans", ()):
        yield from _steps(below)
