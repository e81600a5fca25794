"""Simulated photos of machined parts to try the solution on.

Everything made here is simulated: no figure from it says anything about real parts.
"""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from shared.contract import Mapping

GOOD, DEFECTS = "good", ("scratch", "pit", "stain", "crack")
LINES = ("A", "B", "C")  # cast metal, weave, brushed steel
GAINS = {"A": 1.0, "B": 0.94, "C": 1.06}  # exposure of each line's camera
AGEING = {"A": 0.0, "B": 0.2, "C": 0.0}  # share of its light that a line's lamp loses in the time simulated
START, DAYS = pd.Timestamp("2024-03-04 06:00"), 20
TWICE = 0.2  # chance of a part to be photographed twice
MARGIN = 12  # pixels that a part may lie elsewhere in its second photo
FINER = 4  # lines are drawn at so many times the size, for soft edges


@dataclass(frozen=True)
class SimulatedPhoto:
    """One photo of a part.

    Args:
        name: `00017_1`: the part, and which photo of it.
        photo: `(height, width)`, uint8, grey.
        mask: `(height, width)`, bool, where the defect is; empty for a good part.
        label: `good`, `scratch`, `pit`, `stain` or `crack`.
        line: `A`, `B` or `C`.
        time: When it was taken.
        part: `00017`.
    """

    name: str
    photo: np.ndarray
    mask: np.ndarray
    label: str
    line: str
    time: pd.Timestamp
    part: str


