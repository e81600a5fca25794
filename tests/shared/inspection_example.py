"""Small photos of even parts with and without a spot, in memory and in a folder; and a pipeline that guesses."""

import io

import numpy as np


def spotted(count, *, spots=1, side=48, seed=0):
    """`(photos, masks)` of even noise, `(count, side, side)`; spots are dark squares of nine pixels."""
    rng = np.random.default_rng(seed)
    photos = rng.normal(140, 6, (count, side, side))
    masks = np.zeros(photos.shape, bool)
    for photo, mask in zip(photos, masks):
        for top, left in rng.integers(4, side - 13, (spots, 2)):
            mask[top : top + 9, left : left + 9] = True
        photo[mask] -= 100
    return np.clip(photos, 0, 255).astype(np.uint8), masks


def png(picture) -> bytes:
    """A grey picture as a PNG file."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.asarray(picture, np.uint8)).save(out, "PNG")
    return out.getvalue()


class Memory(dict):
    """Files by name, as a store."""

    source = "memory"

    def read(self, name):
        return self[name]

    def size(self, name):
        return len(self[name])


def inputs(*, side=32, seed=0, drawn=True, **classes):
    """`PhotoInputs` of so many photos of each class, and the code of each; code n has n spots."""
    from shared.images.checking import Photo
    from shared.images.inputs import PhotoInputs

    store, photos, codes = Memory(), [], []
    for code, (label, count) in enumerate(classes.items()):
        for number, (photo, mask) in enumerate(zip(*spotted(count, spots=code, seed=seed + 100 * code))):
            name = f"{label}/{number}.png"
            store[name], store[f"masks/{name}"] = png(photo), png(mask * 255)
            place = f"masks/{name}" if drawn and code else None
            photos.append(Photo(len(photos) + 1, store, name, label, place))
            codes.append(code)
    return PhotoInputs(photos, side=side, channels=1, good="good"), np.array(codes)


def write_folder(root, *, seed=0, **classes):
    """A folder of so many photos of each class, with spots in all classes but the first."""
    for code, (label, count) in enumerate(classes.items()):
        for number, photo in enumerate(spotted(count, spots=int(code > 0), seed=seed + 100 * code)[0]):
            path = root / label / f"{number:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(photo))
    return root


def guessing(of, *, error=0.3):
    """A pipeline class that reads the truth and errs now and then, so that no network is needed."""
    from shared.binary import Prepared
    from shared.calibration import Identity
    from shared.fit_settings import History

    class Guessing(of):
        def fit(self, table, split, *, features=None, folder=None, stages=None):
            photos = self.features(table)
            self.state = {
                "classes": self.classes(table),
                "mode": self.mode(table),
                "side": photos.side,
                "channels": photos.channels,
                "dtype": photos.dtype,
                "typical": 1.0,
            }
            self.history = History(epochs=[{"epoch": 1, "loss": 1.0, "seconds": 2.0}], best_epoch=1)
            self.calibrator = Identity()
            scores = self.decode(self._raw_scores(photos, split.valid))
            self.thresholds = self.decide(table, split.valid, scores)
            return Prepared(table, photos, photos)

        def outputs(self, photos, rows):
            classes = self.state["classes"]
            odds, heat = [], []
            for row in rows:
                rng = np.random.default_rng(int(row))
                label, mask = photos.photos[row].label, photos.mask(row)
                truth = np.eye(len(classes))[classes.index(label)] if label in classes else 1 / len(classes)
                odds.append((1 - error) * truth + error * rng.dirichlet(np.ones(len(classes))))
                spot = photos.take(np.array([row]), masks=True)["mask"][0] if mask is not None else 0.0
                heat.append(np.clip(0.8 * spot + 0.2 * rng.random((photos.side, photos.side)), 0, 1))
            odds, heat = np.array(odds), np.array(heat, np.float32)
            if self.state["mode"] == "labelled":
                return {"probability": odds, "score": 1 - odds[:, 0], "heatmap": heat}
            return {"score": 4 * np.array([each.mean() for each in heat]), "heatmap": heat}

        def frozen_features(self, photos, units):
            return None

    return Guessing
