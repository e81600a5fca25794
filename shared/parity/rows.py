"""The rows that every route answers: the customer's, and altered copies of some of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from shared.contract import RawTable, Table
from shared.forecast import ForecastPipeline
from shared.parity.altered import Alteration, with_altered_rows
from shared.pipeline import Pipeline
from shared.stages import Stages

LEAST, MOST = 1000, 5000  # customer's rows that a certificate should rest on, and that are asked for


@dataclass
class Asked:
    """A checked table and what of it is asked.

    Args:
        table: The customer's rows, the altered copies after them, earlier rows last.
        rows: Positions of the rows that are answered.
        customers: How many of them are the customer's, the first ones.
        made: How the others were altered.
        raw: The customer's rows and the altered copies as they were delivered, for routes that read for themselves.
        earlier: Earlier rows as they were delivered.
    """

    table: Table
    rows: np.ndarray
    customers: int
    made: list[Alteration]
    raw: RawTable
    earlier: RawTable | None = None

    def answers(self, pipeline: Pipeline) -> pd.DataFrame:
        """What a pipeline answers to these rows."""
        return pipeline.predict(self.table, self.rows)


def asked_of(
    pipeline: Pipeline,
    data: Path,
    *,
    history: Path | None = None,
    seed: int = 0,
    most: int = MOST,
    stages: Stages | None = None,
) -> Asked:
    """Reads a customer's file through the bundle's own mapping, alters copies, and checks all of it.

    Equal arguments give equal rows in every process.

    Args:
        pipeline: Loaded.
        data: Rows in the bundle's columns; labels are not needed.
        history: Earlier rows, which the features look back on.
        seed: Of the altered rows.
        most: Customer's rows that are asked for, evenly over the file; of forecasts all series are.
    Raises:
        ContractError: With everything that does not fit.
    """
    stages = stages or Stages()
    with stages("read"):
        raw = pipeline.read(data, pipeline.mapping.format, predict=True)
        earlier = None if history is None else pipeline.read(history, pipeline.mapping.format)
    with stages("alter"):
        given = len(raw)
        longer, made = with_altered_rows(pipeline, raw, seed=seed)
    with stages("check"):
        table = pipeline.check(longer, predict=True, earlier=earlier)
    own, altered = table.own, sum(len(each.sources) for each in made)
    kept = own - altered if altered else own  # a check may leave out rows, but no altered ones
    most = kept if isinstance(pipeline, ForecastPipeline) else most  # a forecast rests on all rows
    chosen = np.unique(np.linspace(0, kept - 1, min(kept, most)).round().astype(np.int64)) if given else []
    rows = np.concatenate([chosen, np.arange(kept, own)]).astype(np.int64)
    return Asked(table, rows, len(chosen), made, longer, earlier)
