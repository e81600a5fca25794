"""Earlier rows by key, in an SQLite file that survives a restart: what the features of new rows look back on.

Keys (cards, shops, patients) are kept as salted hashes: the file tells that two rows share a card, and not which card.
What stands in other columns is kept as it is, so the file is as confidential as the customer's table.
"""

import hashlib
import json
import secrets
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import BundleError
from shared.light.frame import Frame
from shared.serve.key_rows import KeyRows, Packing, together

FILE, FORM = "past.sqlite", 1
MEMORY = ":memory:"  # instead of a folder: what is kept ends with the process
MOST = 2_000  # latest rows of a key that an answer looks back on
HELD = 1_000_000  # rows that are held in memory, of the keys that were asked for last
PIECE = 5_000  # rows of one transaction
FEW = 256  # rows that are added to what is held; after more of them it is read anew


class Past:
    """The rows that a service has seen, for one bundle.

    A row is kept once: one that is equal in all columns but the label is the same row, and brings its label.

    Args:
        folder: Where the file lies; made if it is not there. `MEMORY`: there is no file.
        plan: Of `shared.contract.plan.reading_plan`.
        solution: Which the file belongs to.
        version: Of the bundle: what is remembered of a row may hang on what was learnt.
        most: Latest rows of each key that are looked back on.
    Raises:
        BundleError: If the file is damaged, of another solution, or of other columns.
    Example:
        >>> columns = [{"target": "time", "kind": "time"}, {"target": "card", "kind": "key"}]
        >>> past = Past(MEMORY, {"columns": columns}, "finance.fraud")
        >>> frame = Frame({
        ...     "time": np.array(["2025-01-01", "2025-01-02"], "datetime64[us]"), "card": np.array(["a", "a"], object)
        ... })
        >>> past.add(frame.take(np.array([0])))
        1
        >>> past.behind(frame.take(np.array([1])))[0]["card"].tolist()
        ['a']
    """

    def __init__(
        self,
        folder: str | Path,
        plan: Mapping[str, Any],
        solution: str,
        *,
        version: str = "",
        most: int = MOST,
    ):
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
        self._held: OrderedDict[tuple[int, int], KeyRows] = OrderedDict()
        self._rows_held, self._version = 0, None
        self._ints = ["id", "at", *(f"k{at}" for at in range(len(self.keys)))]
        self._floats = ["label", *(f"n{at}" for at in range(len(self.numbers)))]
        self._words = [f"t{at}" for at in range(len(self.texts))]
        described = {"form": FORM, "solution": solution, "bundle": version, "keys": self.keys}
        self._open(described | {"numbers": self.numbers, "texts": self.texts})

    def _open(self, described: dict[str, Any]) -> None:
        try:
            if self.path != Path(MEMORY):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.touch(mode=0o600)
            self._base = sqlite3.connect(self.path, timeout=60, check_same_thread=False, isolation_level=None)
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
        self._salt, self._memory = bytes.fromhex(found["salt"]), Packing(json.loads(found["memory"]))

    def _tables(self) -> list[str]:
        kinds = dict.fromkeys(self._ints[1:], "INTEGER") | dict.fromkeys(self._floats, "REAL")
        kinds |= dict.fromkeys(self._words, "TEXT")
        columns = ["id INTEGER PRIMARY KEY", "same BLOB UNIQUE", "memory BLOB"]
        columns += [f"{name} {kind}" for name, kind in kinds.items()]
        indexes = (
            f"CREATE INDEX IF NOT EXISTS by_k{at} ON events (k{at}, at)" for at in range(len(self.keys))
        )
        return [
            "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT)",
            f"CREATE TABLE IF NOT EXISTS events ({', '.join(columns)})",
            *indexes,
        ]

    def __len__(self) -> int:
        return self._base.execute("SELECT COUNT(*) FROM events").fetchone()[0]

    # -- look back

    def behind(self, frame: Frame) -> tuple[Frame, dict[str, np.ndarray]] | None:
        """The earlier rows that share a key with one of the frame, and what is remembered of each.

        A row of the frame that was kept before is not among them. Keys that the frame does not name have no text; the
        codes of both frames tell which are equal.
        """
        self._refresh()
        at, found = frame[self.time].astype(np.int64).tolist(), []
        for number, key in enumerate(self.keys):
            # The latest moment of each key, so that a row of another does not push its past out of reach.
            last: dict[int, int] = {}
            for code, moment in zip(self.codes(frame)[key].tolist(), at):
                last[code] = max(moment, last.get(code, moment))
            for code, latest in last.items():
                if code < 0:
                    continue
                rows = self._of(number, code).before(latest)
                if rows is None:  # held are only later ones
                    rows = self._read(number, code, latest)
                found.append(rows)
        whole = together([rows for rows in found if len(rows)], without=self._ids(self.marks(frame)))
        return None if whole is None else (self._framed(whole, frame), self._memory.unpacked(whole.memory))

    def codes(self, frame: Frame) -> dict[str, np.ndarray]:
        """The hash of each key of each row, -1 where it is empty; kept with the frame."""
        if not frame.codes:
            empty = np.full(len(frame), -1, np.int64)
            frame.codes = {
                key: np.array([self._hashed(text) for text in frame[key].tolist()], np.int64)
                if key in frame
                else empty
                for key in self.keys
            }
        return frame.codes

    def _hashed(self, text: str | None) -> int:
        if text is None:
            return -1
        digest = hashlib.blake2b(text.encode("utf-8"), key=self._salt, digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1

    def _refresh(self) -> None:
        """Forgets what is held when another process has written."""
        version = self._base.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._let_go()
            self._version = version
            self._memory.take(
                self._base.execute("SELECT value FROM facts WHERE name = 'memory'").fetchone()[0]
            )

    def _let_go(self) -> None:
        self._held.clear()
        self._rows_held = 0

    def _of(self, number: int, code: int) -> KeyRows:
        rows = self._held.get((number, code))
        if rows is None:
            rows = self._held[number, code] = self._read(number, code)
            self._rows_held += 1 + len(rows)  # a key without rows takes its place too
            while self._rows_held > HELD and len(self._held) > 1:
                self._rows_held -= 1 + len(self._held.popitem(last=False)[1])
        else:
            self._held.move_to_end((number, code))
        return rows

    def _read(self, number: int, code: int, before: int | None = None) -> KeyRows:
        names = [*self._ints, *self._floats, *self._words, "memory"]
        limit = "" if before is None else f"AND at < {int(before)} "
        found = self._base.execute(
            f"SELECT {', '.join(names)} FROM events WHERE k{number} = ? {limit}ORDER BY at DESC LIMIT ?",
            (code, self.most),
        ).fetchall()
        first, second = len(self._ints), len(self._ints) + len(self._floats)
        return KeyRows(
            np.array([row[:first] for row in found], np.int64).reshape(-1, first),
            np.array([row[first:second] for row in found], np.float64).reshape(-1, second - first),
            np.array([row[second:-1] for row in found], object).reshape(len(found), len(self._words)),
            self._memory.joined([row[-1] for row in found]),
            most=self.most,
        )

    def with_labels(self, frame: Frame) -> Frame:
        """The frame with the labels that the store knows of its rows and the frame does not, as of a row sent again."""
        if self.label is None:
            return frame
        marks = self.marks(frame)
        known = {same: label for same, _, label in self._kept(marks) if label is not None}
        if not known:
            return frame
        labels = frame[self.label] if self.label in frame else np.full(len(frame), np.nan)
        found = np.array([known.get(mark, np.nan) for mark in marks])
        return frame.with_column(self.label, np.where(np.isnan(labels), found, labels))

    def _ids(self, marks: Sequence[bytes]) -> np.ndarray:
        """Numbers of the rows that were kept before."""
        return np.array([number for _, number, _ in self._kept(marks)], np.int64)

    def _kept(self, marks: Sequence[bytes]) -> list[tuple]:
        """Mark, number and label of those of the rows that were kept before."""
        found = []
        for start in range(0, len(marks), 500):  # SQLite takes no more than some hundreds at once
            part = marks[start : start + 500]
            query = f"SELECT same, id, label FROM events WHERE same IN ({', '.join('?' * len(part))})"
            found += self._base.execute(query, part).fetchall()
        return found

    def _framed(self, rows: KeyRows, frame: Frame) -> Frame:
        columns: dict[str, Any] = {self.time: rows.ints[:, 1].view("datetime64[us]")}
        columns |= {name: rows.floats[:, at] for at, name in enumerate(self.numbers, start=1)}
        columns |= {name: rows.texts[:, at] for at, name in enumerate(self.texts)}
        if self.label is not None:
            columns[self.label] = rows.floats[:, 0]
        codes = {key: rows.ints[:, at] for at, key in enumerate(self.keys, start=2)}
        for key in self.keys:
            columns[key] = self._texts_of(codes[key], frame, key)
        return Frame(columns, len(rows), codes=codes)

    def _texts_of(self, codes: np.ndarray, frame: Frame, key: str):
        """The keys that the frame names; made when it is asked for, since histories read the codes."""

        def made() -> np.ndarray:
            names = dict(zip(self.codes(frame)[key].tolist(), frame[key].tolist())) if key in frame else {}
            out = np.empty(len(codes), object)
            out[:] = [names.get(code, code if code >= 0 else None) for code in codes.tolist()]
            return out

        return made

    # -- keep

    def add(self, frame: Frame, memory: Mapping[str, np.ndarray] | None = None) -> int:
        """Keeps rows, and the labels of those that are there already; returns how many are new.

        Args:
            frame: Labels among them where they are known.
            memory: What `shared.features.remembered` was given of each.
        """
        if len(frame) > PIECE:  # other processes get their turn in between
            parts = [
                np.arange(start, min(start + PIECE, len(frame))) for start in range(0, len(frame), PIECE)
            ]
            told = {name: np.asarray(values) for name, values in (memory or {}).items()}
            return sum(
                self.add(frame.take(part), {name: told[name][part] for name in told}) for part in parts
            )
        if not len(frame):
            return 0
        before, packed = self._memory.to_json(), self._memory.packed(memory or {}, len(frame))
        rows = list(self._rows(frame, packed))
        names = ["same", "memory", *self._ints[1:], *self._floats, *self._words]
        marks = ", ".join("?" * len(names))
        insert = f"INSERT INTO events ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (same) DO NOTHING"
        label = names.index("label")
        self._base.execute("BEGIN IMMEDIATE")
        try:
            if self._memory.to_json() != before:
                self._base.execute(
                    "UPDATE facts SET value = ? WHERE name = 'memory'", (self._memory.to_json(),)
                )
            there = set(self._ids([row[0] for row in rows]).tolist()) if len(rows) <= FEW else None
            changes = self._base.total_changes
            self._base.executemany(insert, rows)
            new = self._base.total_changes - changes
            told = [(row[label], row[0]) for row in rows if row[label] is not None]
            self._base.executemany("UPDATE events SET label = ? WHERE same = ?", told)
            self._base.execute("COMMIT")
        except BaseException:
            if self._base.in_transaction:  # a full disk has ended it already
                self._base.execute("ROLLBACK")
            self._memory.take(before)
            raise
        if there is None or told or self._memory.to_json() != before:
            self._let_go()
        elif new:
            self._hold(rows, packed, there)
        return new

    def _hold(self, rows: list[tuple], packed: np.ndarray, there: set[int]) -> None:
        """Puts new rows behind what is held of their keys."""
        first = 1 + len(self._ints)  # behind `same`, `memory`, and the integers but `id`
        second = first + len(self._floats)
        numbers = {same: number for same, number, _ in self._kept([row[0] for row in rows])}
        for at, row in enumerate(rows):
            number = numbers[row[0]]
            if number in there:
                continue
            there.add(number)
            floats = [np.nan if each is None else each for each in row[first:second]]
            new = KeyRows(
                np.array([(number, *row[2:first])], np.int64),
                np.array([floats], np.float64),
                np.array([row[second:]], object).reshape(1, len(self._words)),
                packed[at : at + 1],
                most=self.most,
            )
            for place, code in enumerate(row[3:first]):
                held = self._held.get((place, code))
                if held is not None:
                    self._held[place, code] = held.with_new(new)
                    self._rows_held += len(self._held[place, code]) - len(held)

    def marks(self, frame: Frame) -> list[bytes]:
        """What a row is known by again: a hash of all its columns but the label."""
        return [row[0] for row in self._rows(frame, np.empty((len(frame), 0)))]

    def _rows(self, frame: Frame, packed: np.ndarray) -> Iterable[tuple]:
        size, codes = len(frame), self.codes(frame)
        nothing = [None] * size
        at = frame[self.time].astype(np.int64).tolist()
        label = frame[self.label].tolist() if self.label is not None and self.label in frame else nothing
        keys = [codes[name].tolist() for name in self.keys]
        rest = [frame[name].tolist() if name in frame else nothing for name in (*self.numbers, *self.texts)]
        mark = self._memory.mark
        for row in range(size):
            hashed, cells = [key[row] for key in keys], [_known(values[row]) for values in rest]
            same = hashlib.blake2b(repr((at[row], hashed, cells)).encode(), digest_size=16).digest()
            yield (same, mark + packed[row].tobytes(), at[row], *hashed, _known(label[row]), *cells)

    def forget(self, before: np.datetime64) -> int:
        """Removes the rows before a moment; returns how many."""
        moment = int(before.astype("datetime64[us]").astype(np.int64))
        self._let_go()
        return self._base.execute("DELETE FROM events WHERE at < ?", (moment,)).rowcount

    def close(self) -> None:
        """Closes the file; what was kept is in it."""
        self._base.close()


def _known(value: Any) -> Any:
    return None if value is None or value != value else value
