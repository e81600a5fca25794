"""What a question was answered, as a data frame or as plain records, whichever is at hand."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from shared.contract import Table
from shared.light.frame import Frame


@dataclass
class Answered:
    """The answers to one question.

    Args:
        answers: Of `Pipeline.predict`, as its frame or as one dictionary a row.
        notes: What was seen and decided in reading.
        reasons: Of each answer; None: none were asked for.
        heatmaps: PNG of each photo, in base64; None: none were asked for.
        table: What was answered, for sketches: a checked table, or the columns of the quick road.
    Example:
        >>> Answered([{"row": 1, "score": 0.5}]).frame["score"].tolist()
        [0.5]
    """

    answers: pd.DataFrame | list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)
    reasons: list[list[dict[str, Any]]] | None = None
    heatmaps: list[str] | None = None
    table: Table | Frame | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def rows(self) -> int:
        """Rows that were sent; a forecast has other answers than rows."""
        if self.table is None:
            return len(self)
        own = getattr(self.table, "own", None)
        return len(self.table) if own is None else own

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The answers as a data frame."""
        return pd.DataFrame(self.answers) if isinstance(self.answers, list) else self.answers

    def column(self, name: str) -> list | None:
        """The values of one column of the answers; None: there is none of that name."""
        if not isinstance(self.answers, list):
            return self.answers[name].tolist() if name in self.answers else None
        return [each[name] for each in self.answers] if self.answers and name in self.answers[0] else None
