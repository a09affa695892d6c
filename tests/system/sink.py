"""A receiver that takes every webhook and writes down its id: sink.py ADDR:PORT FILE."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Sink(BaseHTTPRequestHandler):
    """Accepts what has a signature."""

    protocol_version = "HTTP/1.1"
    file = Path()

    def do_POST(self) -> None:
        """One event."""
        self.rfile.read(int(self.headers.get("content-length", "0")))
        signed = self.headers.get("webhook-signature", "").startswith("v1,")
        if signed:
            with self.file.open("a", encoding="ascii") as told:
                told.write(f"{self.headers['webhook-id']}\n")
        self.send_response(204 if signed else 400)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


def main(address: str, file: str) -> None:
    """Serve until killed."""
    host, _, port = address.rpartition(":")
    Sink.file = Path(file)
    ThreadingHTTPServer((host, int(port)), Sink).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
