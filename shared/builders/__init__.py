"""Uncompiled Keras models and layers, on every Keras backend."""

from shared.builders.dense import dense_block, dense_encoder
from shared.builders.embeddings import CategoricalEmbedding, embedding_dim
from shared.builders.forecast_heads import CountParameters, SpreadQuantiles
from shared.builders.forecasting import FeatureSlice, StepMask, forecast_inputs, lstm_forecaster
from shared.builders.heads import (
    MeanProbability,
    RisingSteps,
    binary_head,
    mean_probability,
    multiclass_head,
    quantile_head,
    regression_head,
)
from shared.builders.nhits import LinearInterpolation, nhits_forecaster
from shared.builders.numeric import PeriodicEmbedding, PiecewiseLinearEmbedding, quantile_edges, tree_edges
from shared.builders.sequence import AttentionPooling, PaddedGRU, PaddedLSTM, gru_encoder, lstm_encoder
from shared.builders.tabular import (
    EnsembleDense,
    EnsembleHead,
    MemberScale,
    tabm_encoder,
)
from shared.builders.tide import residual_block, tide_forecaster
from shared.builders.tsmixer import tsmixer_forecaster

__all__ = [
    "AttentionPooling",
    "CategoricalEmbedding",
    "CountParameters",
    "EnsembleDense",
    "EnsembleHead",
    "FeatureSlice",
    "LinearInterpolation",
    "MeanProbability",
    "MemberScale",
    "PaddedGRU",
    "PaddedLSTM",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "RisingSteps",
    "SpreadQuantiles",
    "StepMask",
    "binary_head",
    "dense_block",
    "dense_encoder",
    "embedding_dim",
    "forecast_inputs",
    "gru_encoder",
    "lstm_encoder",
    "lstm_forecaster",
    "mean_probability",
    "multiclass_head",
    "nhits_forecaster",
    "quantile_edges",
    "quantile_head",
    "regression_head",
    "residual_block",
    "tabm_encoder",
    "tide_forecaster",
    "tree_edges",
    "tsmixer_forecaster",
]
