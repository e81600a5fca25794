"""The networks of `retail.demand`: from windows of the past and the known future to quantiles or counts."""

from collections.abc import Mapping
from typing import Any

import keras

from shared import builders

from .config import DemandConfig


def build(
    shapes: Mapping[str, tuple[int, ...]],
    state: dict[str, Any],
    config: DemandConfig,
    outputs: int,
    name: str,
):
    """The network of `config.network`, with the head of `config.head`.

    Args:
        shapes: Shape of each input without the batch axis, as in `shared.series.windows`.
        state: What was learnt from the training windows: the vocabularies of the statics.
        outputs: Numbers that the head reads for each step.
    Output shape: `(batch, horizon, quantiles)`, scaled and rising; of counts `(batch, horizon, 2 or 3)`.
    """
    inputs = builders.named_inputs(shapes, integers=["static"])
    about = [inputs["level"]] if "level" in inputs else []
    if "static" in inputs:
        embed = builders.vocabulary_embedding(state["statics"], unseen_rate=0.02)
        about.append(embed(inputs["static"]))
    static = builders.end_to_end(about) if about else None
    read = {"past": inputs["past"]} | ({"static": static} if about else {})
    read |= {"future": inputs["future"]} if "future" in inputs else {}
    forecaster = {
        "nhits": builders.nhits_forecaster,
        "lstm": builders.lstm_forecaster,
        "tide": builders.tide_forecaster,
        "tsmixer": builders.tsmixer_forecaster,
    }[config.network](
        shapes["past"],
        shapes.get("future", (config.horizon, 0)),
        static.shape[-1] if about else 0,
        outputs=outputs,
        units=config.units,
        depth=config.depth,
        dropout=config.dropout,
    )
    raw = forecaster(read)
    if config.head == "quantiles":
        answer = builders.SpreadQuantiles(config.quantiles.index(0.5))(raw)
    else:
        answer = builders.CountParameters(config.head)([raw, inputs["scale"]])
    return keras.Model(inputs, answer, name=name)
