"""The body of a request, read as it arrives: no more than may be, and no longer than may be."""

import asyncio
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request

from shared.serve.problems import Problem

PATIENT = 4  # times the limit that is read and dropped, so that a client that sends on still gets its 413


async def read_body(request: Request, *, most_bytes: int, most_seconds: float) -> bytes:
    """All of a body.

    A body that is too large is dropped as it arrives, so that memory holds no more than the limit.

    Raises:
        Problem: 408 or 413, after which the connection is closed, or 400.
        ClientDisconnect: If the client is gone.
    """
    announced = _announced(request.headers)
    if announced is not None and announced > most_bytes and "expect" in request.headers:
        raise _too_large(most_bytes)
    parts: list[bytes] = []
    size, over = 0, False
    try:
        async with asyncio.timeout(most_seconds):
            async for part in request.stream():
                size += len(part)
                if size > most_bytes and not over:
                    over = True
                    parts.clear()
                if size > PATIENT * most_bytes:
                    break
                if not over:
                    parts.append(part)
    except TimeoutError:
        if over:
            raise _too_large(most_bytes) from None
        text = (
            f"it took more than {most_seconds:g} seconds; {size:,} bytes arrived. Send it faster, or in parts"
        )
        raise Problem(408, text, headers={"Connection": "close"}) from None
    if over:
        raise _too_large(most_bytes)
    return b"".join(parts)


def _announced(headers: Mapping[str, str]) -> int | None:
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _too_large(most: int) -> Problem:
    text = f"a body holds {most:,} bytes at most. Send the rows in parts"
    return Problem(413, text, headers={"Connection": "close"})


__all__ = ["ClientDisconnect", "read_body"]
