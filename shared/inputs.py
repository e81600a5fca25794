"""What a model reads: arrays by input name, picked by row number, whole or gathered at batch time."""

from collections.abc import Mapping

import numpy as np

Arrays = dict[str, np.ndarray]


class Inputs:
    """Arrays by input name; `take(rows)` gives a batch.

    Whatever reads a model's inputs (training, prediction, importance) goes through `take`, so a
    subclass may gather windows or decode images for just the rows of one batch.

    Args:
        arrays: Arrays by input name, all with one row per row of the table.
    Attributes:
        most_rows: Set by a subclass where a network makes far more of a row than it reads, as of a photo: it is
            then given no more rows at once.
    Raises:
        ValueError: If the arrays differ in length.
    Example:
        >>> inputs = Inputs({"number": np.zeros((5, 3), "float32")})
        >>> len(inputs), inputs.take(np.array([4, 0]))["number"].shape
        (5, (2, 3))
    """

    most_rows: int | None = None

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.arrays = dict(arrays)
        lengths = {name: len(array) for name, array in self.arrays.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"inputs must have one length, found {lengths}")
        self._length = next(iter(lengths.values()))

    def __len__(self) -> int:
        return self._length

    def take(self, rows: np.ndarray) -> Arrays:
        """The arrays of `rows`, in that order."""
        return {name: array[rows] for name, array in self.arrays.items()}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input without the batch axis."""
        return {name: array.shape[1:] for name, array in self.take(np.arange(min(1, len(self)))).items()}


class WindowInputs(Inputs):
    """Inputs with, for each row, a window over the past rows of the same key, gathered at batch time.

    Materialised windows of 1.75 M rows x 16 x 8 floats take 0.9 GB; the row order takes 14 MB.

    Args:
        arrays: Arrays by input name, as in `Inputs`.
        steps: What a step of the window shows: `(rows, features)`; the step of the row itself is the last.
        order: Row numbers sorted by key, then time.
        rank: How many earlier rows of its key each row has, as `shared.history.History.rank`.
        before: Place in `order` just past these earlier rows, as `History.before`. None: the row's own place,
            which is right where no two rows of a key share a time.
        window: Number of steps, the row itself included.
        name: Name of the gathered input, of shape `(batch, window, features + 1)`. The last feature is 1
            on true steps; padding, at the front, is all zeros.
    Example:
        >>> steps = np.arange(3, dtype="float32")[:, None] + 1
        >>> inputs = WindowInputs({}, steps, order=np.array([0, 2, 1]), rank=np.array([0, 0, 1]), window=2)
        >>> inputs.take(np.array([2]))["window"].tolist()    # rows 0 and 2 share a key
        [[[1.0, 1.0], [3.0, 1.0]]]
    """

    def __init__(self, arrays, steps, *, order, rank, before=None, window, name="window"):
        super().__init__({**arrays, name: steps})
        self.window, self.name, self.order, self.rank, self.before = window, name, order, rank, before
        if before is None:
            self.before = np.empty(len(order), np.int64)
            self.before[order] = np.arange(len(order))

    def take(self, rows: np.ndarray) -> Arrays:
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        back = np.arange(self.window - 1, -1, -1)
        true = back <= self.rank[rows][:, None]
        source = self.order[np.where(true, self.before[rows][:, None] - back, 0)]
        source[:, -1] = rows
        steps = self.arrays[self.name]
        out = np.zeros((*source.shape, steps.shape[1] + 1), steps.dtype)
        out[..., :-1] = steps[source]
        out[..., -1] = 1
        out[~true] = 0
        rest = {name: array[rows] for name, array in self.arrays.items() if name != self.name}
        return {**rest, self.name: out}
