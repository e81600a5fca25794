"""A customer's file to a raw table: CSV, Parquet or an Excel workbook, with what was found and decided noted."""

import codecs
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
import pyarrow.parquet

from shared.contract.charsets import decoded
from shared.contract.delimited import SEPARATORS, read_delimited
from shared.contract.edges import ending, named
from shared.contract.formats import Format
from shared.contract.refusal import refuse
from shared.contract.workbooks import is_workbook, read_workbook
from shared.errors import Fault

OTHER_FILES = {
    b"PK\x03\x04": "an Excel workbook or a zip archive. Unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Save the sheet as CSV, or as .xlsx without a password",
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
        faults: What is no matter of one column, such as a total in the last row; `check` names them with its own.
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
    faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        return self.data.num_rows


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
    """Reads a CSV (also gzipped), a Parquet file or an Excel workbook (.xlsx); which it is, its first bytes tell.

    Titles above the header, columns without name and cells, and empty rows at the end are left out with a note.

    Args:
        path: The file.
        format: `encoding`, `separator`, `sheet`, `header_row`, `first_row` and `total_row` are used; what they
            leave out is detected.
    Raises:
        ContractError: If it is no table, or damaged, with the way out.
        MissingExtraError: If it is a workbook, and openpyxl is not installed.
    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "payments.csv"
        >>> _ = path.write_text("amount;card\\n12,50;A\\n")
        >>> table = read_table(path)
        >>> table.separator, table.data.column_names
        (';', ['amount', 'card'])
    """
    path = Path(path)
    return table_of_bytes(path.name, _bytes(path), format)


def table_of_bytes(name: str, data: bytes, format: Format | None = None) -> RawTable:
    """As `read_table`, of a file's content.

    Args:
        name: Of the file, for messages.
    Example:
        >>> table_of_bytes("payments.csv", b"amount;card\\n12,50;A\\n").separator
        ';'
    """
    format = format or Format()
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise refuse(name, "the gzip archive is damaged or cut off. Transfer it again") from None
    if data.startswith(b"PAR1"):
        table = _parquet(name, data)
        notes = [f"{name} is Parquet"]
        return _edged(RawTable(table, name, digest, notes), table.column_names, format)
    if is_workbook(data):
        table, notes, faults = read_workbook(name, data, format)
        return RawTable(table, name, digest, notes, faults=faults)
    return _csv(name, data, digest, format)


def _edged(raw: RawTable, names: list[str], format: Format) -> RawTable:
    """The table with its names, without what stands at its edges."""
    found = ending(raw.data, names, format)
    raw.data, notes = named(raw.data.slice(0, found.rows), names)
    raw.notes += [*notes, *found.notes]
    raw.faults += found.faults
    return raw


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
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        raise refuse(source, "the file is empty. Export the table again, or name another file")
    if source.lower().endswith((".parquet", ".pq")):
        raise refuse(source, "it is no Parquet file, whatever its name. Transfer or export it again")
    for start, what in OTHER_FILES.items():
        if data.startswith(start):
            raise refuse(source, f"it is {what}")
    text, encoding = decoded(source, data, format.encoding)
    del data
    read = read_delimited(source, text, format)
    shown = SEPARATORS.get(read.separator, f"`{read.separator}`")
    notes = [f"{source} is CSV, {encoding}, separated by {shown}", *read.header.notes, *read.notes]
    raw = RawTable(read.data, source, digest, notes, encoding, read.separator, faults=[*read.header.faults])
    return _edged(raw, read.header.names, format)
