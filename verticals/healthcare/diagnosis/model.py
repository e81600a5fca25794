"""The network of `healthcare.diagnosis`: what each modality says for each class, added up as evidence."""

from collections.abc import Sequence
from typing import Any

import keras

from shared import builders
from shared.patients.inputs import PatientInputs

from .config import DiagnosisConfig


def build(inputs: PatientInputs, state: dict[str, Any], config: DiagnosisConfig, prior: Sequence[float]):
    """The network, not compiled.

    Args:
        inputs: Their shapes tell which modalities there are.
        state: What was learnt from the training rows: vocabularies.
        prior: Share of each class in the training rows; the network starts from it.
    Output shape: `(batch, members, classes)`, logits.
    """
    given, classes, evidence = builders.patient_inputs(inputs), len(prior), []
    modalities = builders.modalities_in(given)
    if "table" in modalities:
        columns = builders.table_columns(given, state["categories"])
        evidence.append(table_evidence(columns, classes, config))
    if "photo" in modalities:
        alone = modalities == ["photo"]
        evidence.append(photo_evidence(given["photo"], classes, config, alone=alone))
    if "signal" in modalities:
        evidence.append(signal_evidence(given["signal"], classes, config))
    dropout = config.modality_dropout
    return builders.fused_network(given, evidence, prior=prior, modality_dropout=dropout, name="diagnosis")


def table_evidence(columns, classes: int, config: DiagnosisConfig):
    """A logistic regression, and what TabM adds to it."""
    encoder = builders.tabm_encoder(
        (columns.shape[-1],),
        units=config.units,
        depth=config.depth,
        members=config.members,
        dropout=config.dropout,
    )
    deep = encoder(keras.layers.Dropout(config.input_dropout, name="columns_dropout")(columns))
    return builders.wide_and_deep(columns, deep, classes, modality="table")


def photo_evidence(photo, classes: int, config: DiagnosisConfig, *, alone: bool):
    """The mean of what each place of the photo says."""
    x = photo
    for change in photo_changes(config):
        x = change(x)
    x = photo_encoder(x, config)
    x = keras.layers.SpatialDropout2D(config.photo_dropout, name="map_dropout")(x)
    start = "glorot_uniform" if alone else "zeros"  # others speak first, and a photo adds to it
    maps = builders.ClassMaps(classes, use_bias=False, kernel_initializer=start, name="class_maps")
    return maps(x)["logits"]


def photo_encoder(photo, config: DiagnosisConfig):
    """The last maps of `config.backbone`; a network that learns from nothing is smaller for small photos."""
    shape, sizes = photo.shape[1:], {"units": config.photo_units, "depth": config.photo_depth}
    if config.backbone != "residual":
        weights = None if config.weights == "none" else config.weights
        encoder = builders.pretrained_image_encoder(config.backbone, shape, weights=weights)
        builders.freeze(encoder)
        return encoder(photo)["stride32"]
    if min(shape[:2]) <= 64:
        return builders.small_image_encoder(shape, **sizes)(photo)
    return builders.residual_image_encoder(shape, **sizes)(photo)["stride16"]


def photo_changes(config: DiagnosisConfig, *, seed: int | None = None) -> list[keras.layers.Layer]:
    """How another machine or another hand might have taken a photo, in training and for calibration."""
    strength = config.photo_changes
    if not strength:
        return []
    return builders.photo_augmentation(
        flip_horizontal=config.mirror,
        flip_vertical=False,
        rotation=10.0 * strength,
        zoom=0.1 * strength,
        shift=0.08 * strength,
        brightness=20.0 * strength,
        contrast=0.3 * strength,
        noise=4.0 * strength,
        seed=seed,
    )


def signal_evidence(signal, classes: int, config: DiagnosisConfig):
    """A logistic regression on random convolutions, and what trained ones with an LSTM add to it."""
    x = signal
    if config.augment_signals:
        for change in builders.signal_augmentation(scale=0.1, noise=0.05, shift=0.03, warp=0.05):
            x = change(x)
    encoder = builders.signal_encoder(
        signal.shape[1:],
        units=config.signal_units,
        depth=config.signal_depth,
        kernel=config.kernel,
        lstm_units=config.lstm_units,
    )
    deep = keras.layers.Dropout(config.signal_dropout, name="signal_dropout")(encoder(x))
    kernels = config.random_kernels
    wide = builders.random_convolution_features(signal, kernels) if kernels else None
    return builders.wide_and_deep(wide, deep, classes, modality="signal")
