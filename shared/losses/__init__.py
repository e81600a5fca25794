"""Losses that Keras lacks. All compute in float32; those of one answer a row read `(n,)` and `(n, 1)` alike."""

from shared.quiet import quiet

with quiet():
    import keras  # noqa: F401  the first import is the noisy one

from shared.losses.binary import CostWeightedBinaryCrossentropy, FocalFromLogits
from shared.losses.counts import NegativeBinomial, ZeroInflatedNegativeBinomial
from shared.losses.gamma import log_gamma
from shared.losses.quantile import HorizonPinball, Pinball
from shared.losses.wrapping import ClassBalanced, MemberLoss, class_balanced_weights

__all__ = [
    "ClassBalanced",
    "CostWeightedBinaryCrossentropy",
    "FocalFromLogits",
    "HorizonPinball",
    "MemberLoss",
    "NegativeBinomial",
    "Pinball",
    "ZeroInflatedNegativeBinomial",
    "class_balanced_weights",
    "log_gamma",
]
