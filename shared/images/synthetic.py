"""Made-up defects on photos of good parts: what a network learns from where nobody has a photo of a defect."""

from collections.abc import Sequence

import numpy as np

SMALLEST = 16  # pixels of the shorter side below which there is no room for a defect
CLEAN = 0.5  # share of the examples that stay as they are
KINDS = {"patches": 0.5, "strokes": 0.3, "cut_paste": 0.2}  # shares of the others
OCTAVES = 6  # noise has 2^0 to 2^6 periods over the photo
FINEST = 4  # pixels of a period at least: finer noise is salt and pepper
OPACITY = (0.1, 1.0)
THRESHOLD = 0.5  # of noise in -1..1
STROKE_OPACITY = (0.35, 1.0)  # a stroke is thin: fainter than this it cannot be seen


def perlin(shape: tuple[int, int], *, periods: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Perlin noise: gradients drawn at the corners of a grid, blended between them.

    Args:
        shape: Height and width.
        periods: Cells of the grid, down and across.
        rng: Where the gradients are drawn from.
    Output shape: `(height, width)`, float32, within [-1, 1], near 0 in the mean.
    Raises:
        ValueError: If `shape` or `periods` is below 1.
    Reference:
        Perlin, Improving noise, SIGGRAPH 2002
    Example:
        >>> noise = perlin((64, 48), periods=(4, 2), rng=np.random.default_rng(0))
        >>> noise.shape, bool(np.abs(noise).max() <= 1)
        ((64, 48), True)
    """
    if min(*shape, *periods) < 1:
        raise ValueError(f"shape and periods must be at least 1, found {shape} and {periods}")
    angle = rng.uniform(0, 2 * np.pi, (periods[0] + 1, periods[1] + 1)).astype(np.float32)
    down, across = np.sin(angle), np.cos(angle)
    (top, y, fade_y), (left, x, fade_x) = (_axis(*pair) for pair in zip(shape, periods))
    y, fade_y = y[:, None], fade_y[:, None]

    def corner(lower: int, right: int) -> np.ndarray:
        at = np.ix_(top + lower, left + right)
        return down[at] * (y - lower) + across[at] * (x - right)

    upper = corner(0, 0) * (1 - fade_x) + corner(0, 1) * fade_x
    lower = corner(1, 0) * (1 - fade_x) + corner(1, 1) * fade_x
    # Unit gradients leave noise within the root of one half.
    return np.clip(np.sqrt(np.float32(2)) * (upper * (1 - fade_y) + lower * fade_y), -1, 1)


def synthetic_defect(
    photo: np.ndarray,
    rng: np.random.Generator,
    *,
    sources: Sequence[np.ndarray] = (),
    clean: float = CLEAN,
) -> tuple[np.ndarray, np.ndarray]:
    """A photo of a good part, with a made-up defect or as it was.

    With M the mask, A a texture and b the opacity, drawn between .1 and 1, the photo I becomes
    `(1 - M) I + (1 - b) M I + b M A` (DRAEM, equation 1). Kinds of defects:

    - **patches** (half): M is turned Perlin noise of 1 to 64 periods above a threshold, A another photo whose
      pieces are shuffled, noise, or one tone.
    - **strokes** (.3): one to three thin bent lines, darker or brighter than what is below.
    - **cut_paste** (.2): a rectangle of the photo itself, at another place and a little brighter or darker.

    Args:
        photo: `(height, width, channels)`, 0..255, uint8 or float.
        rng: What all is drawn from; the same state gives the same example.
        sources: Photos of the same shape for textures; without any, noise and tones are used.
        clean: Chance that the photo stays as it is.
    Returns:
        The new photo, uint8 of an uint8 and float32 of any other, and its mask, bool `(height, width)`: outside
        of it nothing has changed; empty where the photo is clean.
    Raises:
        ValueError: If the photo or the drawn source has a shape that does not fit.
    Reference:
        Zavrtanik, Kristan & Skocaj, DRAEM, ICCV 2021, section 3.3, https://arxiv.org/abs/2108.07610;
        Li et al., CutPaste, CVPR 2021, section 2.2, https://arxiv.org/abs/2104.04015
    Example:
        >>> photo = np.full((64, 64, 1), 120, np.uint8)
        >>> changed, mask = synthetic_defect(photo, np.random.default_rng(0), clean=0.0)
        >>> changed.dtype, mask.shape, bool((changed[~mask] == 120).all())
        (dtype('uint8'), (64, 64), True)
    """
    if photo.ndim != 3 or min(photo.shape[:2]) < SMALLEST:
        raise ValueError(
            f"a photo must be (height, width, channels) of {SMALLEST} pixels, found {photo.shape}"
        )
    kind = None if rng.random() < clean else rng.choice(list(KINDS), p=list(KINDS.values()))
    base = photo.astype(np.float32)
    if kind is None:
        return (photo.copy() if photo.dtype == np.uint8 else base), np.zeros(photo.shape[:2], bool)
    if kind == "patches":
        mask, texture = _patches(photo.shape[:2], rng), _texture(base, rng, sources)
        opacity = rng.uniform(*OPACITY)
    elif kind == "strokes":
        mask = _strokes(photo.shape[:2], rng)
        texture = base + rng.choice([-1, 1]) * rng.uniform(25, 120)
        opacity = rng.uniform(*STROKE_OPACITY)
    else:
        mask, texture = _cut_paste(base, rng)
        opacity = 1.0
    return _blended(photo, base, mask, texture, opacity), mask


def _blended(photo, base, mask, texture, opacity) -> np.ndarray:
    inside = base[mask] * (1 - opacity) + np.clip(texture[mask], 0, 255) * opacity
    changed = photo.copy() if photo.dtype == np.uint8 else base.copy()
    changed[mask] = inside.round() if photo.dtype == np.uint8 else inside
    return changed


def _axis(length: int, periods: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell of each pixel's centre, its place in the cell, and Perlin's fade `6 t^5 - 15 t^4 + 10 t^3` of it."""
    place = (np.arange(length) + 0.5) * periods / length
    cell = np.minimum(place.astype(np.int64), periods - 1)
    t = (place - cell).astype(np.float32)
    return cell, t, t * t * t * (t * (t * 6 - 15) + 10)


def _patches(shape: tuple[int, int], rng) -> np.ndarray:
    from PIL import Image

    octaves = rng.integers(0, OCTAVES + 1, size=2)
    periods = tuple(int(min(2**octave, side // FINEST)) for octave, side in zip(octaves, shape))
    noise = Image.fromarray(perlin(shape, periods=periods, rng=rng))
    noise = np.asarray(noise.rotate(rng.uniform(-90, 90), resample=Image.Resampling.BILINEAR))
    # Noise of one period often stays below the threshold: the highest part of it is taken then.
    return noise >= min(THRESHOLD, 0.75 * noise.max())


def _texture(base: np.ndarray, rng, sources) -> np.ndarray:
    kind = rng.choice(["source", "noise", "tone"], p=[0.5, 0.3, 0.2])
    if kind == "source" and len(sources):
        source = np.asarray(sources[int(rng.integers(len(sources)))])
        if source.shape != base.shape:
            raise ValueError(f"sources must have the photo's shape {base.shape}, found {source.shape}")
        return _shuffled(source.astype(np.float32), rng)
    tone = np.repeat(rng.uniform(0, 255), base.shape[2]) + rng.normal(0, 15, base.shape[2])
    if kind == "tone":
        return np.broadcast_to(tone.astype(np.float32), base.shape)
    periods = tuple(max(1, side // int(rng.integers(4, 17))) for side in base.shape[:2])
    noise = perlin(base.shape[:2], periods=periods, rng=rng)[..., None]
    return tone.astype(np.float32) + np.float32(rng.uniform(20, 90)) * noise


def _shuffled(source: np.ndarray, rng) -> np.ndarray:
    """A photo mirrored, moved with its strips exchanged, and of another exposure."""
    for axis in (0, 1):
        if rng.random() < 0.5:
            source = np.flip(source, axis)
        strips = np.array_split(np.arange(source.shape[axis]), 4)
        order = np.concatenate([strips[at] for at in rng.permutation(4)])
        source = np.take(source, np.roll(order, int(rng.integers(len(order)))), axis)
    gain = rng.choice([-1, 1], p=[0.2, 0.8]) * rng.uniform(
        0.6, 1.4
    )  # a negative too: all is learnt but shade
    mean = source.mean()
    return (source - mean) * np.float32(gain) + mean + np.float32(rng.uniform(-60, 60))


def _strokes(shape: tuple[int, int], rng) -> np.ndarray:
    from PIL import Image, ImageDraw

    picture = Image.new("L", shape[::-1])
    draw = ImageDraw.Draw(picture)
    side = min(shape)
    for _ in range(rng.integers(1, 4)):
        steps = int(rng.integers(6, 16))
        # Turns that add up: near none is a scratch, large ones are a crack.
        turns = np.cumsum(rng.normal(0, rng.choice([0.08, 0.6]), steps)) + rng.uniform(0, 2 * np.pi)
        length = rng.uniform(0.1, 0.7) * side / steps
        walk = np.cumsum(length * np.stack([np.cos(turns), np.sin(turns)], axis=1), axis=0)
        middle = rng.uniform(0.15, 0.85, 2) * shape[::-1]
        walk += middle - walk[steps // 2]
        width = int(rng.integers(1, max(2, round(side / 64)) + 1))
        draw.line([tuple(point) for point in walk.tolist()], fill=255, width=width)
    return np.asarray(picture) > 0


def _cut_paste(base: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Area 2 to 15 % of the photo, one side up to 3.3 times the other: section 2.2 of CutPaste."""
    shape = np.array(base.shape[:2])
    area, ratio = rng.uniform(0.02, 0.15) * shape.prod(), np.exp(rng.uniform(-np.log(3.3), np.log(3.3)))
    size = np.clip(np.sqrt([area * ratio, area / ratio]).astype(int), 2, shape - 1)
    there, here = rng.integers(0, shape - size + 1), rng.integers(0, shape - size + 1)
    source = tuple(slice(start, start + side) for start, side in zip(there, size))
    goal = tuple(slice(start, start + side) for start, side in zip(here, size))
    gain = rng.choice([-1, 1]) * rng.uniform(0.05, 0.3)  # never none: a piece onto itself would be no defect
    mask, texture = np.zeros(shape, bool), base.copy()
    mask[goal] = True
    texture[goal] = base[source] * np.float32(1 + gain)
    return mask, texture
