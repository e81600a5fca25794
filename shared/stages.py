"""What each stage of a run took: seconds, and the most memory the process held meanwhile."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator

INTERVAL = 0.05  # seconds between two looks at the memory


class Stages:
    """Measures named stages and announces them.

    Args:
        say: Called with the stage's name when it begins, and with each line of progress within it.
    Example:
        >>> stages = Stages()
        >>> with stages("read"):
        ...     pass
        >>> sorted(stages.measured["read"])
        ['peak_mb', 'seconds']
    """

    def __init__(self, say: Callable[[str, str], None] = lambda stage, text: None):
        self._say = say
        self._current = ""
        self.measured: dict[str, dict[str, float]] = {}

    def note(self, text: str) -> None:
        """Shows something that stays to be read, such as what was seen in a file."""

    def say(self, text: str) -> None:
        """Shows progress within the current stage."""
        self._say(self._current, text)

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        outer, self._current = self._current, name
        self._say(name, "")
        start = time.perf_counter()
        try:
            with _PeakMemory() as memory:
                yield
        finally:
            self._current = outer
        # A stage that is entered once a fold adds up.
        before = self.measured.get(name, {"seconds": 0.0, "peak_mb": 0.0})
        self.measured[name] = {
            "seconds": round(before["seconds"] + time.perf_counter() - start, 3),
            "peak_mb": round(max(before["peak_mb"], memory.peak / 2**20), 1),
        }


class _PeakMemory:
    """Watches the resident memory of this process from a thread."""

    def __enter__(self):
        import psutil

        self._process = psutil.Process(os.getpid())
        self.peak = self._process.memory_info().rss
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(INTERVAL):
            self.peak = max(self.peak, self._process.memory_info().rss)

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
        self.peak = max(self.peak, self._process.memory_info().rss)
