"""What learns from good parts alone: PatchCore, PaDiM and DRAEM, each as one network from photo to heatmap."""

import time

import keras
import numpy as np

from shared import builders
from shared.fit_settings import FitSettings, History, progress
from shared.images.coreset import greedy_coreset
from shared.images.inputs import PhotoView
from shared.images.synthetic import synthetic_defect
from shared.stages import Stages
from shared.training.fitting import fit
from shared.training.prediction import predict

MOST_PATCHES = 80_000  # that a coreset is chosen from
PATCH_BYTES = 2**30  # of patches of good parts in memory at once
SCALED_BY = 200  # good photos that the heatmap's scale is read from


class _OnEncoder:
    """A detector that compares patches of an encoder at rest with those of good parts.

    Args:
        encoder: Of `shared.builders.image`.
        dtype: Of the photos.
    """

    def __init__(self, encoder: keras.Model, dtype: str):
        self.encoder, self.dtype = encoder, dtype
        builders.freeze(encoder)

    def head(self, reader, photos, rows, config, stages: Stages) -> tuple[keras.layers.Layer, str]:
        """The layer from patches to distances, fitted, and what to say of it."""
        raise NotImplementedError

    def fit(self, photos, split, config, *, folder=None, stages=None) -> tuple[keras.Model, History]:
        """Learns from the training photos.

        Returns:
            Photo -> `{"score": (batch,), "heatmap": (batch, g, g)}`, and what happened.
        """
        begun, stages = time.perf_counter(), stages or Stages()
        rows = photos.units_of(split.train)
        reader = self._reader(config)
        self._adapt(reader, photos, rows, config.seed)
        head, note = self.head(reader, photos, rows, config, stages)
        model = builders.patch_scorer(reader, head, share=config.score_share)
        seen = np.random.default_rng(config.seed).permutation(photos.units_of(split.valid))[:SCALED_BY]
        self._scale(model, photos, seen)
        seconds = time.perf_counter() - begun
        entry = {"epoch": 1, "loss": 0.0, "seconds": seconds}
        history = History(epochs=[entry], best_epoch=1, score="none", notes=[note])
        history.examples_per_second = len(rows) / seconds
        return model, history

    def _reader(self, config) -> keras.Model:
        return builders.patch_reader(
            self.encoder, maps=config.maps, contrast=config.contrast, input_dtype=self.dtype
        )

    def _adapt(self, reader, photos, rows, seed: int) -> None:
        """Lets each map count alike, by what it looks like on some good photos."""
        layer = reader.get_layer("patches")
        seen = np.random.default_rng(seed).permutation(rows)[:SCALED_BY]
        layer.adapt(keras.tree.flatten(predict(keras.Model(reader.input, layer.input), photos, seen)))

    def _patches(self, reader, photos, rows, seed: int) -> np.ndarray:
        """Patches of the training photos, `(n, channels)`; of many photos a part of each."""
        rng = np.random.default_rng(seed)
        grid = reader.output.shape[1] * reader.output.shape[2]
        most = PATCH_BYTES // (4 * reader.output.shape[-1])
        each = max(1, min(grid, most // max(1, len(rows))))
        found = []
        for start in range(0, len(rows), 256):
            patches = predict(reader, photos, rows[start : start + 256])
            patches = patches.reshape(len(patches), grid, -1)
            if each < grid:
                patches = patches[:, rng.permutation(grid)[:each]]
            found.append(patches.reshape(-1, patches.shape[-1]))
        return np.concatenate(found)

    def _scale(self, model, photos, rows) -> None:
        distances = keras.Model(model.input, model.get_layer("heat_scale").input)
        model.get_layer("heat_scale").adapt(predict(distances, photos, rows))


class PatchCore(_OnEncoder):
    """The distance of each patch to the nearest one of a coreset of good patches (Roth et al., CVPR 2022)."""

    def head(self, reader, photos, rows, config, stages):
        patches = self._patches(reader, photos, rows, config.seed)
        stages.say(f"coreset of {config.memory_patches:,} of {len(patches):,} patches")
        rng = np.random.default_rng(config.seed)
        if len(patches) > MOST_PATCHES:
            patches = patches[np.sort(rng.choice(len(patches), MOST_PATCHES, replace=False))]
        size = min(config.memory_patches, len(patches))
        kept = patches[greedy_coreset(patches, size, seed=config.seed, candidates=MOST_PATCHES)]
        head = builders.PatchMemory(size, name="memory")
        head.build((None, None, None, patches.shape[1]))
        head.reset(kept)
        return head, f"patchcore: {size:,} of {len(patches):,} patches of good parts are kept"


class Padim(_OnEncoder):
    """The Mahalanobis distance of each patch to the Gaussian of good ones at its place (Defard et al., 2020)."""

    def head(self, reader, photos, rows, config, stages):
        stages.say(f"a Gaussian for each place, of {len(rows):,} photos")
        head = builders.GaussianPatches(mode="position", name="gaussian")
        head.build((None, *reader.output.shape[1:]))
        head.fit(predict(reader, photos, rows[start : start + 256]) for start in range(0, len(rows), 256))
        return head, f"padim: a Gaussian for each place, of {len(rows):,} photos of good parts"


class _Damaged(PhotoView):
    """Good photos, half of them with a made-up defect; each batch in each epoch another one.

    Args:
        photos: `shared.images.inputs.PhotoInputs`.
        seed: Of the made-up defects; they come in the order of the batches.
    """

    def __init__(self, photos, seed: int):
        super().__init__(photos)
        self.seed, self.calls = seed, 0

    def take(self, rows):
        clean = self.photos.take(rows)["photo"]
        self.calls += 1
        rng = np.random.default_rng((self.seed, self.calls))
        sources = clean.astype(np.float32)
        made = [synthetic_defect(photo, rng, sources=sources) for photo in sources]
        damaged = np.stack([photo for photo, _ in made]).astype(np.float32)
        mask = np.stack([mask for _, mask in made]).astype(np.float32)
        return {"photo": damaged, "clean": sources / 255.0, "mask": mask}


def _as_it_is(y_true, y_pred):
    """The trainer's output is the loss itself."""
    return keras.ops.mean(y_pred)


class Draem:
    """A network that repairs made-up defects and marks them (Zavrtanik et al., ICCV 2021); no pretrained weights.

    Args:
        shape: Of a photo.
        dtype: Of the photos.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: str):
        self.shape, self.dtype = shape, dtype

    def fit(self, photos, split, config, *, folder=None, stages=None) -> tuple[keras.Model, History]:
        """As `PatchCore.fit`."""
        stages = stages or Stages()
        model = builders.draem_model(self.shape)
        trainer = builders.draem_trainer(model)
        settings = FitSettings(
            **{key: getattr(config, key) for key in FitSettings.model_fields}
            | {"epochs": config.draem_epochs, "class_weight": "none", "batch_size": 16}
        )
        train, valid = photos.units_of(split.train), photos.units_of(split.valid)
        history = fit(
            trainer, _Damaged(photos, config.seed), np.zeros(len(photos), np.float32), train=train, valid=valid[:0],
            loss=_as_it_is, settings=settings,
            folder=None if folder is None else folder.with_name(f"{folder.name}-draem"),
            on_epoch=lambda epoch, epochs, logs: stages.say(f"draem  {progress(epoch, epochs, logs)}"),
        )  # fmt: skip
        return builders.draem_inspector(model, dtype=self.dtype), history
