"""The networks of `finance.fraud`: log odds `(batch, members)` from the encoded payment and its card's past."""

from collections.abc import Mapping
from typing import Any

import keras

from shared import builders

from .config import FraudConfig

LSTM_UNITS = 48


def build(shapes: Mapping[str, tuple[int, ...]], state: dict[str, Any], config: FraudConfig, prior: float):
    """The network of `config.network`; its output is `(batch, members)`, log odds.

    Args:
        shapes: Shape of each input without the batch axis.
        state: What was learnt from the training rows: vocabularies and bin edges.
        prior: Share of frauds in the training rows; the network starts from it.
    """
    inputs = builders.named_inputs(shapes)
    parts = builders.row_parts(inputs, state, number_dim=config.number_dim, unseen_rate=0.01)
    if "history" in inputs:
        parts.append(builders.lstm_encoder(shapes["history"], units=LSTM_UNITS)(inputs["history"]))
    x = builders.end_to_end(parts)
    encoder = builders.tabm_encoder(
        x.shape[1:], units=config.units, depth=config.depth, members=config.members, dropout=config.dropout
    )
    x = encoder(x)
    return keras.Model(inputs, builders.binary_head(x.shape[1:], prior=prior)(x), name="fraud")
