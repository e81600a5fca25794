"""The network of `healthcare.diagnosis`: what each modality says for each class, added up as evidence."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from shared import builders, training
from shared.inputs import Arrays, Inputs
from shared.patients.inputs import PatientInputs

from .config import DiagnosisConfig

LINEAR = {"table": "linear_table", "signal": "linear_signal"}  # layers that start from a logistic regression
MAPS = "class_maps"
SCALE = "random_convolutions_scaled"
MOST_CELLS = 200_000  # steps times random convolutions of one signal, so that memory lasts
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # C of the logistic regression that is started from


def build(inputs: PatientInputs, state: dict[str, Any], config: DiagnosisConfig, prior: Sequence[float]):
    """The network, not compiled.

    Args:
        inputs: Their shapes tell which modalities there are.
        state: What was learnt from the training rows: vocabularies.
        prior: Share of each class in the training rows; the network starts from it.
    Output shape: `(batch, members, classes)`, logits.
    """
    classes, given = len(prior), {}
    for name, array in inputs.take(np.arange(1)).items():
        kind = "int32" if name == "category" else array.dtype.name
        given[name] = keras.Input(array.shape[1:], name=name, dtype=kind)
    evidence, there = [], _modalities(given)
    if "table" in there:
        evidence.append(_of_table(given, state, classes, config))
    if "photo" in there:
        start = "zeros" if len(there) > 1 else "glorot_uniform"  # others speak first, and a photo adds to it
        evidence.append(_of_photo(given["photo"], classes, config, start))
    if "signal" in there:
        evidence.append(_of_signal(given["signal"], classes, config))
    presence = given["presence"]
    if len(evidence) > 1 and config.modality_dropout:
        presence = builders.ModalityDropout(config.modality_dropout, name="modality_dropout")(presence)
    logits = builders.LateFusion(classes, prior=prior, name="fusion")(evidence, presence)
    if len(logits.shape) == 2:
        logits = keras.layers.Reshape((1, classes), name="one_member")(logits)
    return keras.Model(given, logits, name="diagnosis")


def _modalities(names) -> list[str]:
    """What a network with these inputs reads, in the order of `presence`."""
    found = {
        "table": "number" in names or "category" in names,
        "photo": "photo" in names,
        "signal": "signal" in names,
    }
    return [name for name, there in found.items() if there]


def _of_table(given, state, classes: int, config: DiagnosisConfig):
    """A linear answer, and what TabM adds to it; the latter starts from nothing."""
    parts = [given["number"]] if "number" in given else []
    if "category" in given:
        sizes = [len(vocabulary) for vocabulary in state["categories"].values()]
        parts.append(builders.CategoryIndicators(sizes, name="indicators")(given["category"]))
    x = keras.layers.Concatenate(name="columns")(parts) if len(parts) > 1 else parts[0]
    linear = _linear(x, classes, "table")
    encoder = builders.tabm_encoder(
        (x.shape[-1],),
        units=config.units,
        depth=config.depth,
        members=config.members,
        dropout=config.dropout,
    )
    deep = encoder(keras.layers.Dropout(config.input_dropout, name="columns_dropout")(x))
    deep = keras.layers.Dense(classes, kernel_initializer="zeros", use_bias=False, name="deep_evidence")(deep)
    linear = keras.layers.Reshape((1, classes), name="linear_for_all")(linear)
    return keras.layers.Add(name="table_evidence")([deep, linear])


def _linear(x, classes: int, modality: str):
    """What a logistic regression says; see `start_from_logistic_regression`."""
    x = keras.layers.Identity(name=f"{modality}_read")(x)
    return keras.layers.Dense(classes, kernel_initializer="zeros", use_bias=False, name=LINEAR[modality])(x)


def _of_photo(photo, classes: int, config: DiagnosisConfig, start: str):
    x, (height, width) = photo, photo.shape[1:3]
    for change in _photo_changes(config):
        x = change(x)
    encode = {"units": config.photo_units, "depth": config.photo_depth}
    if config.backbone != "residual":
        weights = None if config.weights == "none" else config.weights
        encoder = builders.pretrained_image_encoder(config.backbone, photo.shape[1:], weights=weights)
        builders.freeze(encoder)
        x = encoder(x)["stride32"]
    elif min(height, width) <= 64:
        x = builders.small_image_encoder(photo.shape[1:], **encode)(x)
    else:
        x = builders.residual_image_encoder(photo.shape[1:], **encode)(x)["stride16"]
    x = keras.layers.SpatialDropout2D(config.photo_dropout, name="map_dropout")(x)
    maps = builders.ClassMaps(classes, use_bias=False, kernel_initializer=start, name=MAPS)
    return maps(x)["logits"]


def _photo_changes(config: DiagnosisConfig, seed: int | None = None) -> list[keras.layers.Layer]:
    """How another machine or another hand might have taken a photo."""
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


def changed_photos(arrays: Arrays, config: DiagnosisConfig, *, seed: int) -> Arrays:
    """A batch with each photo changed once, as in training, for calibration; the same again with one seed."""
    x = arrays["photo"]
    for change in _photo_changes(config, seed):
        x = change(x, training=True)
    return arrays | {"photo": np.asarray(keras.ops.convert_to_numpy(x), arrays["photo"].dtype)}


def _of_signal(signal, classes: int, config: DiagnosisConfig):
    x = signal
    if config.augment_signals:
        for change in builders.signal_augmentation(scale=0.1, noise=0.05, shift=0.03, warp=0.05):
            x = change(x)
    x = builders.signal_encoder(
        signal.shape[1:],
        units=config.signal_units,
        depth=config.signal_depth,
        kernel=config.kernel,
        lstm_units=config.lstm_units,
    )(x)
    x = keras.layers.Dropout(config.signal_dropout, name="signal_dropout")(x)
    deep = keras.layers.Dense(
        classes, kernel_initializer="zeros", use_bias=False, name="deep_signal_evidence"
    )(x)
    if not config.random_kernels:
        return deep
    kernels = min(config.random_kernels, max(100, MOST_CELLS // signal.shape[1]))
    plain = builders.RandomConvolutions(kernels, name="random_convolutions")(signal)
    plain = builders.Standardise(name=SCALE)(plain)
    return keras.layers.Add(name="signal_evidence")([deep, _linear(plain, classes, "signal")])


def start_from_logistic_regression(model, inputs: PatientInputs, code, rows, held) -> bool:
    """Puts the best logistic regression of table and signal into the linear parts, and freezes them.

    On a few hundred rows that is rarely beaten; so the network begins where it stands, and what learns on top moves
    the answer only as far as the rows held out reward it.

    Args:
        code: Class of each row.
        rows, held: Rows to fit on, and those that choose the strength of the penalty.
    Returns:
        Whether there was a linear part.
    """
    there = {name: model.get_layer(layer) for name, layer in LINEAR.items() if _has(model, layer)}
    if not there:
        return False
    both = np.concatenate([rows, held])
    presence = dict(zip(_modalities(model.input), inputs.arrays["presence"].T))
    if "signal" in there:
        there_are = rows[presence["signal"][rows] > 0]  # a signal that is missing teaches nothing
        model.get_layer(SCALE).adapt(_read(model, "random_convolutions", inputs, there_are))
    # What is missing adds nothing to the answer, so it adds nothing here.
    views = [_read(model, f"{name}_read", inputs, both) * presence[name][both, None] for name in there]
    classes = model.get_layer("fusion").classes
    x, order = np.concatenate(views, axis=1), np.arange(len(both))
    slopes, bias = _logistic_regression(x, code[both], order[: len(rows)], order[len(rows) :], classes)
    start = 0
    for layer, view in zip(there.values(), views):
        layer.set_weights([slopes[start : start + view.shape[1]]])
        layer.trainable = False
        start += view.shape[1]
    model.get_layer("fusion").set_weights([bias])
    return True


def _has(model, name: str) -> bool:
    return name in [layer.name for layer in model.layers]


def _read(model, layer: str, inputs: PatientInputs, rows: np.ndarray) -> np.ndarray:
    """What a layer before the linear parts makes of `rows`."""
    names = ("number", "category") if layer.startswith("table") else ("signal",)
    given = {name: each for name, each in model.input.items() if name in names}
    reader = keras.Model(given, model.get_layer(layer).output)
    arrays = Inputs({name: inputs.arrays[name] for name in given})
    return training.predict(reader, arrays, rows, batch_size=8192 if "signal" not in given else 256)


def _logistic_regression(x, code, rows, held, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Slopes `(columns, classes)` and biases `(classes,)` of the strength that the rows held out find best."""
    from sklearn.linear_model import LogisticRegression

    present = np.unique(code[rows])
    inside = held[np.isin(code[held], present)]
    place, columns, turn = np.searchsorted(present, code[inside]), x.shape[1], None
    if x.shape[1] > len(rows):  # no direction that the rows do not span gets a slope
        turn = np.linalg.svd(x[rows], full_matrices=False)[2].T
        x = x @ turn

    def loss(fitted) -> float:
        p = fitted.predict_proba(x[inside])[np.arange(len(inside)), place]
        return float(-np.log(np.maximum(p, 1e-9)).sum())

    tried = [LogisticRegression(C=each, max_iter=1000).fit(x[rows], code[rows]) for each in STRENGTHS]
    best = min(tried, key=loss)
    found = best.coef_ if turn is None else best.coef_ @ turn.T
    slopes = np.zeros((columns, classes), np.float32)
    odds = best.decision_function(x[rows]).reshape(len(rows), -1)
    level = np.median(np.log(np.exp(odds).sum(axis=1)))
    bias = np.full(classes, level + np.log(0.5 / len(rows)), np.float32)  # a class that they lack: half a row
    if len(present) == 2:
        slopes[:, present] = np.stack([-found[0], found[0]], axis=1) / 2
        bias[present] = np.r_[-1, 1] * best.intercept_[0] / 2
    else:
        slopes[:, present], bias[present] = found.T, best.intercept_
    return slopes, bias


def class_maps(model, inputs: PatientInputs, rows: np.ndarray) -> np.ndarray | None:
    """The class maps of each photo of `rows`, the mean over the networks: Grad-CAM before its ReLU.

    Output shape: `(rows, height, width, classes)`; None where the network reads no photos.
    """
    networks = [layer for layer in model.layers if isinstance(layer, keras.Model) and "network" in layer.name]
    found = []
    for network in networks or [model]:
        if MAPS not in [layer.name for layer in network.layers]:
            return None
        outputs = keras.tree.flatten(network.get_layer(MAPS).output)  # Keras keeps a dictionary as a list
        maps = next(each for each in outputs if len(each.shape) == 4)
        reader = keras.Model({"photo": network.input["photo"]}, maps)
        found.append(training.predict(reader, Inputs({"photo": inputs.take(rows)["photo"]})))
    return np.mean(found, axis=0)
