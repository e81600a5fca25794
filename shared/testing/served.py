"""The promise on the road that a service takes: rows one by one answer as a table does."""

import json

import numpy as np

from shared.contract.cells import Unread
from shared.serve.past import MEMORY, Past
from shared.serve.rowpath import RowPath, Rows
from shared.testing.trial import Trial

ASKED, NEAR = 40, 1e-6


def check_rows_are_answered_as_tables(trial: Trial) -> None:
    """Rows that a service reads without a data frame are answered as a table is, with what it remembers of others."""
    if not RowPath.fits(trial.pipeline):
        return
    late, early = trial.ordered[-ASKED:], trial.ordered[:-ASKED]
    told = trial.frame.copy()
    for column in trial.columns("label"):  # of the rows that are asked for nothing is known yet
        told[column] = told[column].astype(object)
        told.loc[told.index[late], column] = None
    expected = trial.scored(told)["score"].to_numpy()[late]
    path = RowPath(trial.pipeline)
    kinds = {entry["kind"] for entry in path.plan["columns"]}
    if "time" not in kinds or not len(early):
        return
    if "key" in kinds:
        path.past = Past(MEMORY, path.plan, trial.pipeline.name)
    try:
        if path.past is not None:
            path.remember(path.frame_of(trial.table.take(early)))
        asked = (Rows([row]) for row in _cells(trial.frame.iloc[late]))
        found = [path.answer([each])[0].answers[0]["score"] for each in asked]
    except (Unread, AttributeError, TypeError):
        return  # features that ask for a data frame are served by the slower road
    worst = float(np.abs(np.array(found) - expected).max())
    assert worst <= NEAR, (
        f"a row alone differs from the same row in a table by {worst:.1e}. What a past tells of a row, and other rows' "
        "features read, must go through `shared.features.remembered`"
    )


def _cells(rows) -> list[dict]:
    return json.loads(rows.to_json(orient="records", date_format="iso", date_unit="us"))
