"""One JSON line a request on the standard error: what was asked when, and never a value of a row."""

import contextlib
import json
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Log:
    """Writes events as JSON lines.

    Args:
        write: Gets each line, as bytes; None: the standard error as it is now. What a library does to that stream
            later (TensorFlow's chatter is kept back while it loads) changes nothing.
    Example:
        >>> lines = []
        >>> Log(lines.append)("started", port=8080)
        >>> json.loads(lines[0])["event"], json.loads(lines[0])["port"]
        ('started', 8080)
    """

    def __init__(self, write: Callable[[bytes], Any] | None = None):
        self._write = write or _to_standard_error()

    def __call__(self, event: str, **facts: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        known = {name: value for name, value in facts.items() if value is not None}
        line = json.dumps({"time": now, "event": event, **known}, ensure_ascii=True, default=str)
        self._write(line.encode() + b"\n")

    def defect(self, error: BaseException, **facts: Any) -> None:
        """An error that nobody expected: its type and its place. Its text may hold a value, so it is left out."""
        self("defect", error=type(error).__name__, place=place_of(error), **facts)


def place_of(error: BaseException) -> str:
    """File and line where an error was raised; the last of this project's, where there is one.

    Example:
        >>> place_of(ValueError())
        'unknown'
    """
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if _is_ours(Path(frame.filename))]
    if not frames:
        return "unknown"
    frame = (mine or frames)[-1]
    path = Path(frame.filename)
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    return f"{name}:{frame.lineno}"


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(ROOT) and "site-packages" not in path.relative_to(ROOT).parts


def _to_standard_error() -> Callable[[bytes], Any]:
    try:
        copy = os.dup(2)
    except OSError:  # no standard error
        return lambda line: None

    def write(line: bytes) -> None:
        with contextlib.suppress(OSError):  # whoever read it is gone; the answers go on
            os.write(copy, line)

    return write


class Handler(logging.Handler):
    """Takes what the HTTP server warns of to the same lines, without tracebacks."""

    def __init__(self, log: Log):
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        if record.exc_info and record.exc_info[1] is not None:
            self._log.defect(record.exc_info[1])
        else:
            self._log("server", level=record.levelname.lower(), text=record.getMessage().strip())


def take_over(log: Log) -> None:
    """Routes the HTTP server's own messages through `log`, and silences what else libraries may print."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [Handler(log)], False
        logger.setLevel(logging.WARNING)
    warnings.simplefilter("ignore")  # those of libraries, such as an overflow; they are no lines of JSON
    sys.excepthook = lambda kind, error, trace: log.defect(error)
