"""Uncompiled Keras models and layers, on every Keras backend."""

from shared.quiet import quiet

with quiet():
    import keras  # noqa: F401  the first import is the noisy one

from shared.builders.augmentation import photo_augmentation
from shared.builders.class_activation import ClassMaps, class_activation_map
from shared.builders.dense import dense_block, dense_encoder
from shared.builders.draem import draem_inspector, draem_model, draem_trainer
from shared.builders.embeddings import CategoricalEmbedding, CategoryIndicators, embedding_dim
from shared.builders.evidence import (
    modalities_in,
    patient_inputs,
    random_convolution_features,
    table_columns,
    wide_and_deep,
)
from shared.builders.forecast_heads import CountParameters, SpreadQuantiles
from shared.builders.forecasting import FeatureSlice, StepMask, forecast_inputs, lstm_forecaster
from shared.builders.fusion import LateFusion, ModalityDropout, fused_network
from shared.builders.gaussian_patches import GaussianPatches
from shared.builders.good_only import HeatScale, PhotoScore, good_only_model, patch_reader, patch_scorer
from shared.builders.heads import (
    MeanProbability,
    RisingSteps,
    binary_head,
    mean_probability,
    multiclass_head,
    quantile_head,
    regression_head,
)
from shared.builders.image import (
    STRIDES,
    WeightsError,
    freeze,
    frozen_share,
    pretrained_image_encoder,
    residual_image_encoder,
    unfreeze_from,
)
from shared.builders.inspection import (
    DefectMap,
    MaskLoss,
    PhotoContrast,
    Standardise,
    StatisticsPooling,
    inspection_model,
    inspection_trainer,
)
from shared.builders.nhits import LinearInterpolation, nhits_forecaster
from shared.builders.numeric import PeriodicEmbedding, PiecewiseLinearEmbedding, quantile_edges, tree_edges
from shared.builders.patches import PatchFeatures, PatchMemory, nearest_positions, reweighted_score
from shared.builders.random_convolutions import RandomConvolutions
from shared.builders.rows import end_to_end, named_inputs, row_parts, vocabulary_embedding
from shared.builders.sequence import AttentionPooling, PaddedGRU, PaddedLSTM, gru_encoder, lstm_encoder
from shared.builders.signal_augmentation import (
    SignalNoise,
    SignalScale,
    SignalShift,
    SignalWarp,
    signal_augmentation,
)
from shared.builders.signals import HalveSteps, MaskedBatchNormalization, MeanMaxPooling, signal_encoder
from shared.builders.small_image import small_image_encoder
from shared.builders.tabular import (
    EnsembleDense,
    EnsembleHead,
    MemberScale,
    tabm_encoder,
)
from shared.builders.tide import residual_block, tide_forecaster
from shared.builders.tsmixer import tsmixer_forecaster
from shared.builders.unet import unet_decoder

__all__ = [
    "STRIDES",
    "AttentionPooling",
    "CategoricalEmbedding",
    "CategoryIndicators",
    "ClassMaps",
    "CountParameters",
    "DefectMap",
    "EnsembleDense",
    "EnsembleHead",
    "FeatureSlice",
    "GaussianPatches",
    "HalveSteps",
    "HeatScale",
    "LateFusion",
    "LinearInterpolation",
    "MaskLoss",
    "MaskedBatchNormalization",
    "MeanMaxPooling",
    "MeanProbability",
    "MemberScale",
    "ModalityDropout",
    "PaddedGRU",
    "PaddedLSTM",
    "PatchFeatures",
    "PatchMemory",
    "PeriodicEmbedding",
    "PhotoContrast",
    "PhotoScore",
    "PiecewiseLinearEmbedding",
    "RandomConvolutions",
    "RisingSteps",
    "SignalNoise",
    "SignalScale",
    "SignalShift",
    "SignalWarp",
    "SpreadQuantiles",
    "Standardise",
    "StatisticsPooling",
    "StepMask",
    "WeightsError",
    "binary_head",
    "class_activation_map",
    "dense_block",
    "dense_encoder",
    "draem_inspector",
    "draem_model",
    "draem_trainer",
    "embedding_dim",
    "end_to_end",
    "forecast_inputs",
    "freeze",
    "frozen_share",
    "fused_network",
    "good_only_model",
    "gru_encoder",
    "inspection_model",
    "inspection_trainer",
    "lstm_encoder",
    "lstm_forecaster",
    "mean_probability",
    "modalities_in",
    "multiclass_head",
    "named_inputs",
    "nearest_positions",
    "nhits_forecaster",
    "patch_reader",
    "patch_scorer",
    "patient_inputs",
    "photo_augmentation",
    "pretrained_image_encoder",
    "quantile_edges",
    "quantile_head",
    "random_convolution_features",
    "regression_head",
    "residual_block",
    "residual_image_encoder",
    "reweighted_score",
    "row_parts",
    "signal_augmentation",
    "signal_encoder",
    "small_image_encoder",
    "table_columns",
    "tabm_encoder",
    "tide_forecaster",
    "tree_edges",
    "tsmixer_forecaster",
    "unet_decoder",
    "unfreeze_from",
    "vocabulary_embedding",
    "wide_and_deep",
]
