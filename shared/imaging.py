"""`ImagePipeline`: each photo gets a class, the probability of a defect, a decision and a heatmap.

It is a `BinaryPipeline` whose rows are photos: calibration, thresholds, intervals and verdict are those of any
defect-or-not question. What it adds is the road from files to answers, in two modes.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shared.binary import BinaryPipeline, Prepared
from shared.calibration import Identity, calibrated
from shared.contract import Table
from shared.errors import ContractError, Fault
from shared.fit_settings import History
from shared.history import group_codes
from shared.images.checking import check_photos
from shared.images.inputs import PhotoInputs
from shared.images.labels import class_faults
from shared.images.listing import read_photos
from shared.images.outputs import likeliest, with_scores, within_one
from shared.images.overlays import write_overlay
from shared.images.parts import given_split, good_only_split, part_of, split_faults
from shared.images.photo import Photo
from shared.images.store import FolderStore
from shared.images.thresholds import Inspection, few_good, inspection_thresholds
from shared.split_settings import make_splits
from shared.splits import Split
from shared.stages import Stages

CHUNK = 512  # photos whose heatmaps are in memory at once


class ImagePipeline(BinaryPipeline):
    """One solution on photos, from a folder, a zip or a manifest to accept / look again / reject.

    A solution gives the class attributes, `build` and `detector`; the table's roles are `image`, and as far as
    they are there `label`, `mask`, `split`, `part`, `time`, `line`.
    """

    primary: ClassVar[str] = "average_precision"
    further: ClassVar[bool] = False

    # -- hooks

    def build(self, shape: tuple[int, int, int], classes: int, dtype: str):
        """The network of the labelled mode, not compiled, and whether its encoder is pretrained."""
        raise NotImplementedError

    def detector(self, shape: tuple[int, int, int], dtype: str):
        """What finds defects in the good-only mode: of `shared.training.detectors`."""
        raise NotImplementedError

    # -- reading and checking

    @classmethod
    def read(cls, path, format=None, *, predict=False):
        return read_photos(path, format)

    def check(self, raw, *, predict: bool = False, earlier=None, later=None) -> Table:
        """The table, with every photo of it opened once: whatever cannot be read is named, all at once."""
        table = super().check(raw, predict=predict, later=later)
        stores = [getattr(raw, "store", None), getattr(later, "store", None)]
        photos = self._photos(table, [store or FolderStore(Path()) for store in stores], predict)
        manifest = None if getattr(raw, "listed", False) else table.mapping.column("image")
        checked = check_photos(
            photos,
            most_pixels=int(self.config.most_megapixels * 1e6),
            good=self.good_name(table),
            workers=self.config.workers,
            column=manifest,
        )
        faults = list(checked.faults)
        if not predict:
            given = [photo.split for photo in photos]
            faults += split_faults(given, [photo.row for photo in photos], table.mapping.column("split"))
            faults += [*self._class_faults(table), *self._weights_faults()]
        if faults:
            raise ContractError(f"{table.source} does not fit `{self.name}`", faults)
        table.notes.extend(checked.notes)
        return replace(table, photos=(photos, checked.facts))

    def _photos(self, table: Table, stores: list, predict: bool) -> list[Photo]:
        own = len(table) if table.own is None else table.own
        columns = {
            name: table.frame[name].astype(object).to_numpy() if name in table.frame else None
            for name in ("image", "label", "mask", "split")
        }

        def cell(name: str, row: int) -> str | None:
            value = None if columns[name] is None else columns[name][row]
            return None if value is None or pd.isna(value) or value == "" else str(value)

        return [
            Photo(
                row=int(table.rows[row]),
                store=stores[0] if row < own else stores[1],
                name=str(columns["image"][row]),
                label=None if predict else cell("label", row),
                mask=None if predict else cell("mask", row),
                split="test" if table.tested and row >= own else part_of(cell("split", row)),
            )
            for row in range(len(table))
        ]

    def good_name(self, table: Table) -> str | None:
        """The name of the good class in this table."""
        if self.state is not None:
            return self.state["classes"][0]
        present = set(_texts(table.frame.get("label")))
        return next((name for name in self.config.good if name in present), None)

    def _class_faults(self, table: Table) -> list[Fault]:
        """What keeps the chosen mode from learning of these classes."""
        names, counts = np.unique(_texts(table.frame.get("label")), return_counts=True)
        found = dict(zip(names.tolist(), counts.tolist()))
        lacking = found.pop("", 0)
        if lacking and found:
            table.notes.append(f"photos without a class, which neither teach nor judge: {lacking:,}")
        if self.config.mode == "auto" and len(found) == 1:
            table.notes.append(
                "all photos are of one class: mode good_only, which learns from good parts alone"
            )
        return class_faults(
            found,
            good=self.good_name(table),
            names=self.config.good,
            mode=self.mode(table),
            fewest=self.config.fewest,
        )

    def _weights_faults(self) -> list[Fault]:
        weights = self.config.weights
        if weights in ("auto", "imagenet", "none") or Path(weights).expanduser().is_file():
            return []
        text = f"`weights`: there is no file `{weights}`. Expected auto, imagenet, none or a .weights.h5"
        return [Fault(text=text)]

    def mode(self, table: Table) -> str:
        """`labelled` or `good_only`, as set or by the classes of the table."""
        if self.state is not None:
            return self.state["mode"]
        if self.config.mode != "auto":
            return self.config.mode
        return "labelled" if len(set(_texts(table.frame.get("label"))) - {""}) > 1 else "good_only"

    # -- classes and parts

    def classes(self, table: Table) -> list[str]:
        """The good class first, then the others by name."""
        if self.state is not None:
            return self.state["classes"]
        good = self.good_name(table)
        return [good, *sorted(set(_texts(table.frame.get("label"))) - {good, ""})]

    def codes(self, table: Table) -> np.ndarray:
        """Place of each photo's class in `classes`; -1: not known, or a class that was not learnt."""
        places = {name: place for place, name in enumerate(self.classes(table))}
        return np.array(
            [places.get(name, -1) for name in _texts(table.frame.get("label"), len(table))], np.int64
        )

    def label(self, table: Table) -> np.ndarray:
        """1 for a defect, 0 for good, NaN where it is not known."""
        names = np.array(_texts(table.frame.get("label"), len(table)), object)
        return np.where(names == "", np.nan, names != self.classes(table)[0])

    def groups(self, table: Table) -> np.ndarray | None:
        return group_codes(table.frame["part"]) if "part" in table.frame else None

    def splits(self, table: Table) -> list[Split]:
        config, codes, groups = self.config, self.codes(table), self.groups(table)
        parts = np.array([photo.split for photo in table.photos[0]], object)
        shares = {"test_share": config.test_share, "valid_share": config.valid_share, "seed": config.seed}
        good_only = self.mode(table) == "good_only"
        if any(part is not None for part in parts):
            return [given_split(parts, codes, good_only=good_only, groups=groups, **shares)]
        if good_only:
            return [good_only_split(codes, groups=groups, **shares)]
        known = np.flatnonzero(codes >= 0)
        time = table.frame["time"].to_numpy()[known] if "time" in table.frame else None
        target = codes[known] if config.split == "stratified" else (codes[known] > 0).astype(float)
        # One fold of five is what "a fifth judges" means, where no time and no groups part the photos.
        folds = 5 if config.folds == 1 and config.split == "stratified" else config.folds
        settings = config.model_copy(update={"folds": folds})
        groups = None if groups is None else groups[known]
        found = make_splits(settings, target, time=time, groups=groups, seed=config.seed)[: config.folds]
        return [
            replace(split, **{name: known[rows] for name, rows in split.parts.items()}) for split in found
        ]

    # -- stages

    def features(self, table: Table) -> PhotoInputs:
        """The photos, not yet decoded."""
        photos, facts = table.photos
        config, state = self.config, self.state
        if state is None:
            grey = bool((np.asarray(facts.channels) == 1).all())
            channels = (1 if grey else 3) if config.channels == "auto" else config.channels
            state = {
                "channels": channels,
                "dtype": "float32" if (np.asarray(facts.depth) > 8).any() else "uint8",
            }
        side = state.get("side") or (config.draem_side if self._reads_small(table) else config.side)
        return PhotoInputs(
            photos,
            side=side,
            channels=state["channels"],
            dtype=state["dtype"],
            fit=config.fit,
            good=self.good_name(table),
            tiles=None if config.tile is None else (config.tile, config.tile_overlap),
            workers=config.workers,
            memory_mb=config.memory_mb,
            most_pixels=int(config.most_megapixels * 1e6),
            sizes=list(zip(facts.height.tolist(), facts.width.tolist())),
        )

    def _reads_small(self, table: Table) -> bool:
        without = self.config.detector == "auto" and self.config.weights == "none"
        return self.mode(table) == "good_only" and (self.config.detector == "draem" or without)

    def fit(self, table: Table, split: Split, *, features=None, folder=None, stages: Stages | None = None):
        from shared import training

        stages, config = stages or Stages(), self.config
        self.mapping = table.mapping
        photos = features if features is not None else self.features(table)
        mode, codes, classes = self.mode(table), self.codes(table), self.classes(table)
        state = {"classes": classes, "mode": mode, "side": photos.side, "channels": photos.channels}
        self.state = state | {"dtype": photos.dtype}
        training.set_seed(config.seed)
        learn = self._fit_labelled if mode == "labelled" else self._fit_good_only
        with stages("fit"):
            self.history = learn(photos, codes, split, folder, stages)
        with stages("decide"):
            self.calibrator, label = Identity(), self.label(table)
            scores = self._raw_scores(photos, split.valid)
            if mode == "labelled":
                self.calibrator = calibrated(label[split.valid], scores, config.calibration)
            else:
                self.state["typical"] = _typical(scores, config.most_false_rejects)
                scores = self.decode(scores)
            self.thresholds = self.decide(table, split.valid, self.calibrator(scores))
        return Prepared(table, photos, photos)

    def _fit_labelled(self, photos, codes, split, folder, stages) -> History:
        from shared.training.photos import fit_inspection

        shape = (photos.side, photos.side, photos.channels)
        self.model, pretrained = self.build(shape, len(self.state["classes"]), photos.dtype)
        return fit_inspection(
            self.model, photos, codes, split, self.config, pretrained=pretrained, folder=folder, stages=stages
        )

    def _fit_good_only(self, photos, codes, split, folder, stages) -> History:
        self.model, history = self.detector((photos.side, photos.side, photos.channels), photos.dtype).fit(
            photos, split, self.config, folder=folder, stages=stages
        )
        return history

    def outputs(self, photos: PhotoInputs, rows: np.ndarray) -> dict[str, np.ndarray]:
        """What the network says of each photo: `probability` of each class or `score`, and `heatmap`."""
        from shared import training

        units = photos.units_of(rows)
        raw = training.predict(self.model, photos, units)
        return photos.merged(with_scores(raw), rows)

    def _raw_scores(self, photos, rows) -> np.ndarray:
        scores = [self.outputs(photos, part)["score"] for part in _chunks(rows)]
        return np.concatenate(scores).astype(np.float64) if scores else np.empty(0)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Raw scores onto [0, 1]: probabilities as they are; a distance as far as the limit of good photos is .5."""
        return within_one(raw, self.state)

    def scores(self, prepared: Prepared, rows: np.ndarray | None = None) -> np.ndarray:
        rows = np.arange(len(prepared.table)) if rows is None else np.asarray(rows)
        return self.calibrator(self.decode(self._raw_scores(prepared.inputs, rows)))

    @property
    def rule_in_use(self) -> str:
        """What the threshold is chosen by; without defects only good parts can tell."""
        return self.config.rule if self.state["mode"] == "labelled" else "false_rejects"

    def describe(self, table: Table, splits: Sequence[Split]) -> dict[str, Any]:
        few = few_good(self.label(table)[splits[-1].valid], self.config.most_false_rejects)
        own = [text for key, text in self.words().items() if key.startswith("limit.")]
        return super().describe(table, splits) | {"limits": [*own, *([few] if few else [])]}

    def decide(self, table: Table, rows: np.ndarray, scores: np.ndarray) -> Inspection:
        config = self.config
        return inspection_thresholds(
            self.label(table)[rows],
            scores,
            rule=self.rule_in_use,
            most_false_rejects=config.most_false_rejects,
            most_escapes=config.most_escapes,
            escape_cost=config.escape_cost,
            false_reject_cost=config.false_reject_cost,
            look_again_cost=config.look_again_cost if config.look_again else None,
        )

    def frozen_features(self, photos: PhotoInputs, units: np.ndarray) -> np.ndarray | None:
        """The mean of the pretrained encoder's last map for each unit, for rivals; None where nothing is pretrained."""
        raise NotImplementedError

    def prepare(self, table: Table) -> Prepared:
        photos = self.features(table)
        return Prepared(table, photos, photos)

    def predict(self, table: Table, rows: Sequence[int] | None = None, *, folder=None) -> pd.DataFrame:
        """Score, decision and class of each photo; with `folder` a heatmap over each photo is written there."""
        prepared = self.prepare(table)
        rows = np.arange(len(table)) if rows is None else np.asarray(rows)
        parts = [self._answered(prepared, part, folder) for part in _chunks(rows)]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def _answered(self, prepared: Prepared, rows: np.ndarray, folder) -> pd.DataFrame:
        found = self.outputs(prepared.inputs, rows)
        scores = self.calibrator(self.decode(found["score"].astype(np.float64)))
        answers = self.answers(prepared.table, rows, scores)
        answers["class"] = self.named(found, answers["decision"].to_numpy())
        if folder is not None:
            answers["heatmap"] = [
                write_overlay(prepared.inputs, row, heat, Path(folder))
                for row, heat in zip(rows, found["heatmap"])
            ]
        return answers

    def answers(self, table: Table, rows: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
        frame = super().answers(table, rows, scores)
        frame.insert(1, "image", [table.photos[0][row].name for row in rows])
        return frame

    def named(self, found: dict[str, np.ndarray], decision: np.ndarray) -> np.ndarray:
        """The most likely class of each photo; in the good-only mode good or not."""
        return likeliest(found, decision, self.state["classes"])

    def restore(self, content: dict[str, Any]) -> None:
        super().restore(content | {"decision": {"review": 0, "block": 0}})
        self.thresholds = Inspection.from_dict(content["decision"])


def _texts(values, length: int = 0) -> list[str]:
    """The cells as texts, "" where there is none."""
    if values is None:
        return [""] * length
    return ["" if pd.isna(value) else str(value) for value in values.astype(object)]


def _typical(scores: np.ndarray, most_false_rejects: float) -> float:
    """The distance that good photos rarely exceed."""
    return float(max(np.quantile(scores, 1 - most_false_rejects), 1e-9))


def _chunks(rows: np.ndarray) -> list[np.ndarray]:
    rows = np.asarray(rows)
    return [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
