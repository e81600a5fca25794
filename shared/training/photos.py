"""How an inspection model learns from labelled photos: head, heatmap, and only then the encoder's upper blocks."""

import time
from collections.abc import Callable

import keras
import numpy as np

from shared import builders
from shared.classes import macro_f1
from shared.fit_settings import FitSettings, History, Score, progress
from shared.images.inputs import PhotoView
from shared.metrics import average_precision
from shared.stages import Stages
from shared.training.fitting import fit
from shared.training.prediction import predict

MOST_HEAD_PHOTOS = 20_000
STRENGTHS = (0.01, 0.1, 1.0)  # of the head: the inverse of its penalty, as scikit-learn's C


class Taught(PhotoView):
    """Photos with their masks and, for the mask loss, their classes.

    Args:
        photos: `shared.images.inputs.PhotoInputs`, with masks.
        codes: Class of each unit.
        classes: Number of classes.
    """

    def __init__(self, photos, codes: np.ndarray, classes: int):
        super().__init__(photos)
        self.truth = np.eye(classes, dtype=np.float32)[np.maximum(codes, 0)]

    def take(self, rows: np.ndarray):
        return {**self.photos.take(rows, masks=True), "truth": self.truth[rows]}


def score_of(classes: int) -> Score:
    """Average precision of "defect", and macro-F1 where there are several kinds of defects: their mean."""

    def function(y_true, logits):
        y_true, defect = np.asarray(y_true).reshape(-1), -_good_margin(logits)
        found = average_precision((y_true > 0).astype(float), defect)
        return found if classes == 2 else (found + macro_f1(y_true, logits.argmax(axis=1))) / 2

    return Score("quality", function)


def _good_margin(logits: np.ndarray) -> np.ndarray:
    """Log odds of the first class."""
    highest = logits.max(axis=1, keepdims=True)
    odds = np.exp(logits - highest)
    return np.log(odds[:, 0] + 1e-30) - np.log(odds[:, 1:].sum(axis=1) + 1e-30)


def fit_inspection(
    model: keras.Model,
    photos,
    codes,
    split,
    config,
    *,
    pretrained: bool,
    folder=None,
    stages: Stages | None = None,
) -> History:
    """Trains a model of `builders.inspection_model`.

    On a pretrained encoder the head comes first: a logistic regression on frozen statistics, which has one
    optimum and needs each photo a few times only. Then the decoder learns the masks, the encoder at rest. At
    last, if `tuning_epochs` asks for it, the upper blocks are tuned, and kept only if they validate better: on
    magnetic tiles they did not (quality .969 against .978 of the head alone). Without pretrained weights all
    learn together.

    Args:
        photos: `shared.images.inputs.PhotoInputs` of all rows.
        codes: Class of each row, the good class 0.
        split: Rows that train and validate.
        config: A solution's settings, with those of images and of training.
        pretrained: Whether the encoder knows anything yet.
    """
    stages, classes = stages or Stages(), model.output["classes"].shape[-1]
    train, valid = photos.units_of(split.train), photos.units_of(split.valid)
    codes = photos.unit_codes(codes)
    taught = Taught(photos, codes, classes)
    if not pretrained:
        return _phase("all", model, taught, codes, train, valid, config, folder, stages)
    history = fit_head(model, photos, codes, train, valid, config, stages)
    if config.mask_epochs and config.mask_weight:
        history = _joined(
            history, _phase("masks", model, taught, codes, train, valid, config, folder, stages)
        )
    if config.tuning_epochs:
        history = _joined(history, _tuned(model, taught, codes, train, valid, config, folder, stages))
    return history


def fit_head(model, photos, codes, train, valid, config, stages: Stages) -> History:
    """The class head by logistic regression on the statistics of each training photo and its flips."""
    from sklearn.linear_model import LogisticRegression

    begun = time.perf_counter()
    standardise, dense = model.get_layer("standardise"), model.get_layer("classes")
    pooled = keras.Model(model.input, standardise.input)
    if len(train) > MOST_HEAD_PHOTOS:
        train = np.sort(np.random.default_rng(config.seed).choice(train, MOST_HEAD_PHOTOS, replace=False))
    views = _views(config)
    seen = np.concatenate([predict(pooled, _Flipped(photos, view), train) for view in views])
    standardise.adapt(seen)
    rest, function = predict(pooled, photos, valid), score_of(dense.units).function
    mean, spread = (keras.ops.convert_to_numpy(each) for each in (standardise.mean, standardise.spread))
    truth, best = np.tile(codes[train], len(views)), None
    for strength in STRENGTHS:
        regression = LogisticRegression(C=strength, max_iter=200, class_weight="balanced")
        regression.fit((seen - mean) / spread, truth)
        kernel, bias = _columns(regression, dense.units)
        quality = function(codes[valid], (rest - mean) / spread @ kernel + bias)
        stages.say(f"head  strength {strength:g}  valid_quality {quality:.4f}")
        if best is None or quality > best[0]:
            best = quality, strength, kernel, bias
    dense.set_weights(list(best[2:]))
    seconds = time.perf_counter() - begun
    entry = {"epoch": 1, "loss": 0.0, "valid_quality": best[0], "seconds": seconds}
    note = f"head: logistic regression on {len(truth):,} views of {len(train):,} photos, C = {best[1]:g}"
    history = History(epochs=[entry], best_epoch=1, score="valid_quality", notes=[note])
    history.examples_per_second = len(truth) / seconds
    return history


