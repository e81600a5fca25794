"""One fitted pipeline on patients: what its promises are tried on. Names of patients and files are made up."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shared.binary import Prepared
from shared.contract import Mapping, Table, raw_table
from shared.diagnostic import DiagnosticPipeline
from shared.errors import ContractError
from shared.splits import Split
from shared.testing.trial import KEY, renamed

FILES = {"photo": "image", "signal": "signal"}
"""The role that names the file of a modality."""


@dataclass
class PatientTrial:
    """One fitted pipeline on patients and all that the promises are tried on.

    Args:
        frame: The customer's rows, by the customer's names; patients and files have made-up names.
        table: The same, checked.
        files: Where the files of photos and signals are; it goes when the trial does.
    """

    pipeline: DiagnosticPipeline
    frame: pd.DataFrame
    table: Table
    split: Split
    prepared: Prepared
    files: tempfile.TemporaryDirectory

    @classmethod
    def begin(
        cls, of: type[DiagnosticPipeline], config: Any, mapping: Mapping, frame: pd.DataFrame
    ) -> "PatientTrial":
        frame, files = frame.reset_index(drop=True), tempfile.TemporaryDirectory()
        for role in of.roles:
            column, mark = mapping.column(role.name, frame.columns), KEY.format(role=role.name, number="")
            if column in frame and role.kind == "key":
                frame[column] = renamed(frame[column], mark)
            elif column in frame and role.name in FILES.values():
                frame[column] = _copied(frame[column], Path(files.name) / mark)
        pipeline = of(config, mapping)
        table = pipeline.check(raw_table(frame))
        split = pipeline.splits(table)[-1]
        return cls(pipeline, frame, table, split, pipeline.fit(table, split), files)

    def column(self, role: str) -> str:
        """The customer's name of a role's column."""
        return self.pipeline.mapping.column(role, self.frame.columns)

    def scored(self, frame: pd.DataFrame, pipeline: DiagnosticPipeline | None = None) -> pd.DataFrame:
        """The answers to a frame of the customer's."""
        pipeline = pipeline or self.pipeline
        return pipeline.predict(pipeline.check(raw_table(frame), predict=True))

    @property
    def unlabelled(self) -> pd.DataFrame:
        names = [self.column(role) for role in ("label", "split")]
        return self.frame.drop(columns=[name for name in names if name in self.frame])

    def twin(self, **settings) -> DiagnosticPipeline:
        """The pipeline as it was before it was fitted, with some settings changed."""
        pipeline = self.pipeline
        return type(pipeline)(pipeline.config.model_copy(update=settings), pipeline.mapping)


def refusal(trial: PatientTrial, frame: pd.DataFrame, *, predict: bool) -> str:
    """The words with which a table is refused; they may not tell who a patient is."""
    try:
        trial.twin().check(raw_table(frame), predict=predict)
    except ContractError as error:
        patients = KEY.format(role="patient", number="")
        assert patients not in str(error), f"the error tells who a patient is: {error}"
        return str(error)
    raise AssertionError("a table that cannot be learnt from is not refused")


def filled(cells: pd.Series) -> np.ndarray:
    """Which cells hold something, bool `(rows,)`."""
    return (cells.notna() & (cells.astype(object) != "")).to_numpy()


def _copied(cells: pd.Series, mark: Path) -> pd.Series:
    """The files that cells name under made-up names, one file alike for equal names."""
    codes, names = pd.factorize(cells.where(filled(cells)))
    copies = [f"{mark}{code}{Path(name).suffix}" for code, name in enumerate(names)]
    for name, other in zip(names, copies):
        shutil.copy(name, other)
    return pd.Series([copies[code] if code >= 0 else None for code in codes], index=cells.index, dtype=object)
