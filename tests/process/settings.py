"""Configurations as plain values, and the file that says the same."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from poller.simulator.auth import Accepted
from poller.simulator.server import Simulator

Tables: TypeAlias = dict[str, Any]

QUICK_RETRY = ("100ms", "100ms", "200ms", "200ms", "500ms", "500ms", "1s", "1s", "2s", "2s", "3s", "3s", "5s", "5s")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def toml(value: object) -> str:
    """One value as TOML; tables inline."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def document(tables: Mapping[str, object]) -> str:
    """A whole file."""
    return "".join(f"{name} = {toml(table)}\n" for name, table in tables.items())


def every(interval: str) -> dict[str, str]:
    """The same time between two polls whatever the state."""
    classes = ("active", "waiting_on_us", "waiting_on_vendor", "failed", "done", "unknown")
    return dict.fromkeys(classes, interval)


def aksk(accepted: Accepted) -> Tables:
    """Signing with the keys that the simulator takes."""
    return {"method": "aksk", "access_key": accepted.access_key, "secret_key": accepted.secret_key}


def source(simulator: Simulator, **changes: object) -> Tables:
    """Every job of the simulator, polled quickly, all told."""
    accepted = simulator.gate.accepted
    return {
        "kind": "metastudio-avatar",
        "endpoint": simulator.endpoint,
        "project_id": accepted.project_id,
        "auth": aksk(accepted),
        "jobs": simulator.world.ids(),
        "rate": "500/s",
        "timeout": "5s",
        "every": every("200ms"),
        "first_sight": "all",
        **changes,
    }


def webhook(url: str, **changes: object) -> Tables:
    """A receiver that is retried quickly."""
    return {
        "kind": "webhook",
        "url": url,
        "secret": SECRET,
        "rate": "1000/s",
        "timeout": "5s",
        "retry": QUICK_RETRY,
        **changes,
    }


def signing_secret(marker: str) -> str:
    """A signing secret of its own for each `marker`."""
    return "whsec_" + base64.b64encode(hashlib.sha256(marker.encode()).digest()).decode()
