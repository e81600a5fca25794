"""Promises of pipelines on photos: any photo is answered, order and bad files matter to nobody else's photo."""

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shared.binary import Prepared
from shared.contract import Mapping, Table, raw_table
from shared.errors import ContractError
from shared.imaging import ImagePipeline
from shared.splits import Split
from shared.testing.trial import KEY, renamed


@dataclass
class PhotoTrial:
    """One fitted pipeline on photos and all that the promises are tried on."""

    pipeline: ImagePipeline
    frame: pd.DataFrame
    table: Table
    split: Split
    prepared: Prepared

    @classmethod
    def begin(
        cls, of: type[ImagePipeline], config: Any, mapping: Mapping, frame: pd.DataFrame
    ) -> "PhotoTrial":
        frame = frame.reset_index(drop=True)
        column = mapping.column("part", frame.columns)
        if column in frame:
            frame[column] = renamed(frame[column], KEY.format(role="part", number=""))
        pipeline = of(config, mapping)
        table = pipeline.check(raw_table(frame))
        split = pipeline.splits(table)[-1]
        return cls(pipeline, frame, table, split, pipeline.fit(table, split))

    def column(self, role: str) -> str:
        return self.pipeline.mapping.column(role, self.frame.columns)

    def scored(self, frame: pd.DataFrame, pipeline: ImagePipeline | None = None) -> pd.DataFrame:
        pipeline = pipeline or self.pipeline
        return pipeline.predict(pipeline.check(raw_table(frame), predict=True))

    @property
    def unlabelled(self) -> pd.DataFrame:
        names = [self.column(role) for role in ("label", "mask", "split")]
        return self.frame.drop(columns=[name for name in names if name in self.frame])


def check_photo_parts_are_apart(trial: PhotoTrial) -> None:
    """No photo is in two parts, and no part (serial number) on two sides."""
    groups = trial.pipeline.groups(trial.table)
    for split in trial.pipeline.splits(trial.table):
        rows = np.concatenate(list(split.parts.values()))
        assert len(np.unique(rows)) == len(rows), "a photo is in two parts of a split"
        assert len(split.train) and len(split.valid) and len(split.test), "a part of the split has no photo"
        if groups is not None:
            judged = set(groups[split.test])
            learnt = set(groups[np.concatenate([split.train, split.valid])])
            assert not judged & learnt, "photos of one part train and judge"


def check_photo_state_is_plain(trial: PhotoTrial) -> None:
    """What is learnt besides the network is plain JSON."""
    text = json.dumps(trial.pipeline.state, allow_nan=False)
    assert json.loads(text) == trial.pipeline.state, "the learnt state changes when it is saved"


def check_photo_seed_decides(trial: PhotoTrial) -> None:
    """One seed gives one network, weight by weight."""
    twin = type(trial.pipeline)(trial.pipeline.config, trial.pipeline.mapping)
    twin.fit(trial.table, trial.split)
    for mine, other in zip(trial.pipeline.model.get_weights(), twin.model.get_weights(), strict=True):
        assert np.array_equal(mine, other), "two fits with one seed give different weights"
    assert twin.thresholds == trial.pipeline.thresholds, "two fits with one seed give different thresholds"


def check_any_photo_is_answered(trial: PhotoTrial) -> None:
    """Photos without labels, one photo alone; each gets a score in [0, 1], a decision and a class."""
    for frame in (trial.unlabelled, trial.unlabelled.tail(1)):
        answers = trial.scored(frame)
        assert len(answers) == len(frame), f"{len(answers)} answers to {len(frame)} photos"
        score = answers["score"].to_numpy()
        assert ((score >= 0) & (score <= 1)).all(), "a score lies outside [0, 1]"
        assert answers["decision"].isin(["accept", "again", "reject"]).all(), "a photo has no decision"
        assert answers["class"].isin([*trial.pipeline.state["classes"], "defect"]).all(), (
            "a photo has no class"
        )


def check_photos_do_not_matter_to_each_other(trial: PhotoTrial) -> None:
    """A photo's answer is the same wherever it stands and whatever stands beside it."""
    order = np.random.default_rng(2).permutation(len(trial.frame))
    straight, mixed = trial.scored(trial.unlabelled), trial.scored(trial.unlabelled.iloc[order])
    assert mixed["row"].tolist() == list(range(1, len(order) + 1)), (
        "`row` does not count the rows of the table"
    )
    assert np.allclose(mixed["score"], straight["score"].to_numpy()[order], atol=1e-4), (
        "answers do not follow the order of the table"
    )


def check_heatmaps_fit_their_photos(trial: PhotoTrial) -> None:
    """A heatmap of each photo, of its size, between 0 and 1; with a folder, a picture of each."""
    photos, rows = trial.prepared.inputs, trial.split.test[:3]
    for row, heat in zip(rows, trial.pipeline.outputs(photos, rows)["heatmap"], strict=True):
        whole, photo = photos.whole(row, heat), photos.original(row)
        assert whole.shape == photo.shape[:2], f"heatmap {whole.shape} of a photo {photo.shape}"
        assert whole.min() >= 0 and whole.max() <= 1, "a heatmap leaves [0, 1]"
    with tempfile.TemporaryDirectory() as place:
        table = trial.pipeline.check(raw_table(trial.unlabelled.head(3)), predict=True)
        answers = trial.pipeline.predict(table, folder=Path(place))
        missing = [name for name in answers["heatmap"] if not (Path(place) / name).is_file()]
        assert not missing, f"no picture was written for {missing}"


def check_bad_photos_are_named(trial: PhotoTrial) -> None:
    """Files that are no photos are refused before anything is learnt, all of them at once, by name."""
    image = trial.column("image")
    with tempfile.TemporaryDirectory() as place:
        frame = trial.frame.copy()
        first = Path(frame[image].iloc[0])
        empty, cut = Path(place) / "empty one.png", Path(place) / "截断.png"
        empty.write_bytes(b"")
        shutil.copy(first, cut)
        cut.write_bytes(cut.read_bytes()[: len(cut.read_bytes()) // 2])
        names = [str(empty), str(cut), str(Path(place) / "missing.png")]
        frame.loc[frame.index[:3], image] = names
        try:
            trial.pipeline.check(raw_table(frame), predict=True)
        except ContractError as error:
            for name in names:
                assert Path(name).name in str(error), f"the error does not name `{Path(name).name}`: {error}"
            return
    raise AssertionError("photos that cannot be read are not refused")


PHOTO_PROMISES = (
    check_bad_photos_are_named,
    check_photo_parts_are_apart,
    check_photo_state_is_plain,
    check_photo_seed_decides,
    check_any_photo_is_answered,
    check_photos_do_not_matter_to_each_other,
    check_heatmaps_fit_their_photos,
)
