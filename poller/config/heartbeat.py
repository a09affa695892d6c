"""The [heartbeat] table: a URL elsewhere that is called for as long as the daemon makes progress."""

from typing import Annotated, Literal

from poller.config.fields import duration
from poller.config.link import scheme_and_host, web_url
from poller.config.secrecy import SecretUrl, SecretUrlRule
from poller.config.table import Table, key


class Heartbeat(Table):
    """A service that misses the calls raises the alarm, also when this machine is gone."""

    url: Annotated[SecretUrl, SecretUrlRule(check=web_url, show=scheme_and_host, pattern="^https?://")] = key(
        meaning="what is called; a secret"
    )
    every: Annotated[float, duration("10ms", "7d")] = key("1m", meaning="time between two calls")
    method: Literal["GET", "POST"] = key("GET", meaning="GET | POST")
    timeout: Annotated[float, duration("1ms", "10m")] = key("10s", meaning="how long one call may take")