def _columns(regression, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias with a column for each class; one without a training photo is never answered."""
    weights, bias = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.r_[0.0, bias]
    kernel, biases = np.zeros((weights.shape[1], classes)), np.full(classes, -30.0)
    kernel[:, regression.classes_], biases[regression.classes_] = weights.T, bias
    return kernel.astype(np.float32), biases.astype(np.float32)


def _views(config) -> list[Callable[[np.ndarray], np.ndarray]]:
    flips: list[Callable] = [lambda photo: photo]
    if config.flip_horizontal:
        flips.append(lambda photo: photo[:, :, ::-1])
    if config.flip_vertical:
        flips.append(lambda photo: photo[:, ::-1])
    if config.flip_horizontal and config.flip_vertical:
        flips.append(lambda photo: photo[:, ::-1, ::-1])
    return flips[: config.head_views]


class _Flipped(PhotoView):
    def __init__(self, photos, flip):
        super().__init__(photos)
        self.flip = flip

    def take(self, rows):
        return {"photo": np.ascontiguousarray(self.flip(self.photos.take(rows)["photo"]))}


def _phase(name, model, taught, codes, train, valid, config, folder, stages) -> History:
    """One stretch of training: `masks` the decoder alone, `tuning` the upper blocks, `all` everything."""
    encoder, head = model.get_layer("encoder"), ("standardise", "classes")
    if name != "all":
        builders.freeze(encoder)
        if name == "tuning":
            builders.unfreeze_from(encoder, config.tuning_share)
        for layer in head:
            model.get_layer(layer).trainable = name == "tuning"
    update = {
        "masks": {"epochs": config.mask_epochs, "learning_rate": config.mask_rate, "class_weight": "none"},
        "tuning": {"epochs": config.tuning_epochs, "learning_rate": config.tuning_rate},
        "all": {},
    }[name]
    settings = FitSettings(
        **{key: getattr(config, key) for key in FitSettings.model_fields}
        | {"class_weight": "balanced"}
        | update
    )
    augment = builders.photo_augmentation(
        flip_horizontal=config.flip_horizontal, flip_vertical=config.flip_vertical,
        quarter_turns=config.quarter_turns, rotation=config.rotation, zoom=config.zoom, shift=config.shift,
        brightness=config.brightness, contrast=config.exposure, noise=config.noise, seed=config.seed,
    )  # fmt: skip
    # Tuning hears of classes only: the masks of a few hundred photos pulled the encoder away from them.
    weight = 0.0 if name == "tuning" else config.mask_weight
    trainer = builders.inspection_trainer(model, augment, mask_weight=weight)
    quality, learns = score_of(model.output["classes"].shape[-1]), name != "masks"
    return fit(
        trainer, taught, codes, train=train, valid=valid if learns else valid[:0],
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), settings=settings,
        score=quality if learns else None,  # where the head rests, nothing that validation sees can change
        folder=None if folder is None else folder.with_name(f"{folder.name}-{name}"),
        on_epoch=lambda epoch, epochs, logs: stages.say(f"{name}  {progress(epoch, epochs, logs)}"),
    )  # fmt: skip


def _tuned(model, taught, codes, train, valid, config, folder, stages) -> History:
    """The upper blocks at a low rate; taken back if the validation photos do not gain by it."""
    function = score_of(model.output["classes"].shape[-1]).function
    before = [np.array(value) for value in model.get_weights()]
    quality = function(codes[valid], predict(model, taught.photos, valid)["classes"])
    history = _phase("tuning", model, taught, codes, train, valid, config, folder, stages)
    after = function(codes[valid], predict(model, taught.photos, valid)["classes"])
    if after <= quality:
        model.set_weights(before)
        history.notes.append(f"tuning was taken back: valid_quality {after:.4f}, before it {quality:.4f}")
    return history


def _joined(first: History, then: History) -> History:
    """One history of two stretches, the epochs counted on."""
    last = len(first.epochs)
    then.epochs = first.epochs + [entry | {"epoch": entry["epoch"] + last} for entry in then.epochs]
    then.best_epoch += last
    then.notes = first.notes + then.notes
    return then
