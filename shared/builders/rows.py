"""What a network reads of a row of a table: inputs by name, numbers with their embedding, vectors of categories."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import keras

from shared.builders.embeddings import FIRST, CategoricalEmbedding, embedding_dim
from shared.builders.numeric import PiecewiseLinearEmbedding


def named_inputs(
    shapes: Mapping[str, tuple[int, ...]], *, integers: Collection[str] = ("category",)
) -> dict[str, Any]:
    """One `keras.Input` an array, under its name.

    Args:
        shapes: Shape of each array without the batch axis.
        integers: Names of those that hold codes; all others are float32.
    Example:
        >>> inputs = named_inputs({"number": (3,), "category": (2,)})
        >>> inputs["number"].shape, inputs["category"].dtype
        ((None, 3), 'int32')
    """
    return {
        name: keras.Input(shape, name=name, dtype="int32" if name in integers else "float32")
        for name, shape in shapes.items()
    }


def vocabulary_embedding(
    vocabularies: Mapping[str, Sequence[str]], *, unseen_rate: float
) -> CategoricalEmbedding:
    """A `CategoricalEmbedding` for these columns, end to end, each as wide as `embedding_dim` has it.

    Args:
        vocabularies: The known values of each column, as `shared.encoding.learn` gives them.
        unseen_rate: Share of codes that training hides as unseen, in [0, 1).
    Input shape: `(batch, columns)`, integer.
    Output shape: `(batch, sum of widths)`.
    Example:
        >>> vocabulary_embedding({"shop": ["food", "fuel"]}, unseen_rate=0.01)(keras.Input((1,), dtype="int32")).shape
        (None, 3)
    """
    sizes = [len(vocabulary) for vocabulary in vocabularies.values()]
    dims = [embedding_dim(size + FIRST) for size in sizes]
    return CategoricalEmbedding(sizes, dims, concatenate=True, unseen_rate=unseen_rate)


def row_parts(
    inputs: Mapping[str, Any], state: Mapping[str, Any], *, number_dim: int, unseen_rate: float
) -> list[Any]:
    """What is known of a row, part by part, to be laid end to end: numbers, their embedding, vectors of categories.

    Args:
        inputs: Of `named_inputs`; of `number` and `category`, those that the table has are read.
        state: Learnt from the training rows: `edges` of the numbers' piecewise-linear embedding, empty for none,
            and the vocabularies of the `categories`.
        number_dim: Width of each number's embedding.
        unseen_rate: Share of category codes that training hides as unseen, in [0, 1).
    Output shape: `(batch, width)` each.
    Example:
        >>> inputs, state = named_inputs({"number": (2,)}), {"edges": [[0.0, 1.0], [0.0, 2.0, 3.0]]}
        >>> [part.shape for part in row_parts(inputs, state, number_dim=4, unseen_rate=0.01)]
        [(None, 2), (None, 8)]
    """
    parts = []
    if "number" in inputs:
        parts.append(inputs["number"])
        if state["edges"]:
            embed = PiecewiseLinearEmbedding(state["edges"], number_dim, concatenate=True)
            parts.append(embed(inputs["number"]))
    if "category" in inputs:
        embed = vocabulary_embedding(state["categories"], unseen_rate=unseen_rate)
        parts.append(embed(inputs["category"]))
    return parts


def end_to_end(parts: Sequence[Any]) -> Any:
    """The parts of a row as one vector; of a single part, that part.

    Example:
        >>> end_to_end([keras.Input((2,)), keras.Input((3,))]).shape
        (None, 5)
    """
    return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
