"""How a labelled network learns: the head against scikit-learn, and what rests while the rest learns."""

import re
import runpy
from pathlib import Path

import keras
import numpy as np
import pytest

from shared import builders
from shared.fit_settings import History, Score
from shared.splits import Split
from shared.stages import Stages
from shared.training import photos as taught
from shared.training import predict
from verticals.manufacturing.defects.config import DefectConfig

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "inspection_example.py"))
inputs = EXAMPLE["inputs"]
CONFIG = DefectConfig(side=32, epochs=1, mask_epochs=0, batch_size=16, noise=0.0)


def small_model(classes):
    keras.utils.set_random_seed(0)
    encoder = builders.residual_image_encoder((32, 32, 1), units=16, depth=1, name="encoder")
    shapes = {key: output.shape[1:] for key, output in encoder.output.items()}
    decoder = builders.unet_decoder(shapes, classes=classes, units=8, name="decoder")
    return builders.inspection_model(encoder, decoder, classes=classes)


def softmax(logits):
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def parts(codes, seed=0):
    """Two thirds of each class train."""
    rng, valid = np.random.default_rng(seed), np.zeros(len(codes), bool)
    for code in np.unique(codes):
        rows = rng.permutation(np.flatnonzero(codes == code))
        valid[rows[: len(rows) // 3]] = True
    return np.flatnonzero(~valid), np.flatnonzero(valid)


# -- the head


@pytest.mark.parametrize("classes", [{"good": 12, "one": 12}, {"good": 12, "one": 9, "two": 9}])
def test_the_head_is_the_logistic_regression_of_scikit_learn(classes):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    photos, codes = inputs(**classes)
    model, (train, valid) = small_model(len(classes)), parts(codes)
    history = taught.fit_head(model, photos, codes, train, valid, CONFIG, Stages())
    strength = float(re.search(r"C = ([\d.]+)", history.notes[0]).group(1))

    reader = keras.Model(model.input, model.get_layer("standardise").input)
    squares = photos.take(train)["photo"]
    views = [squares, squares[:, :, ::-1], squares[:, ::-1], squares[:, ::-1, ::-1]]
    seen = np.concatenate([reader.predict(each, verbose=0) for each in views])
    found = {}
    for C in taught.STRENGTHS:
        regression = LogisticRegression(C=C, max_iter=500, class_weight="balanced")
        found[C] = make_pipeline(StandardScaler(), regression).fit(seen, np.tile(codes[train], 4))
    expected = found[strength].predict_proba(reader.predict(photos.take(valid)["photo"], verbose=0))
    mine = softmax(predict(model, photos, valid)["classes"])
    np.testing.assert_allclose(mine, expected, atol=0.01)
    assert np.array_equal(mine.argmax(axis=1), expected.argmax(axis=1))
    quality = taught.score_of(len(classes)).function(codes[valid], predict(model, photos, valid)["classes"])
    assert history.epochs[0]["valid_quality"] == pytest.approx(quality, abs=1e-6)


def test_a_class_without_a_training_photo_is_never_answered():
    photos, codes = inputs(good=12, one=9, two=6)
    model, (train, valid) = small_model(3), parts(codes)
    taught.fit_head(model, photos, codes, train[codes[train] != 1], valid, CONFIG, Stages())
    answered = predict(model, photos, np.arange(len(codes)))["classes"].argmax(axis=1)
    assert set(answered) <= {0, 2} and np.mean(answered[codes == 0] == 0) > 0.5


def test_so_many_views_are_learnt_from_as_flips_allow():
    square = np.arange(12).reshape(1, 3, 4, 1)

    def shown(**settings):
        return [
            view(square)[0, :, :, 0].tolist() for view in taught._views(CONFIG.model_copy(update=settings))
        ]

    plain = square[0, :, :, 0]
    whole = [plain, plain[:, ::-1], plain[::-1], plain[::-1, ::-1]]
    assert shown() == [each.tolist() for each in whole]
    assert shown(head_views=2) == [each.tolist() for each in whole[:2]]
    assert shown(flip_horizontal=False) == [plain.tolist(), plain[::-1].tolist()]
    assert shown(flip_horizontal=False, flip_vertical=False) == [plain.tolist()]


# -- scores


def test_macro_f1_is_that_of_scikit_learn():
    from sklearn.metrics import f1_score

    for seed in range(20):
        rng = np.random.default_rng(seed)
        y_true, y_pred = rng.integers(0, 4, (2, rng.integers(1, 30)))
        expected = f1_score(y_true, y_pred, average="macro")
        assert taught.macro_f1(y_true, y_pred) == pytest.approx(expected)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_score_is_of_defects_and_of_their_kinds_where_there_are_several(classes):
    from sklearn.metrics import average_precision_score, f1_score

    rng = np.random.default_rng(0)
    y_true, logits = rng.integers(0, classes, 60), rng.normal(size=(60, classes))
    expected = average_precision_score(y_true > 0, 1 - softmax(logits)[:, 0])
    if classes > 2:
        expected = (expected + f1_score(y_true, logits.argmax(axis=1), average="macro")) / 2
    assert taught.score_of(classes).function(y_true, logits) == pytest.approx(expected)


def test_extreme_logits_do_not_break_the_score():
    logits = np.array([[500.0, -500.0], [-500.0, 500.0], [400.0, -400.0]])
    assert taught.score_of(2).function(np.array([0, 1, 0]), logits) == 1.0


# -- what learns, and what rests


def test_what_is_taught_has_masks_and_one_class_each():
    photos, codes = inputs(good=2, one=3, drawn=False)
    given = taught.Taught(photos, codes, 2).take(np.array([0, 3]))
    assert given["truth"].tolist() == [[1, 0], [0, 1]]
    assert (given["mask"][0] == 0).all() and (given["mask"][1] == -1).all()


def test_while_masks_are_learnt_the_encoder_and_the_head_rest():
    photos, codes = inputs(good=8, one=8)
    model, (train, valid) = small_model(2), parts(codes)
    config = CONFIG.model_copy(update={"mask_epochs": 1, "brightness": 0.0, "exposure": 0.0, "jit": False})
    begun = {
        layer: [np.array(w) for w in model.get_layer(layer).get_weights()] for layer in ("encoder", "decoder")
    }
    history = taught.fit_inspection(
        model, photos, codes, Split("", train, valid, valid), config, pretrained=True
    )
    same = {
        layer: [
            np.array_equal(a, b) for a, b in zip(weights, model.get_layer(layer).get_weights(), strict=True)
        ]
        for layer, weights in begun.items()
    }
    assert all(same["encoder"]) and not all(same["decoder"])
    assert [entry["epoch"] for entry in history.epochs] == [1, 2] and history.notes[0].startswith("head:")
    assert np.isfinite(history.epochs[1]["loss"])


@pytest.mark.parametrize("after, kept", [(0.6, True), (0.5, False), (0.4, False)])
def test_tuning_is_kept_only_if_validation_gains_by_it(monkeypatch, after, kept):
    photos, codes = inputs(good=3, one=3)
    model, qualities = small_model(2), iter([0.5, after])

    def phase(name, model, *_):
        assert name == "tuning"
        model.set_weights([weights + 0.01 for weights in model.get_weights()])
        return History(epochs=[{"epoch": 1, "loss": 1.0, "seconds": 1.0}], best_epoch=1)

    monkeypatch.setattr(taught, "_phase", phase)
    monkeypatch.setattr(taught, "score_of", lambda classes: Score("quality", lambda *_: next(qualities)))
    before, rows = model.get_weights(), np.arange(6)
    history = taught._tuned(model, taught.Taught(photos, codes, 2), codes, rows, rows, CONFIG, None, Stages())
    shift = 0.01 if kept else 0.0
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_allclose(new, old + shift, atol=1e-6)
    assert bool(history.notes) is not kept and all("taken back" in note for note in history.notes)


def test_two_stretches_make_one_history():
    first = History(epochs=[{"epoch": 1}, {"epoch": 2}], best_epoch=2, notes=["a"])
    then = History(epochs=[{"epoch": 1}, {"epoch": 2}, {"epoch": 3}], best_epoch=1, notes=["b"])
    joined = taught._joined(first, then)
    assert [entry["epoch"] for entry in joined.epochs] == [1, 2, 3, 4, 5]
    assert joined.best_epoch == 3 and joined.notes == ["a", "b"]
