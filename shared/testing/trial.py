"""One fitted pipeline on a small table: what the promises are tried on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from shared.binary import BinaryPipeline, Prepared
from shared.contract import Mapping, Table, raw_table
from shared.splits import Split

TINY = {
    "epochs": 1,
    "horizon": 7,
    "lookback": 28,
    "most_windows": 500,
    "statistical_rivals": False,
    "batch_size": 256,
    "units": 8,
    "depth": 1,
    "members": 2,
    "number_dim": 2,
    "bins": 4,
    "side": 32,
    "backbone": "residual",
    "weights": "none",
    "inner_folds": 2,
    "photo_units": 16,
    "photo_depth": 1,
    "random_kernels": 50,
    "signal_units": 8,
    "signal_depth": 1,
    "lstm_units": 4,
}
"""A network that is fitted in a second; settings that a pipeline lacks are left out."""

KEY = "zq{role}zq{number}"
"""Names that no file holds by chance, put in the place of the keys."""


def tiny_config(cls: type[BinaryPipeline]) -> Any:
    """The pipeline's defaults with the values of `TINY` that it knows and allows."""
    chosen: dict[str, Any] = {}
    for name, value in TINY.items():
        if name in cls.Config.model_fields:
            try:
                cls.Config(**chosen, **{name: value})
            except ValidationError:
                continue
            chosen[name] = value
    return cls.Config(**chosen)


@dataclass
class Trial:
    """One fitted pipeline and all that the promises are tried on.

    Args:
        frame: The customer's rows, by the customer's names, with made-up keys.
        table: The same, checked.
        ordered: Row positions by time; of a table without time, as they stand.
    """

    pipeline: BinaryPipeline
    frame: pd.DataFrame
    table: Table
    split: Split
    prepared: Prepared
    ordered: np.ndarray

    @classmethod
    def begin(cls, of: type[BinaryPipeline], config: Any, mapping: Mapping, frame: pd.DataFrame) -> "Trial":
        frame = frame.reset_index(drop=True)
        for role in of.roles:
            column = mapping.column(role.name, frame.columns)
            if role.kind == "key" and column in frame:
                frame[column] = renamed(frame[column], KEY.format(role=role.name, number=""))
        pipeline = of(config, mapping)
        table = pipeline.check(raw_table(frame))
        split = pipeline.splits(table)[-1]
        prepared = pipeline.fit(table, split)
        time = table.frame["time"] if "time" in table.frame else pd.Series(np.arange(len(table)))
        return cls(pipeline, frame, table, split, prepared, np.argsort(time.to_numpy(), kind="stable"))

    def column(self, role: str) -> str:
        """The customer's name of a role's column."""
        return self.pipeline.mapping.column(role, self.frame.columns)

    def columns(self, *kinds: str) -> list[str]:
        """The customer's names of the columns of these kinds that the frame has."""
        found = [self.column(role.name) for role in self.pipeline.roles if role.kind in kinds]
        found += self.pipeline.mapping.categorical if "category" in kinds else []
        return [name for name in found if name in self.frame]

    def scored(self, frame: pd.DataFrame, pipeline: BinaryPipeline | None = None) -> pd.DataFrame:
        """The answers to a frame of the customer's."""
        pipeline = pipeline or self.pipeline
        return pipeline.predict(pipeline.check(raw_table(frame), predict=True))

    @property
    def unlabelled(self) -> pd.DataFrame:
        return self.frame.drop(columns=self.columns("label"))


def some_rows(table: Table, rows: np.ndarray) -> Table:
    """The table of these rows, in this order."""
    return replace(table, frame=table.frame.iloc[rows].reset_index(drop=True), rows=table.rows[rows])


def renamed(values: pd.Series, mark: str) -> pd.Series:
    """The keys of a column with made-up names, equal ones alike."""
    codes = pd.factorize(values)[0]
    return pd.Series([f"{mark}{code}" if code >= 0 else None for code in codes], index=values.index)
