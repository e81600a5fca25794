"""Rows that a binary solution scores: its own features, the encoder, the exported network; NumPy alone."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from shared import encoding
from shared.calibration import calibrator_from_dict, mean_probability
from shared.decisions import Thresholds
from shared.features import Columns, gathered, latest_rows
from shared.inputs import Inputs
from shared.light.frame import Frame, stacked
from shared.light.tables import Table, table_of
from shared.training import predict


class RowScorer:
    """Answers as `BinaryPipeline.predict` does.

    Args:
        content: Of `bundle.json`, with `roles`, the names of the solution's roles, and `key_role`.
        session: The network: arrays by input name -> log odds `(rows, members)`.
        columns: The solution's own features, of `data.py`.
    Example:
        >>> from shared.light.frame import Frame
        >>> x = {"missing": False, "log": False, "mean": 0, "spread": 1}
        >>> content = {
        ...     "config": {}, "state": {"numbers": {"x": x}, "categories": {}}, "roles": [], "key_role": None,
        ...     "calibration": {"method": "none"}, "decision": {"review": 0.5, "block": 2.0},
        ... }
        >>> session = lambda number, size=None: number
        >>> session.input = SimpleNamespace(name="number")
        >>> session.output = SimpleNamespace(shape=(None, 1))
        >>> RowScorer(content, session).answer(Frame({"numeric/x": np.array([0.0, 9.0])}))[0]
        {'row': 1, 'score': 0.5, 'decision': 'review'}
    """

    def __init__(
        self,
        content: Mapping[str, Any],
        session: Callable,
        columns: Callable[[Table, Any], Columns] | None = None,
    ):
        self.config, self.mapping = SimpleNamespace(**content["config"]), content.get("mapping", {})
        self.state, self.roles, self.key = content["state"], list(content["roles"]), content["key_role"]
        self.calibrator = calibrator_from_dict(content["calibration"])
        self.thresholds = Thresholds.from_dict(content["decision"])
        self.session, self.columns = session, columns

    def answer(
        self, frame: Frame, *, history: Frame | None = None, photos: Any = None, signals: Any = None
    ) -> list[dict[str, Any]]:
        """Score and decision of each row.

        Args:
            frame: Of `shared.light.reader.read_rows`.
            history: Earlier rows, which the features look back on.
            photos, signals: Not read.
        """
        own = len(frame)
        table = table_of(frame if history is None else stacked([frame, history]), self.mapping, own=own)
        scores = self.calibrator(mean_probability(predict(self.session, self.inputs(table), np.arange(own))))
        decisions = self.thresholds.decide(scores)
        return [
            {"row": row, "score": score, "decision": str(decision)}
            for row, (score, decision) in enumerate(zip(scores.tolist(), decisions), start=1)
        ]

    def inputs(self, table: Table) -> Inputs:
        """What the network reads of all rows."""
        own = {} if self.columns is None else self.columns(table, self.config)
        arrays = encoding.encode(gathered(own, table.frame, self.roles), self.state)
        reads = getattr(self.config, "network", "tabular")
        if reads == "tabular":
            return Inputs(arrays)
        window, alone = self.config.history, reads == "history"
        return latest_rows(arrays, table.frame, self.key, window=window, alone=alone)
