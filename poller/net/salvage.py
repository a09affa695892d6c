"""The head of an answer whose body is broken: a 2xx is a delivery, however its body behaves (INTERFACE section 9).

aiohttp parses what one read of the socket gave in one go, and when the body in it is malformed (a wrong chunk, more bytes
than `Content-Length` says) it forgets the head that came before. `HeadKeeper` parses that head again, on failure only.
"""

from typing import Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError, HttpResponseParser
from multidict import MultiMapping

HEAD_END: Final = b"\r\n\r\n"
FIRST_FINAL: Final = 200  # a status below is interim (RFC 9110, section 15.2)


class HeadKeeper(ResponseHandler):
    """aiohttp's client protocol, which on a malformed answer still tells what its head said."""

    def data_received(self, data: bytes) -> None:
        """Parse `data`; after a failure the status and headers ride on the exception, and a reader of the body wakes."""
        payload = self._payload
        super().data_received(data)
        failure = self._exception
        if isinstance(failure, HttpProcessingError):
            if payload is not None and not payload.is_eof():
                payload.set_exception(aiohttp.ClientPayloadError("malformed body"))
            self._remember_head(data, failure)

    def expire(self) -> None:
        """The time for the exchange is over: whoever reads gets a time-out."""
        payload = self._payload
        late = aiohttp.SocketTimeoutError("no answer in time")
        self.set_exception(late)
        if payload is not None and not payload.is_eof():
            payload.set_exception(late)

    def _remember_head(self, data: bytes, failure: HttpProcessingError) -> None:
        head, found, _ = data.partition(HEAD_END)
        if not found:
            return
        try:
            messages, _, _ = HttpResponseParser(self, self._loop, len(data)).feed_data(head + HEAD_END)
        except HttpProcessingError:
            return
        for message, _ in messages:
            failure.code, failure.headers = message.code, message.headers.copy()


def head_of(exc: Exception) -> tuple[int, MultiMapping[str]] | None:
    """Status and headers of the answer that `exc` broke off, when it came as far as a final status."""
    if isinstance(exc, HttpProcessingError) and exc.headers is not None:
        return _final(exc.code, exc.headers)
    if isinstance(exc, aiohttp.ServerDisconnectedError) and not isinstance(exc.message, str):
        return _final(exc.message.code, exc.message.headers)  # aiohttp keeps the half-read head there
    return None


def _final(status: int, headers: MultiMapping[str]) -> tuple[int, MultiMapping[str]] | None:
    return (status, headers) if status >= FIRST_FINAL else None
