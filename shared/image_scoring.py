"""Test photos of all folds: what the model and every rival say of them, and how well the heatmaps fit the masks."""

import time
from dataclasses import dataclass, field

import numpy as np

from shared.binary import Prepared
from shared.calibration import calibrated
from shared.images.metrics import PixelCurve
from shared.images.rivals import fit_good_only_rivals, fit_image_rivals
from shared.images.statistics import hog_features, image_statistics
from shared.imaging import ImagePipeline
from shared.scoring import Scored
from shared.splits import Split
from shared.stages import Stages


@dataclass
class Photographed(Scored):
    """As `Scored`, with the classes and the heatmaps.

    Args:
        probability: Of each class, `(rows, classes)`, by model.
        pixels: Curve over the pixels of all photos whose mask is known.
        views: What the rivals read of every photo, taken once for all folds.
    """

    probability: dict[str, list[np.ndarray]] = field(default_factory=dict)
    pixels: PixelCurve = field(default_factory=PixelCurve)
    masked: int = 0
    views: dict[str, np.ndarray] = field(default_factory=dict)


def score_photos(
    fitted: ImagePipeline, prepared: Prepared, split: Split, number: int, scored: Photographed, stages: Stages
) -> None:
    """Answers of the model to the test photos, and of each rival that was fitted on the same ones."""
    score_loaded_photos(fitted, prepared, split, number, scored, stages)
    with stages("rivals"):
        if not scored.views:
            scored.views = _views(fitted, prepared, stages)
        score = _labelled_rivals if fitted.state["mode"] == "labelled" else _good_only_rivals
        score(fitted, prepared, split, scored, stages)


def score_loaded_photos(
    fitted: ImagePipeline, prepared: Prepared, split: Split, number: int, scored: Photographed, stages: Stages
) -> None:
    """Answers of the model alone, and its heatmaps against the masks."""
    scored.rows.append(split.test)
    scored.fold.append(np.full(len(split.test), number))
    photos = prepared.inputs
    with stages("score"):
        begun, found = time.perf_counter(), []
        for start in range(0, len(split.test), 256):
            rows = split.test[start : start + 256]
            answers = fitted.outputs(photos, rows)
            found.append((answers["score"].astype(np.float64), answers.get("probability")))
            for row, heat in zip(rows, answers["heatmap"], strict=True):
                mask = photos.mask(row)
                if mask is not None:
                    scored.pixels.add(mask, photos.whole(row, heat))
                    scored.masked += 1
        seconds = time.perf_counter() - begun
        raw = fitted.decode(np.concatenate([score for score, _ in found]))
        spent = sum(entry["seconds"] for entry in fitted.history.epochs)
        scored.time("model", fit=spent, score=seconds, rows=len(raw))
        scored.add("model", fitted.calibrator(raw), fitted.thresholds)
        if found[0][1] is not None:
            scored.probability.setdefault("model", []).append(np.concatenate([each for _, each in found]))


def _views(fitted: ImagePipeline, prepared: Prepared, stages: Stages) -> dict[str, np.ndarray]:
    """What the rivals read of each photo: gradients, simple statistics, the mean of a frozen encoder's last map."""
    photos, rows = prepared.inputs, np.arange(len(prepared.table))
    views: dict[str, list] = {"hog": [], "statistics": []}
    for start in range(0, len(rows), 256):
        stages.say(f"photos {start:,} of {len(rows):,}")
        for square in photos.take(photos.first_units(rows[start : start + 256]))["photo"]:
            views["hog"].append(hog_features(square))
            views["statistics"].append(image_statistics(square)[1])
    found = {name: np.stack(values).astype(np.float32) for name, values in views.items()}
    backbone = fitted.frozen_features(photos, photos.first_units(rows))
    return found if backbone is None else found | {"backbone": backbone}


def _labelled_rivals(fitted, prepared, split, scored, stages) -> None:
    table, config = prepared.table, fitted.config
    codes, label = fitted.codes(table), fitted.label(table)
    rivals = fit_image_rivals(
        scored.views, codes, good=0, train=split.train, valid=split.valid, seed=config.seed,
        on_fitted=stages.say,
    )  # fmt: skip
    for name, rival in rivals.items():
        begun = time.perf_counter()
        found = rival.probability(split.test)
        seconds = time.perf_counter() - begun
        scored.time(name, fit=rival.fit_seconds, score=seconds, rows=len(found))
        valid = 1.0 - rival.probability(split.valid)[:, 0]
        calibrator = calibrated(label[split.valid], np.clip(valid, 0, 1), config.calibration)
        thresholds = fitted.decide(table, split.valid, calibrator(np.clip(valid, 0, 1)))
        scored.add(name, calibrator(np.clip(1.0 - found[:, 0], 0, 1)), thresholds)
        scored.probability.setdefault(name, []).append(found)


def _good_only_rivals(fitted, prepared, split, scored, stages) -> None:
    table = prepared.table
    for name, score in fit_good_only_rivals(scored.views, train=split.train, seed=fitted.config.seed).items():
        stages.say(name)
        valid, test = (_ranked(score(split.valid), score(rows)) for rows in (split.valid, split.test))
        scored.add(name, test, fitted.decide(table, split.valid, valid))


def _ranked(reference: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Scores onto (0, 1), one half at the middle of good photos: rivals' scales differ."""
    middle, spread = np.median(reference), np.std(reference) + 1e-12
    return 0.5 + np.arctan((scores - middle) / spread) / np.pi
