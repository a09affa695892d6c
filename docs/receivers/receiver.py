"""Receives the webhooks of poller: verifies them, keeps each event once, knows which is the latest of a job. Python 3.11, no packages.

HOOK_SECRET: the notifier's `secret`, or several with spaces between them. PORT: 8000.
"""

import base64
import hmac
import json
import os
import sqlite3
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEYS = [base64.b64decode(secret.removeprefix("whsec_")) for secret in os.environ["HOOK_SECRET"].split()]
LIMIT = 4 * 1024 * 1024  # bytes; more is not read
TOLERANCE = 300  # seconds that the clocks may differ; an older request may be a replay


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12


def verified(headers, body: bytes) -> bool:
    """Whether one of our secrets has signed this body, just now."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not is_number(stamp) or abs(time.time() - int(stamp)) > TOLERANCE:
        return False
    content = f"{message_id}.{stamp}.".encode() + body
    expected = ["v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in KEYS]
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(one.encode(), other.encode()) for one in given for other in expected)


def store(event: dict) -> str | None:
    """Keep the event: "latest" of its job, or "late"; None if it was there already. It is on the disk when this returns."""
    sequence = event.get("sequence") or ""
    row = (event["id"], event["subject"], sequence, json.dumps(event))
    with closing(sqlite3.connect("events.db", timeout=10, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")  # two requests at once do not both find their event the latest
        newest = database.execute("SELECT max(sequence) FROM events WHERE job = ?", (event["subject"],)).fetchone()[0]
        new = database.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", row).rowcount == 1
        database.execute("COMMIT")
    return None if not new else "late" if newest is not None and sequence < newest else "latest"


class Receiver(BaseHTTPRequestHandler):
    timeout = 20  # seconds; a sender that stalls is dropped

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not is_number(length) or int(length) > LIMIT:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not verified(self.headers, body):
            return self.answer(401)
        told = json.loads(body)
        for event in told if isinstance(told, list) else [told]:  # a list: events that are told together
            place = store(event)
            if place is not None:
                print(f"{place}: {event['data']['summary']}", flush=True)
        self.answer(204)  # also for what was there already

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


with closing(sqlite3.connect("events.db")) as database, database:
    database.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, job TEXT, sequence TEXT, event TEXT)")
server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Receiver)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
