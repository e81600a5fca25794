"""The networks of `finance.fraud`: log odds `(batch, members)` from the encoded payment and its card's past."""

from collections.abc import Mapping
from typing import Any

import keras

from shared import builders
from shared.encoding import FIRST

from .config import FraudConfig

LSTM_UNITS = 48


def build(shapes: Mapping[str, tuple[int, ...]], state: dict[str, Any], config: FraudConfig, prior: float):
    """The network of `config.network`.

    Args:
        shapes: Shape of each input without the batch axis.
        state: What was learnt from the training rows: vocabularies and bin edges.
        prior: Share of frauds in the training rows; the network starts from it.
    Output shape: `(batch, members)`, log odds.
    """
    inputs = {
        name: keras.Input(shape, name=name, dtype="int32" if name == "category" else "float32")
        for name, shape in shapes.items()
    }
    parts = []
    if "number" in inputs:
        parts.append(inputs["number"])
        if state["edges"]:
            embed = builders.PiecewiseLinearEmbedding(state["edges"], config.number_dim, concatenate=True)
            parts.append(embed(inputs["number"]))
    if "category" in inputs:
        sizes = [len(vocabulary) for vocabulary in state["categories"].values()]
        dims = [builders.embedding_dim(size + FIRST) for size in sizes]
        embed = builders.CategoricalEmbedding(sizes, dims, concatenate=True, unseen_rate=0.01)
        parts.append(embed(inputs["category"]))
    if "history" in inputs:
        parts.append(builders.lstm_encoder(shapes["history"], units=LSTM_UNITS)(inputs["history"]))
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    encoder = builders.tabm_encoder(
        (x.shape[-1],),
        units=config.units,
        depth=config.depth,
        members=config.members,
        dropout=config.dropout,
    )
    x = encoder(x)
    return keras.Model(inputs, builders.binary_head(x.shape[1:], prior=prior)(x), name="fraud")