def sample_parts(*, parts: int, side: int, seed: int) -> tuple[pd.DataFrame, Mapping]:
    """Photos of simulated parts in a folder that is gone when the process ends, and the mapping that reads them.

    Args:
        parts, side, seed: As in `simulate_parts`.
    Example:
        >>> frame, mapping = sample_parts(parts=4, side=64, seed=0)
        >>> list(mapping.columns) == list(frame), mapping.simulated, Path(frame["image"][0]).exists()
        (True, True, True)
    """
    folder = Path(tempfile.mkdtemp(prefix="parts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    frame = write_parts(folder, parts=parts, side=side, seed=seed)
    return frame, Mapping(columns={name: name for name in frame}, simulated=True)


def simulate_parts(
    *, parts: int = 600, defect_share: float = 0.25, side: int = 192, seed: int = 0
) -> list[SimulatedPhoto]:
    """Makes photos of simulated parts, in the order in which they were taken.

    1. **Surfaces.** Line A makes castings (grain of two sizes), B a weave (two waves that wander and tear at
       random), C brushed steel (noise drawn out along the brush). Height and width differ by up to 12 %.
    2. **Light.** A slope and a darker rim, drawn anew for each part; exposure of A, B and C 1, .94 and 1.06,
       and 3 % at random in each photo; sensor noise of two grey levels. The lamp of line B loses 20 % of its
       light over the 20 days.
    3. **Defects.** A quarter of the parts, the four kinds in equal numbers. Scratches: thin bent lines, bright
       or dark. Pits: one to three dark discs of 2 to 5 pixels with a bright rim. Stains: soft patches of low
       contrast. Cracks: dark random walks, some with a branch. Sizes are for photos of 192 pixels, contrasts
       range from hardly seen to plain.
    4. **Photos.** A fifth of the parts is photographed twice, a few seconds and pixels apart: photos of one
       part belong into one part of a split.

    Args:
        parts: Number of parts; there are about 1.2 photos of each.
        defect_share: Share of the parts with a defect.
        side: Pixels of a photo's side, about.
        seed: Of the random numbers.
    Raises:
        ValueError: If `parts` is below 1, `defect_share` outside [0, 1] or `side` below 64.
    Example:
        >>> photos = simulate_parts(parts=8, side=64)
        >>> photos[0].photo.dtype, sorted({photo.line for photo in photos})
        (dtype('uint8'), ['A', 'B', 'C'])
    """
    return list(_photos(parts, defect_share, side, seed))


def write_parts(folder: str | Path, **size) -> pd.DataFrame:
    """Writes simulated photos as PNG files: `scratch/00017_1.png`, and their masks: `masks/scratch/00017_1.png`.

    Args:
        folder: Where to; made if it is not there.
        **size: Of `simulate_parts`.
    Returns:
        One row for each photo: `image` and `mask` (absolute paths; the mask of a good part is empty text),
        `label`, `part`, `time` and `line`.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     list(write_parts(folder, parts=3, side=64).columns)
        ['image', 'label', 'mask', 'part', 'time', 'line']
    """
    folder = Path(folder).resolve()
    rows = []
    for photo in _photos(**{"parts": 600, "defect_share": 0.25, "side": 192, "seed": 0} | size):
        image, mask = folder / photo.label / f"{photo.name}.png", ""
        _write(image, photo.photo)
        if photo.label != GOOD:
            mask = folder / "masks" / photo.label / f"{photo.name}.png"
            _write(mask, photo.mask.astype(np.uint8) * 255)
        rows.append((str(image), photo.label, str(mask), photo.part, photo.time, photo.line))
    return pd.DataFrame(rows, columns=["image", "label", "mask", "part", "time", "line"])


def _write(path: Path, picture: np.ndarray) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(
        path, compress_level=3
    )  # noise hardly shrinks further, at three times the cost


def _photos(parts: int, defect_share: float, side: int, seed: int) -> Iterator[SimulatedPhoto]:
    if parts < 1 or side < 64 or not 0 <= defect_share <= 1:
        found = f"{parts}, {side} and {defect_share}"
        raise ValueError(f"parts must be at least 1, side 64, defect_share within [0, 1], found {found}")
    plan = np.random.default_rng((seed, 0))
    labels = [DEFECTS[at % len(DEFECTS)] for at in range(round(parts * defect_share))]
    labels = plan.permutation(labels + [GOOD] * (parts - len(labels)))
    lines = plan.permutation([LINES[at % len(LINES)] for at in range(parts)])
    age = (np.arange(parts) + plan.uniform(0, 1, parts)) / parts
    for at, (label, line) in enumerate(zip(labels.tolist(), lines.tolist())):
        rng = np.random.default_rng((seed, 1, at))  # a stream for each part: none depends on what others drew
        surface, mask = _part(label, line, side, rng)
        for shot in range(1 + (rng.random() < TWICE)):
            seconds = round(age[at] * DAYS * 86400) + 5 * shot
            photo, seen = _shot(surface, mask, GAINS[line] * (1 - AGEING[line] * age[at]), rng)
            time = START + pd.Timedelta(seconds=seconds)
            yield SimulatedPhoto(f"{at:05d}_{shot + 1}", photo, seen, label, line, time, f"{at:05d}")


def _part(label: str, line: str, side: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """A part under its lamp, `MARGIN` pixels larger than its photos, and where its defect is."""
    shape = tuple(round(side * rng.uniform(0.88, 1.12)) + MARGIN for _ in range(2))
    surface = {"A": _cast, "B": _weave, "C": _brushed}[line](shape, rng)
    mask = np.zeros(shape, bool)
    if label != GOOD:
        change, mask = {"scratch": _scratch, "pit": _pits, "stain": _stain, "crack": _crack}[label](
            shape, rng
        )
        surface = surface + change
    y, x = (np.linspace(-1, 1, length) for length in shape)
    slope = rng.normal(0, 0.05, 2)
    light = 1 + slope[0] * y[:, None] + slope[1] * x - rng.uniform(0, 0.08) * (y[:, None] ** 2 + x**2)
    return surface * light, mask


def _shot(surface: np.ndarray, mask: np.ndarray, gain: float, rng) -> tuple[np.ndarray, np.ndarray]:
    top, left = rng.integers(0, MARGIN + 1, 2)
    seen = slice(top, surface.shape[0] - MARGIN + top), slice(left, surface.shape[1] - MARGIN + left)
    photo = surface[seen] * gain * rng.normal(1, 0.03)
    photo = photo + rng.normal(0, 2, photo.shape)
    return np.clip(photo.round(), 0, 255).astype(np.uint8), mask[seen]


def _noise(shape, rng, sigma) -> np.ndarray:
    """Filtered noise with mean 0 and standard deviation 1."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma, mode="wrap")
    return (noise - noise.mean()) / noise.std()


def _cast(shape, rng) -> np.ndarray:
    return rng.normal(130, 4) + 9 * _noise(shape, rng, 1.0) + 6 * _noise(shape, rng, 5.0)


def _weave(shape, rng) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    period = rng.uniform(8, 10)
    warp = np.sin(2 * np.pi * (x + 1.2 * _noise(shape, rng, 12.0)) / period + rng.uniform(0, 6))
    weft = np.sin(2 * np.pi * (y + 1.2 * _noise(shape, rng, 12.0)) / period + rng.uniform(0, 6))
    return rng.normal(125, 4) + 12 * warp + 12 * weft + 9 * warp * weft + 5 * _noise(shape, rng, 0.7)


def _brushed(shape, rng) -> np.ndarray:
    return rng.normal(140, 4) + 9 * _noise(shape, rng, (0.6, 20.0)) + 4 * _noise(shape, rng, 8.0)


def _middle(shape, rng) -> np.ndarray:
    """A place, as x and y, that is on each photo of the part."""
    return np.array([rng.uniform(0.25, 0.75) * shape[1], rng.uniform(0.25, 0.75) * shape[0]])


def _drawn(shape, strokes: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """How much of each pixel lines cover, 0..1; a line is its points `(points, 2)` as x and y, and its width."""
    from PIL import Image, ImageDraw

    picture = Image.new("L", (shape[1] * FINER, shape[0] * FINER))
    draw = ImageDraw.Draw(picture)
    for points, width in strokes:
        scaled = [tuple(point) for point in (points * FINER).tolist()]
        draw.line(scaled, fill=255, width=max(1, round(width * FINER)), joint="curve")
    return np.asarray(picture.reduce(FINER), np.float32) / 255


def _contrast(rng, least: float, most: float) -> float:
    """Grey levels, as many faint as plain: even in logarithms."""
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _falling(away: np.ndarray, slope: float) -> np.ndarray:
    """From 1 in the middle to 0 far away, one half at distance 1."""
    return 0.5 - 0.5 * np.tanh(slope / 2 * (away - 1))


def _scratch(shape, rng) -> tuple[np.ndarray, np.ndarray]:
    t = np.linspace(0, 1, 24)[:, None]
    angle, length = rng.uniform(0, np.pi), rng.uniform(0.15, 0.6) * min(shape)
    along = np.array([np.cos(angle), np.sin(angle)])
    bend = along[::-1] * [-1, 1] * rng.normal(0, 0.12) * length
    points = _middle(shape, rng) + (t - 0.5) * length * along + 4 * t * (1 - t) * bend - bend
    cover = _drawn(shape, [(points, rng.uniform(1.0, 2.2))])
    change = cover * rng.choice([-1, 1], p=[0.3, 0.7]) * _contrast(rng, 18, 70)
    return change, cover > 0.3


def _pits(shape, rng) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    change, mask = np.zeros(shape, np.float32), np.zeros(shape, bool)
    middle, contrast = _middle(shape, rng), _contrast(rng, 20, 75)
    for _ in range(rng.integers(1, 4)):
        radius = rng.uniform(2, 5) * min(shape) / 204
        away = np.hypot(x - middle[0], y - middle[1]) / radius
        change -= contrast * _falling(away, 8)
        change += 0.35 * contrast * np.exp(-(((away - 1.5) / 0.25) ** 2))
        mask |= away < 1.6
        middle = middle + rng.normal(0, 12, 2)
    return change, mask


def _stain(shape, rng) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    middle, radius = _middle(shape, rng), rng.uniform(9, 28, 2) * min(shape) / 204
    away = np.hypot((x - middle[0]) / radius[0], (y - middle[1]) / radius[1])
    away = away + 0.25 * _noise(shape, rng, 6.0) * np.minimum(away, 1)  # a ragged rim, the middle stays
    cover = _falling(away, 6)
    return cover * rng.choice([-1, 1], p=[0.75, 0.25]) * _contrast(rng, 9, 32), cover > 0.5


def _walk(start: np.ndarray, angle: float, steps: int, step: float, rng) -> np.ndarray:
    turns = angle + np.cumsum(rng.normal(0, 0.35, steps))
    return start + np.cumsum(step * np.stack([np.cos(turns), np.sin(turns)], axis=1), axis=0)


def _crack(shape, rng) -> tuple[np.ndarray, np.ndarray]:
    steps, step = int(rng.integers(12, 40)), min(shape) / 60
    angle, width = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 1.6)
    trunk = _walk(np.zeros(2), angle, steps, step, rng)
    trunk += _middle(shape, rng) - trunk[steps // 2]
    strokes = [(trunk, width)]
    if rng.random() < 0.5:
        fork = angle + rng.choice([-1, 1]) * rng.uniform(0.5, 1.0)
        strokes.append((_walk(trunk[steps // 2], fork, steps // 3, step, rng), 0.8 * width))
    cover = _drawn(shape, strokes)
    return -cover * _contrast(rng, 22, 75), cover > 0.3
