"""CSV bytes to a raw table, and raw tables one below the other."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from shared.contract import RawTable
from shared.contract.tables import table_of_bytes
from shared.diagnostic import DiagnosticPipeline
from shared.imaging import ImagePipeline
from shared.pipeline import Pipeline

PLAIN_READS = (Pipeline, ImagePipeline, DiagnosticPipeline)  # whose `read` of a CSV is `read_table`


def read_csv(pipeline: Pipeline, content: bytes) -> RawTable:
    """A CSV as the pipeline reads one; only a pipeline with a `read` of its own is given a file."""
    read = type(pipeline).read.__func__
    if any(read is each.read.__func__ for each in PLAIN_READS):
        return table_of_bytes("rows.csv", content, pipeline.mapping.format)
    with tempfile.TemporaryDirectory(prefix="verticals-") as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(content)
        return pipeline.read(path, pipeline.mapping.format, predict=True)


def stacked(tables: list[RawTable], *, decimal: str | None = None) -> RawTable:
    """Raw tables one below the other; a column that they hold in different types is taken as texts.

    Args:
        decimal: Mark of the numbers in texts.

    Example:
        >>> one, two = RawTable(pa.table({"a": ["1"]}), "one"), RawTable(pa.table({"a": [2], "b": [3]}), "two")
        >>> stacked([one, two]).data.to_pydict()
        {'a': ['1', '2'], 'b': [None, 3]}
    """
    kinds: dict[str, set] = {}
    for table in tables:
        for column in table.data.schema:
            kinds.setdefault(column.name, set()).add(column.type)
    as_text = {name for name, found in kinds.items() if len(found) > 1}
    parts = []
    for table in tables:
        fields = [
            pa.field(column.name, pa.string() if column.name in as_text else column.type)
            for column in table.data.schema
        ]
        data = table.data.cast(pa.schema(fields))
        for column in table.data.schema:
            if decimal == "," and column.name in as_text and pa.types.is_floating(column.type):
                cells = pc.replace_substring(data[column.name], ".", ",")
                data = data.set_column(data.column_names.index(column.name), column.name, cells)
        parts.append(data)
    return replace(tables[0], data=pa.concat_tables(parts, promote_options="default"), rows=None)
