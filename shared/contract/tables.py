"""A customer's file to a raw table: CSV or Parquet, with encoding and separator found and noted."""

import csv
import difflib
import gzip
import hashlib
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from shared.contract.charsets import decoded
from shared.contract.mapping import Format
from shared.contract.parsing import count
from shared.errors import ContractError, Fault

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
OPEN_QUOTE = 'a quotation mark " is opened and never closed'
OTHER_FILES = {
    b"PK\x03\x04": "an Excel workbook or a zip archive. Unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Save the sheet as CSV",
    b"%PDF": "a PDF. Export the table as CSV",
    b"SQLite format 3": "an SQLite database. Export the table as CSV",
    b"7z\xbc\xaf": "a 7z archive. Unpack it first",
    b"Rar!": "a RAR archive. Unpack it first",
    b"BZh": "compressed with bzip2. Unpack it first",
    b"\xfd7zXZ": "compressed with xz. Unpack it first",
    b"(\xb5/\xfd": "compressed with zstd. Unpack it first",
    b"{": "JSON. Export the table as CSV or Parquet",
    b"<": "HTML or XML. Export the table as CSV or Parquet",
}


@dataclass
class RawTable:
    """A table as it was delivered, before its contract is checked.

    Args:
        data: The columns; those of a CSV are texts, in which an empty cell is "".
        source: Name for messages, such as `payments.csv`.
        sha256: Of the file's bytes, or of the cells where there is no file.
        notes: What was found and decided in reading.
        encoding: Of a CSV.
        separator: Of a CSV.
        rows: Number of each row in the file, from 1, where one row of it became several; else None.
        fields: Column of the file that each row came from then.
        store: Where the files are that the rows name, such as photos; None: beside the working folder.
        listed: Whether the rows are files that were found, so that their numbers mean nothing to anyone.
        signals: The samples of each row, float32: an array `(rows, steps, channels)`, or a list of
            `(steps, channels)` with None where a row has none; None: there are no signals.
    """

    data: pa.Table
    source: str
    sha256: str = ""
    notes: list[str] = field(default_factory=list)
    encoding: str | None = None
    separator: str | None = None
    rows: np.ndarray | None = field(default=None, repr=False)
    fields: np.ndarray | None = field(default=None, repr=False)
    store: Any = field(default=None, repr=False)
    listed: bool = False
    signals: Any = field(default=None, repr=False)

    def __len__(self) -> int:
        return self.data.num_rows


def refuse(source: str, text: str, *, row: int | None = None) -> ContractError:
    """The error of a file that is no table."""
    return ContractError(f"{source} cannot be read", [Fault(text=text, row=row)])


def raw_table(frame: pd.DataFrame, source: str = "table") -> RawTable:
    """A data frame as a raw table; its index is not read.

    Example:
        >>> len(raw_table(pd.DataFrame({"a": [1, 2]})))
        2
    """
    arrays = [_column(frame.iloc[:, at]) for at in range(frame.shape[1])]
    data = pa.Table.from_arrays(arrays, names=[str(name) for name in frame.columns])
    digest = hashlib.sha256(str(data.schema).encode())
    for batch in data.to_batches():
        digest.update(memoryview(batch.serialize()))
    return RawTable(data, source, digest.hexdigest())


def _column(values: pd.Series) -> pa.Array | pa.ChunkedArray:
    """One column; cells of several types are taken as texts."""
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.array([None if _empty(cell) else _text(cell) for cell in values], pa.string())


def _empty(cell: object) -> bool:
    return cell is None or (pd.api.types.is_scalar(cell) and bool(pd.isna(cell)))


def _text(cell: object) -> str:
    return str(cell).encode("utf-8", "replace").decode("utf-8")


def read_table(path: str | Path, format: Format | None = None) -> RawTable:
    """Reads a CSV (also gzipped) or a Parquet file; which it is, its first bytes tell.

    Args:
        path: The file.
        format: `encoding` and `separator` are used; what they leave out is detected.
    Raises:
        ContractError: If it is no table, or damaged, with the way out.
    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "payments.csv"
        >>> _ = path.write_text("amount;card\\n12,50;A\\n")
        >>> table = read_table(path)
        >>> table.separator, table.data.column_names
        (';', ['amount', 'card'])
    """
    path, format = Path(path), format or Format()
    data = _bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise refuse(path.name, "the gzip archive is damaged or cut off. Transfer it again") from None
    if data.startswith(b"PAR1"):
        return RawTable(_parquet(path.name, data), path.name, digest, [f"{path.name} is Parquet"])
    return _csv(path.name, data, digest, format)


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise refuse(path.name or str(path), "it is a folder. Name one CSV or Parquet file")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, n=1, cutoff=0.7)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise refuse(path.name, f"there is no file `{path}`.{hint}") from None
    except (OSError, ValueError) as error:
        raise refuse(path.name, f"`{path}`: {getattr(error, 'strerror', None) or error}") from None


