"""One worker: a bundle that is loaded beside the event loop, and a few threads that answer."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.contract.cells import Unread
from shared.errors import FaultsError, VerticalsError
from shared.light.frame import Frame
from shared.serve.answered import Answered
from shared.serve.batching import Batches
from shared.serve.keys import Keys
from shared.serve.logs import Log
from shared.serve.measures import Measures
from shared.serve.problems import Problem
from shared.serve.questions import Question
from shared.serve.settings import ServeSettings

STARTING, READY, FAILED, STOPPING = "starting", "ready", "failed", "stopping"
REHEARSALS = 10  # made-up requests before the first real one
READERS = 4  # times the queue: bodies that may be on their way at once


class Service:
    """What the addresses of a worker share.

    Args:
        settings: How it is run.
        log: Gets its events.
    Attributes:
        state: "starting", "ready", "failed" or "stopping".
        failure: Why the bundle could not be loaded.
        scoring, model: The bundle, and what is told of it; None until it is loaded.
        sketches: None where none are written.
    """

    def __init__(self, settings: ServeSettings, *, log: Log | None = None, keys: Keys | None = None):
        self.settings, self.log = settings, log or Log()
        self.keys = Keys.load(settings.keys) if keys is None else keys
        self.measures, self.state = Measures(), STARTING
        self.scoring, self.model, self.sketches, self._batches = None, None, None, None
        self.failure: Exception | None = None
        self.openapi: dict[str, Any] = {}
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="score")
        self._pending, self._reading = 0, 0
        self._tasks: set[asyncio.Task] = set()

    # -- begin and end

    def start(self) -> asyncio.Future:
        """Begins to load, and returns at once what can be waited for."""
        loading = asyncio.get_running_loop().run_in_executor(self._pool, self.load)
        if self.settings.sketches is not None:
            self._keep(self._save_now_and_then())
        return loading

    def load(self) -> None:
        """Loads the bundle and answers a made-up row, so that the first request finds all compiled.

        An error is kept as `failure`: there is nobody here to hear it.
        """
        try:
            began = time.perf_counter()
            self._load()
            seconds = round(time.perf_counter() - began, 3)
        except Exception as error:
            self.state, self.failure = FAILED, error
            self.log.defect(error, during="start", text=_told(error))
            return
        self.state = READY if self.state == STARTING else self.state
        self.log("ready", seconds=seconds, threads=self.settings.threads, **self.model.brief)

    def _load(self) -> None:
        from shared.serve.model import Model
        from shared.serve.openapi import openapi_of
        from shared.serve.replies import to_json
        from shared.serve.scoring import Scoring

        self.scoring = Scoring(self.settings.bundle, self.settings)
        self._batches = Batches(self.scoring.quick, self._pool)
        if self.scoring.store is not None:
            self.scoring.store.not_kept = self._not_kept
        self.model = Model(self.scoring, self.settings)
        self.openapi = openapi_of(self.model, self.settings)
        brief = self.model.brief
        self.measures.bundle(brief["solution"], brief["version"], brief["runtime"])
        if self.settings.sketches is not None:
            from shared.serve.sketches import Sketches

            self.sketches = Sketches(self.scoring.pipeline, self.scoring.content, self.settings.sketches)
        why = self.scoring.prove_quick(self.model.rows)
        if why is not None:
            self.log("slower", why=why)
        reasons = 1 if self.model.to_dict()["reasons"] else 0
        try:
            for number in range(REHEARSALS):
                question = Question(rows=self.model.rows, reasons=reasons if number == 0 else 0, keep=False)
                to_json(self.scoring.answer(question), request_id="", model=brief, simulated=True)
        except Exception as error:  # the made-up row is at fault, not the customer's
            self.log.defect(error, during="warm-up")

    def _not_kept(self, error: Exception, rows: int) -> None:
        self.measures.not_kept.inc(rows)
        self.log.defect(error, during="store")

    async def stop(self) -> None:
        """Lets what was begun end, as long as one request may take, and writes the sketches."""
        self.state = STOPPING
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.max_seconds):
                await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
        if self.sketches is not None:
            self.sketches.save()
        self.log("stopped")

    def _keep(self, work) -> None:
        """A task that ends with the service; the loop itself would forget it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _save_now_and_then(self) -> None:
        from shared.serve.sketches import SECONDS

        while True:
            await asyncio.sleep(SECONDS)
            try:
                if self.sketches is not None:
                    await asyncio.to_thread(self.sketches.save)
            except OSError as error:  # a full disk must not end the service
                self.log.defect(error, during="sketches")

    # -- work

    def refuse_unless_ready(self) -> None:
        """Raises a 503 while there is no bundle to answer."""
        if self.state != READY:
            texts = {FAILED: "the bundle could not be loaded; see the service's log"}
            text = texts.get(self.state, f"the service is {self.state}. Try again in a few seconds")
            raise Problem(503, text, headers={"Retry-After": "5"})

    def reading(self) -> "Reading":
        """Holds one of the places for bodies that are on their way."""
        return Reading(self)

    async def run(self, work: Callable[[], Any]) -> Any:
        """What `work` gives, from one of the threads.

        Raises:
            Problem: 429 if too many wait, 503 if it takes too long.
        """
        self._enter()
        future = self._pool.submit(work)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._change, -1))
        try:
            async with asyncio.timeout(self.settings.max_seconds):
                return await asyncio.shield(asyncio.wrap_future(future))
        except TimeoutError:
            future.cancel()  # if it has not begun; else it ends unheard
            raise _too_long(self.settings.max_seconds) from None

    def _enter(self) -> None:
        if self._pending >= self.settings.threads + self.settings.queue:
            raise _busy()
        self._change(1)

    def _change(self, by: int) -> None:
        self._pending += by
        self.measures.queue.set(self._pending)

    async def together(self, question: Question) -> Answered | None:
        """The answer of the quick road, with what else waits; None: the question is not for it.

        Raises:
            Problem: 429 if too many wait, 503 if it takes too long.
        """
        asked = None if question.reasons else self.scoring.asked(question)
        if asked is None:
            return None
        self._enter()
        try:
            async with asyncio.timeout(self.settings.max_seconds):
                return self.scoring.told(question, await self._batches.answer(asked))
        except Unread:
            return None
        except TimeoutError:
            raise _too_long(self.settings.max_seconds) from None
        finally:
            self._change(-1)

    def answered(self, answered: Answered) -> None:
        """Counts answers that are on their way to a client."""
        self.measures.answers(answered)
        if self.sketches is None or answered.table is None:
            return
        if not isinstance(answered.table, Frame):
            self.sketches.add(answered.table, answered.frame)
        elif self.sketches.hold(answered.table, answered.answers):
            self._pool.submit(self.sketches.count)


class Reading:
    """A place for one body that is on its way."""

    def __init__(self, service: Service):
        self._service = service

    def __enter__(self) -> None:
        if self._service._reading >= READERS * self._service.settings.queue:
            raise _busy()
        self._service._reading += 1

    def __exit__(self, *_) -> None:
        self._service._reading -= 1


def _told(error: Exception) -> str | None:
    """What may stand in a log: of faults the place, since their texts may show a cell."""
    if isinstance(error, FaultsError):
        places = [f"column `{each.column}`, row {each.row}" for each in error.faults[:5] if each.column]
        return "; ".join([error.headline, *places])
    return str(error) if isinstance(error, VerticalsError) else None


def _too_long(seconds: float) -> Problem:
    text = f"the answer took more than {seconds:g} seconds. Send fewer rows at once"
    return Problem(503, text, headers={"Retry-After": "5"})


def _busy() -> Problem:
    text = "the service is busy: its queue is full. Try again in a second"
    return Problem(429, text, headers={"Retry-After": "1"})
