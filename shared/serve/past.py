"""Earlier rows by key, in an SQLite file that survives a restart: what the features of new rows look back on.

Keys (cards, shops, patients) are kept as salted hashes: the file tells that two rows share a card, not which. What
stands in other columns is kept as it is, so the file is as confidential as the customer's table.
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import BundleError
from shared.light.frame import Frame

FILE, FORM = "past.sqlite", 1
MEMORY = ":memory:"  # instead of a folder: what is kept ends with the process
MOST = 2_000  # latest rows of a key that an answer looks back on
NEVER = np.iinfo(np.int64).min


class Past:
    """The rows that a service has seen, for one bundle.

    A row is kept once: one that is equal in all columns but the label is the same row, and brings its label.

    Args:
        folder: Where the file lies; made if it is not there. `MEMORY`: there is no file.
        plan: Of `shared.contract.plan.reading_plan`.
        solution: Which the file belongs to.
        most: Latest rows of each key that are looked back on.
    Raises:
        BundleError: If the file is damaged, of another solution, or of other columns.
    Example:
        >>> import tempfile
        >>> columns = [{"target": "time", "kind": "time"}, {"target": "card", "kind": "key"}]
        >>> past = Past(tempfile.mkdtemp(), {"columns": columns}, "finance.fraud")
        >>> frame = Frame({
        ...     "time": np.array(["2025-01-01", "2025-01-02"], "datetime64[us]"), "card": np.array(["a", "a"], object)
        ... })
        >>> past.add(frame.take(np.array([0])))
        1
        >>> past.behind(frame.take(np.array([1])))[0]["card"].tolist()
        ['a']
    """

    def __init__(self, folder: str | Path, plan: Mapping[str, Any], solution: str, *, most: int = MOST):
        self.most, kinds = most, {entry["target"]: entry["kind"] for entry in plan["columns"]}
        self.keys = [name for name, kind in kinds.items() if kind == "key"]
        self.time = next((name for name, kind in kinds.items() if kind == "time"), None)
        self.label = next((name for name, kind in kinds.items() if kind == "label"), None)
        self.numbers = [name for name, kind in kinds.items() if kind == "number"]
        self.texts = [name for name, kind in kinds.items() if kind == "category"]
        if not self.keys or self.time is None:
            raise BundleError(
                f"`{solution}` has no key and time to keep earlier rows by; serve it without --store"
            )
        self.path = Path(folder) / FILE if folder != MEMORY else Path(MEMORY)
        self._open(solution)

    def _open(self, solution: str) -> None:
        described = {"form": FORM, "solution": solution, "numbers": self.numbers, "texts": self.texts}
        described["keys"] = self.keys
        try:
            if self.path != Path(MEMORY):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.touch(mode=0o600)
            self._base = sqlite3.connect(self.path, timeout=10, check_same_thread=False, isolation_level=None)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            for command in self._tables():
                self._base.execute(command)
            first = {"described": json.dumps(described), "salt": secrets.token_hex(16), "memory": "{}"}
            self._base.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", first.items())
            found = dict(self._base.execute("SELECT name, value FROM facts"))
        except (sqlite3.Error, OSError) as error:
            raise BundleError(f"{self.path} cannot be opened: {error}. Name another --store") from None
        if json.loads(found["described"]) != described:
            raise BundleError(
                f"{self.path} holds rows of another bundle or of other columns. Name another --store, and give the "
                "earlier rows by --history"
            )
        self._salt = bytes.fromhex(found["salt"])

    def _tables(self) -> list[str]:
        columns = ["id INTEGER PRIMARY KEY", "same BLOB UNIQUE", "at INTEGER", "label REAL", "memory BLOB"]
        columns += [f"k{at} BLOB" for at in range(len(self.keys))]
        columns += [f"n{at} REAL" for at in range(len(self.numbers))]
        columns += [f"t{at} TEXT" for at in range(len(self.texts))]
        tables = [
            "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT)",
            f"CREATE TABLE IF NOT EXISTS events ({', '.join(columns)})",
        ]
        return tables + [
            f"CREATE INDEX IF NOT EXISTS by_k{at} ON events (k{at}, at)" for at in range(len(self.keys))
        ]

    def __len__(self) -> int:
        return self._base.execute("SELECT COUNT(*) FROM events").fetchone()[0]

    def behind(self, frame: Frame) -> tuple[Frame, dict[str, np.ndarray]] | None:
        """The earlier rows that share a key with one of the frame, and what is remembered of each.

        A row of the frame that was kept before is not among them. Keys that the frame does not name are hashes, which
        equal no key of it.
        """
        mine, at = set(self.marks(frame)), frame[self.time].astype(np.int64)
        latest = int(at.max(initial=NEVER))
        found: dict[bytes, tuple] = {}
        names = self._named(frame)
        for number, key in enumerate(self.keys):
            for digest in names[key]:
                for row in self._base.execute(self._query(number), (digest, latest, self.most)):
                    if row[0] not in mine:
                        found[row[0]] = row
        return self._framed(list(found.values()), names) if found else None

    def _query(self, number: int) -> str:
        columns = ["same", "at", "label", "memory", *(f"k{at}" for at in range(len(self.keys)))]
        columns += [f"n{at}" for at in range(len(self.numbers))] + [f"t{at}" for at in range(len(self.texts))]
        return (
            f"SELECT {', '.join(columns)} FROM events WHERE k{number} = ? AND at < ? ORDER BY at DESC LIMIT ?"
        )

    def _named(self, frame: Frame) -> dict[str, dict[bytes, str]]:
        """The texts of each key in the frame by their hashes."""
        return {
            key: {self._hashed(text): text for text in set(frame[key].tolist()) if text is not None}
            if key in frame
            else {}
            for key in self.keys
        }

    def _hashed(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8"), key=self._salt, digest_size=12).digest()

    def _framed(self, rows: list[tuple], names) -> tuple[Frame, dict[str, np.ndarray]]:
        parts = list(zip(*rows))
        keys, numbers = len(self.keys), len(self.numbers)
        columns: dict[str, np.ndarray] = {self.time: np.array(parts[1], np.int64).view("datetime64[us]")}
        if self.label is not None:
            columns[self.label] = np.array(parts[2], np.float64)
        for name, values in zip(self.keys, parts[4 : 4 + keys]):
            known = names[name]
            columns[name] = _objects(value and known.get(value, value) for value in values)
        for name, values in zip(self.numbers, parts[4 + keys : 4 + keys + numbers]):
            columns[name] = np.array(values, np.float64)
        for name, values in zip(self.texts, parts[4 + keys + numbers :]):
            columns[name] = _objects(values)
        return Frame(columns, len(rows)), self._recalled(parts[3])

    def _recalled(self, blobs: Sequence[bytes]) -> dict[str, np.ndarray]:
        widths = self._widths()
        total = sum(max(1, width) for width in widths.values())
        empty = np.full(total, np.nan).tobytes()
        table = np.frombuffer(
            b"".join(blob if blob and len(blob) == 8 * total else empty for blob in blobs)
        ).reshape(len(blobs), total)
        found, start = {}, 0
        for name, width in widths.items():
            values = table[:, start : start + max(1, width)]
            found[name], start = values[:, 0] if width == 0 else values, start + max(1, width)
        return found

    def _widths(self) -> dict[str, int]:
        """Names of what is remembered; 0 is of one number a row, others are of so many."""
        if not getattr(self, "_kept_widths", None):
            (text,) = self._base.execute("SELECT value FROM facts WHERE name = 'memory'").fetchone()
            self._kept_widths = json.loads(text)
        return self._kept_widths

    def add(self, frame: Frame, memory: Mapping[str, np.ndarray] | None = None) -> int:
        """Keeps rows, and the labels of those that are there already; returns how many are new.

        Args:
            frame: Labels among them where they are known.
            memory: What `shared.features.remembered` was given of each.
        """
        if not len(frame):
            return 0
        rows = list(self._rows(frame, self._blobs(memory or {}, len(frame))))
        marks = ", ".join("?" * len(rows[0]))
        self._base.execute("BEGIN IMMEDIATE")
        try:
            before = self._base.total_changes
            self._base.executemany(
                f"INSERT INTO events ({self._names()}) VALUES ({marks}) ON CONFLICT (same) DO NOTHING", rows
            )
            new = self._base.total_changes - before
            labelled = [(row[2], row[0]) for row in rows if row[2] is not None]
            self._base.executemany("UPDATE events SET label = ? WHERE same = ?", labelled)
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        return new

    def _names(self) -> str:
        names = ["same", "at", "label", "memory", *(f"k{at}" for at in range(len(self.keys)))]
        names += [f"n{at}" for at in range(len(self.numbers))] + [f"t{at}" for at in range(len(self.texts))]
        return ", ".join(names)

    def marks(self, frame: Frame) -> list[bytes]:
        """What a row is known by again: a hash of all its columns but the label."""
        return [row[0] for row in self._rows(frame, [None] * len(frame))]

    def _rows(self, frame: Frame, blobs: Iterable[bytes | None]):
        size = len(frame)
        nothing = [None] * size
        at = frame[self.time].astype(np.int64).tolist()
        label = frame[self.label].tolist() if self.label is not None and self.label in frame else nothing
        keys = [frame[name].tolist() if name in frame else nothing for name in self.keys]
        numbers = [frame[name].tolist() if name in frame else nothing for name in self.numbers]
        texts = [frame[name].tolist() if name in frame else nothing for name in self.texts]
        for row, blob in zip(range(size), blobs):
            hashed = [None if key[row] is None else self._hashed(key[row]) for key in keys]
            rest = [_known(values[row]) for values in numbers] + [values[row] for values in texts]
            same = hashlib.blake2b(repr((at[row], hashed, rest)).encode(), digest_size=16).digest()
            yield (same, at[row], _known(label[row]), blob, *hashed, *rest)

    def _blobs(self, memory: Mapping[str, np.ndarray], rows: int) -> list[bytes | None]:
        if not memory:
            return [None] * rows
        widths = {name: 0 if values.ndim == 1 else values.shape[1] for name, values in sorted(memory.items())}
        if widths != self._widths():
            text = json.dumps(widths)
            self._base.execute("UPDATE facts SET value = ? WHERE name = 'memory'", (text,))
            self._kept_widths = widths
        table = np.column_stack([memory[name].astype(np.float64) for name in widths])
        return [values.tobytes() for values in table]

    def forget(self, before: np.datetime64) -> int:
        """Removes the rows before a moment; returns how many."""
        moment = int(before.astype("datetime64[us]").astype(np.int64))
        return self._base.execute("DELETE FROM events WHERE at < ?", (moment,)).rowcount

    def close(self) -> None:
        """Closes the file; what was kept is in it."""
        self._base.close()


def _objects(values: Iterable) -> np.ndarray:
    values = list(values)
    out = np.empty(len(values), object)
    out[:] = values
    return out


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else value
