"""Uncompiled Keras models and layers, on every Keras backend."""

from shared.builders.dense import dense_block, dense_encoder
from shared.builders.embeddings import CategoricalEmbedding, embedding_dim
from shared.builders.heads import (
    MeanProbability,
    RisingSteps,
    binary_head,
    mean_probability,
    multiclass_head,
    quantile_head,
    regression_head,
)
from shared.builders.numeric import PeriodicEmbedding, PiecewiseLinearEmbedding, quantile_edges, tree_edges
from shared.builders.sequence import AttentionPooling, PaddedGRU, PaddedLSTM, gru_encoder, lstm_encoder
from shared.builders.tabular import (
    EnsembleDense,
    EnsembleHead,
    MemberScale,
    tabm_encoder,
)

__all__ = [
    "AttentionPooling",
    "CategoricalEmbedding",
    "EnsembleDense",
    "EnsembleHead",
    "MeanProbability",
    "MemberScale",
    "PaddedGRU",
    "PaddedLSTM",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "RisingSteps",
    "binary_head",
    "dense_block",
    "dense_encoder",
    "embedding_dim",
    "gru_encoder",
    "lstm_encoder",
    "mean_probability",
    "multiclass_head",
    "quantile_edges",
    "quantile_head",
    "regression_head",
    "tabm_encoder",
    "tree_edges",
]
