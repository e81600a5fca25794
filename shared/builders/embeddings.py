"""Vectors for categories, given as integer codes."""

from numbers import Integral

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE, check_columns, check_counts, check_share

MISSING, UNSEEN, FIRST = 0, 1, 2  # codes of a missing value, of an unseen one, of the first in the vocabulary


def embedding_dim(cardinality: int, *, limit: int = 50) -> int:
    """Rule of thumb for the width of a column's embedding: `1.6 * cardinality ** 0.56`, at most `limit`.

    Args:
        cardinality: Number of values in the vocabulary.
        limit: The largest width.
    Raises:
        ValueError: If `cardinality` or `limit` is below 1.
    Reference:
        Howard & Gugger, 2020, "fastai: A Layered API for Deep Learning", https://arxiv.org/abs/2002.04688
    Example:
        >>> embedding_dim(2), embedding_dim(100), embedding_dim(10_000)
        (2, 21, 50)
    """
    check_counts(cardinality=cardinality, limit=limit)
    return max(1, min(limit, round(1.6 * cardinality**0.56)))


@keras.saving.register_keras_serializable(package=PACKAGE)
class CategoricalEmbedding(keras.layers.Layer):
    """Gives each category of each column a learnt vector.

    Codes: 0 is missing, 1 is unseen, 2 and up are the vocabulary. Missing and unseen values have rows of
    their own, so a column's table has `cardinality + 2` rows. A code outside the table reads as unseen.
    The unseen row starts at zero, which is neutral; it is learnt only with an `unseen_rate` above 0.

    Args:
        cardinalities: Size of each column's vocabulary.
        dim: Width of the vectors; a sequence gives one width a column and needs `concatenate`.
        concatenate: Whether to lay the columns' vectors end to end.
        unseen_rate: Share of codes that training hides as unseen, in [0, 1).
    Input shape: `(batch, columns)`, integer.
    Output shape: `(batch, columns, dim)`, or `(batch, sum of dims)` with `concatenate`.
    Raises:
        ValueError: If widths and columns do not match, or the input has another number of columns.
    Reference:
        Guo & Berkhahn, 2016, https://arxiv.org/abs/1604.06737
    Example:
        >>> CategoricalEmbedding([3, 10], dim=4)(keras.Input((2,), dtype="int32")).shape
        (None, 2, 4)
    """

    def __init__(self, cardinalities, dim=8, *, concatenate=False, unseen_rate=0.0, **kwargs):
        super().__init__(**kwargs)
        self.autocast = False
        self.cardinalities = [int(value) for value in cardinalities]
        check_share(unseen_rate=unseen_rate)
        if not self.cardinalities or min(self.cardinalities) < 0:
            raise ValueError(f"cardinalities must be one size >= 0 a column, found {cardinalities!r}")
        self.dim = int(dim) if isinstance(dim, Integral) else [int(width) for width in dim]
        self.dims = [self.dim] * len(self.cardinalities) if isinstance(self.dim, int) else self.dim
        check_counts(**{f"dim of column {i}": width for i, width in enumerate(self.dims)})
        if len(self.dims) != len(self.cardinalities):
            raise ValueError(f"dim must hold {len(self.cardinalities)} widths, one a column, found {dim!r}")
        if not isinstance(self.dim, int) and not concatenate:
            raise ValueError("one width a column (dim is a sequence) needs concatenate=True")
        self.concatenate, self.unseen_rate = concatenate, unseen_rate
        self.rows = np.array(self.cardinalities, "int32") + FIRST
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape):
        check_columns(self, input_shape, len(self.cardinalities))
        if isinstance(self.dim, int):  # one table for all columns: one gather instead of many
            groups = [(self.rows, self.dim)]
        else:
            groups = [(self.rows[i : i + 1], width) for i, width in enumerate(self.dim)]
        self.tables = [
            self.add_weight(
                name=f"table_{i}", shape=(int(rows.sum()), width), initializer=_table_values(rows)
            )
            for i, (rows, width) in enumerate(groups)
        ]
        self.built = True

    def call(self, inputs, training=False):
        inputs = ops.convert_to_tensor(inputs)
        inside = ops.logical_and(inputs >= 0, inputs < ops.cast(self.rows, inputs.dtype))
        codes = ops.where(inside, ops.cast(inputs, "int32"), UNSEEN)
        if training and self.unseen_rate:
            hidden = keras.random.uniform(ops.shape(codes), seed=self.seed_generator) < self.unseen_rate
            codes = ops.where(ops.logical_and(hidden, codes >= FIRST), UNSEEN, codes)
        if isinstance(self.dim, int):
            starts = np.concatenate([[0], np.cumsum(self.rows)[:-1]]).astype("int32")
            vectors = ops.take(self.tables[0], codes + starts, axis=0)
            if self.concatenate:
                vectors = ops.reshape(vectors, (-1, sum(self.dims)))
        else:
            columns = [ops.take(table, codes[:, i], axis=0) for i, table in enumerate(self.tables)]
            vectors = ops.concatenate(columns, axis=-1)
        return ops.cast(vectors, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], sum(self.dims)) if self.concatenate else (*input_shape, self.dim)

    def get_config(self):
        own = {"cardinalities": self.cardinalities, "dim": self.dim, "concatenate": self.concatenate}
        return {**super().get_config(), **own, "unseen_rate": self.unseen_rate}


@keras.saving.register_keras_serializable(package=PACKAGE)
class CategoryIndicators(keras.layers.Layer):
    """Gives each known value of each column, and missing, a place of its own that is 1 where it stands, else 0.

    Codes as in `CategoricalEmbedding`. A value that training did not hold gives zeros in all places of its column:
    it speaks for nothing.

    Args:
        cardinalities: Size of each column's vocabulary.
    Input shape: `(batch, columns)`, integer.
    Output shape: `(batch, sum of (cardinality + 1))`, float.
    Raises:
        ValueError: If there is no column, or the input has another number of them.
    Example:
        >>> ops.convert_to_numpy(CategoryIndicators([2, 1])(ops.array([[2, 0], [1, 2]]))).tolist()
        [[0.0, 1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]]
    """

    def __init__(self, cardinalities, **kwargs):
        super().__init__(**kwargs)
        self.autocast = False
        self.cardinalities = [int(value) for value in cardinalities]
        if not self.cardinalities or min(self.cardinalities) < 0:
            raise ValueError(f"cardinalities must be one size >= 0 a column, found {cardinalities!r}")
        self.codes = [[MISSING, *range(FIRST, FIRST + size)] for size in self.cardinalities]

    def build(self, input_shape):
        check_columns(self, input_shape, len(self.cardinalities))
        self.built = True

    def call(self, inputs):
        inputs = ops.cast(ops.convert_to_tensor(inputs), "int32")
        columns = [inputs[:, place, None] == np.array(codes) for place, codes in enumerate(self.codes)]
        return ops.cast(ops.concatenate(columns, axis=-1), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], sum(map(len, self.codes)))

    def get_config(self):
        return {**super().get_config(), "cardinalities": self.cardinalities}


def _table_values(rows: np.ndarray):
    """Uniform within 1 / sqrt(width), and zeros for the unseen value of each column."""
    known = np.ones((int(rows.sum()), 1), "float32")
    known[np.cumsum(rows) - rows + UNSEEN] = 0

    def values(shape, dtype):
        limit = shape[1] ** -0.5
        return keras.initializers.RandomUniform(-limit, limit)(shape, dtype) * ops.cast(known, dtype)

    return values
