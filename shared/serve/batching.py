"""Requests that wait for the same thread are answered together: several rows cost little more than one."""

import asyncio
from collections import deque
from concurrent.futures import Executor

from shared.serve.rowpath import RowPath, Rows, RowsAnswered

MOST_ROWS = 64  # of one request, and of earlier rows that come with it; reading more holds up the event loop
TOGETHER = 128  # requests that are answered at once


class Batches:
    """Answers requests of few rows; belongs to one event loop.

    Args:
        path: That answers.
        pool: Whose threads answer. One batch runs at a time, and what comes meanwhile makes the next.
    """

    def __init__(self, path: RowPath, pool: Executor):
        self._path, self._pool = path, pool
        self._waiting: deque[tuple[tuple, asyncio.Future]] = deque()
        self._running = False

    def __len__(self) -> int:
        return len(self._waiting)

    async def answer(self, asked: Rows) -> RowsAnswered:
        """The answers to one request.

        Raises:
            Unread: If a cell is not written plainly, or there are many rows.
        """
        read = (asked, *self._path.read(asked, most=MOST_ROWS))
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((read, future))
        if not self._running:
            self._running = True
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                part = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
                part = [each for each in part if not each[1].cancelled()]
                if part:
                    found = await loop.run_in_executor(self._pool, self._answered, [read for read, _ in part])
                    for (_, future), each in zip(part, found):
                        _settle(future, each)
        finally:
            self._running = False

    def _answered(self, part: list[tuple]) -> list[RowsAnswered | Exception]:
        """One answer each; where the batch fails, each is tried alone, so that none spoils the others."""
        try:
            return self._path.answered(part)
        except Exception as error:
            if len(part) == 1:
                return [error]
            return [each for read in part for each in self._answered([read])]


def _settle(future: asyncio.Future, found: RowsAnswered | Exception) -> None:
    if future.done():  # its client is gone
        return
    if isinstance(found, Exception):
        future.set_exception(found)
    else:
        future.set_result(found)