def _parquet(source: str, data: bytes) -> pa.Table:
    try:
        return pa.parquet.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError, ValueError, NotImplementedError):
        text = "the Parquet file is damaged or cut off. Transfer or export it again"
        raise refuse(source, text) from None


def _csv(source: str, data: bytes, digest: str, format: Format) -> RawTable:
    if not data.strip():
        raise refuse(source, "the file is empty")
    if source.lower().endswith((".parquet", ".pq")):
        raise refuse(source, "it is no Parquet file, whatever its name. Transfer or export it again")
    for start, what in OTHER_FILES.items():
        if data.startswith(start):
            raise refuse(source, f"it is {what}")
    text, encoding = decoded(source, data, format.encoding)
    del data
    separator = format.separator or _separator(text)
    names = _header(source, text, separator)
    table = _parsed(source, text, separator, names)
    shown = SEPARATORS.get(separator, f"`{separator}`")
    notes = [f"{source} is CSV, {encoding}, separated by {shown}"]
    return RawTable(table, source, digest, notes, encoding, separator)


def _sample(text: bytes, *, size: int = 65_536) -> list[str]:
    """The first lines, without one that is cut off."""
    part = text[:size]
    if len(text) > size and b"\n" in part:
        part = part[: part.rindex(b"\n")]
    return part.decode("utf-8", "ignore").splitlines()


def _records(lines: list[str], separator: str, *, most: int) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=separator):
            if row:
                rows.append(row)
            if len(rows) == most:
                break
    except csv.Error:
        pass
    return rows


def _separator(text: bytes) -> str:
    """The separator by which most of the first rows have as many cells as the header."""
    lines = _sample(text)
    best, score = ",", (0.0, 0)
    for separator in SEPARATORS:
        rows = _records(lines, separator, most=100)
        if rows and len(rows[0]) > 1:
            alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
            if (round(alike, 2), len(rows[0])) > score:
                best, score = separator, (round(alike, 2), len(rows[0]))
    return best


def _header(source: str, text: bytes, separator: str) -> list[str]:
    rows = _records(_sample(text), separator, most=1)
    if not rows:
        raise refuse(source, "the first line cannot be read as a header")
    return [name.strip() for name in rows[0]]


def _parsed(source: str, text: bytes, separator: str, names: list[str]) -> pa.Table:
    """All cells as texts; the header is skipped as a row, since it may hold equal names."""
    columns = [str(at) for at in range(len(names))]
    ragged: list[pa.csv.InvalidRow] = []

    def note(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    def read(*, threads: bool) -> pa.Table:
        return pa.csv.read_csv(
            pa.BufferReader(text),
            read_options=pa.csv.ReadOptions(
                column_names=columns, skip_rows_after_names=1, use_threads=threads, block_size=1 << 24
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=separator, newlines_in_values=b'"' in text, invalid_row_handler=note
            ),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
        )

    try:
        table = read(threads=True)
        if ragged:  # only a single thread knows the numbers of the rows
            ragged.clear()
            read(threads=False)
    except pa.ArrowInvalid as error:
        raise _unreadable(source, text, error) from None
    if ragged:
        raise _uneven(source, ragged, separator)
    if text.count(b'"') % 2 and any("\n" in column[-1].as_py() for column in table.columns if len(column)):
        raise refuse(source, OPEN_QUOTE)
    return table.rename_columns(names)


def _unreadable(source: str, text: bytes, error: pa.ArrowInvalid) -> ContractError:
    if b'"' in text and text.count(b'"') % 2:
        return refuse(source, OPEN_QUOTE)
    return refuse(source, f"it cannot be read as CSV: {str(error).splitlines()[0][:200]}")


def _uneven(source: str, ragged: list, separator: str) -> ContractError:
    first = min(ragged, key=lambda row: row.number or 0)
    row = None if first.number is None else first.number - 1
    more = f" (and {count(len(ragged) - 1, 'more row')})" if len(ragged) > 1 else ""
    mark = "tab" if separator == "\t" else separator
    text = (
        f"found {count(first.actual_columns, 'cell')}, expected {first.expected_columns} as in the header"
        f"{more}. "
        f"Put cells that hold the separator `{mark}` in quotation marks"
    )
    return refuse(source, text, row=row)
