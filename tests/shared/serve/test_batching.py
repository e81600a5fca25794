"""Requests that wait are answered together, each as if it were alone."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.contract.cells import Unread
from shared.serve.batching import Batches
from shared.serve.rowpath import Rows


class Path:
    """Answers each request with its rows, once it is let go; the row "bad" makes a batch fail."""

    def __init__(self):
        self.batches, self.go = [], threading.Event()

    def read(self, asked, *, most):
        if len(asked.rows) > most:
            raise Unread("many")
        return list(asked.rows), None

    def answered(self, read):
        self.go.wait(5)
        self.batches.append(len(read))
        if any("bad" in rows for _, rows, _ in read):
            raise ValueError("bad")
        return [rows for _, rows, _ in read]


def asked(*requests, cancelled=()):
    path = Path()

    async def ask():
        with ThreadPoolExecutor(1) as pool:
            batches = Batches(path, pool)
            tasks = []
            for rows in requests:
                tasks.append(asyncio.create_task(batches.answer(Rows(rows))))
                await asyncio.sleep(0.05 if len(tasks) == 1 else 0)  # the first is being answered
            for place in cancelled:
                tasks[place].cancel()
            path.go.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(ask()), path.batches


def test_what_comes_while_one_is_answered_makes_the_next_batch():
    found, batches = asked(["a"], ["b"], ["c", "d"])
    assert found == [["a"], ["b"], ["c", "d"]] and batches == [1, 2]


def test_a_request_that_fails_does_not_spoil_the_others():
    found, _ = asked(["a"], ["b"], ["bad"], ["c"])
    assert found[:2] == [["a"], ["b"]] and found[3] == ["c"]
    assert isinstance(found[2], ValueError)


def test_a_client_that_is_gone_holds_up_nobody():
    found, batches = asked(["a"], ["b"], ["c"], cancelled=[1])
    assert isinstance(found[1], asyncio.CancelledError)
    assert (found[0], found[2]) == (["a"], ["c"]) and batches == [1, 1]


def test_many_rows_are_left_to_another_road():
    found, batches = asked(["a"] * 100)
    assert isinstance(found[0], Unread) and not batches


@pytest.mark.parametrize("count", [1, 300])
def test_all_are_answered_in_their_order(count):
    found, batches = asked(*[[number] for number in range(count)])
    assert found == [[number] for number in range(count)]
    assert sum(batches) == count and max(batches) == min(count, 128)
