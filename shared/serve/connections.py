"""A connection that is not waited for without end: headers and bodies must arrive, or it is closed."""

from functools import cache

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.serve.settings import ServeSettings

HEADERS = 10.0  # seconds for the headers of a request, and for the first byte of a new connection
LAST = 0.3  # seconds that a request may be on its way when the service ends
MARGIN = 5.0  # seconds after which a body that the application has given up on is not read any more


@cache
def body_seconds() -> float:
    """Seconds that a body may take before its connection is closed, as the settings of this worker have it."""
    return ServeSettings.from_environment().max_seconds + MARGIN


class Connection(HttpToolsProtocol):
    """uvicorn's connection with a limit from its first byte to the last one of a request.

    uvicorn itself limits only the time between two requests. A body that is slow gets its 408 from the application
    (`shared.serve.bodies`); what stands here ends those that send no headers, or send on after an answer.
    """

    headers_seconds = HEADERS
    _limit = None
    _ending = False

    def connection_made(self, transport) -> None:
        """Waits for the first request."""
        super().connection_made(transport)
        self._wait(self.headers_seconds)

    def data_received(self, data: bytes) -> None:
        """Waits for the rest of a request that has begun."""
        if self._limit is None:
            self._wait(self.headers_seconds)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Waits for the body; the application gives it up first, with a 408."""
        self._wait(body_seconds())
        super().on_headers_complete()
        if self._ending and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """All of a request is there."""
        self._wait(None)
        super().on_message_complete()

    def connection_lost(self, exc) -> None:
        """Nothing more to wait for."""
        self._wait(None)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The service ends: a request may be on its way, so that an idle connection is closed a moment later."""
        self._ending = True
        if self._idle:
            self.loop.call_later(LAST, self._close_if_idle)
        else:
            super().shutdown()

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close_if_idle(self) -> None:
        if self._idle and not self.transport.is_closing():
            self.transport.close()

    def _wait(self, seconds: float | None) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = None if seconds is None else self.loop.call_later(seconds, self._close)

    def _close(self) -> None:
        self._limit = None
        if self.transport is not None and not self.transport.is_closing():
            self.logger.warning("a connection was closed: its request did not arrive in time")
            self.transport.abort()
