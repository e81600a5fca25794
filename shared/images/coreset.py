"""A few patches that stand for many: what is kept of the patches of good parts."""

from collections.abc import Callable

import numpy as np

CANDIDATES = 100_000  # patches that are chosen from; each step reads all of them
PROJECTED = 128  # axes that distances are measured in


def greedy_coreset(
    patches: np.ndarray,
    size: int,
    *,
    projected: int = PROJECTED,
    seed: int = 0,
    candidates: int = CANDIDATES,
    say: Callable[[str], None] | None = None,
) -> np.ndarray:
    """Positions of `size` patches, such that no patch is far from the nearest one that was taken.

    Greedy k-centre: the next one is always the patch that is farthest from those taken so far. The largest
    distance that is left is at most twice that of the best choice, up to what the projection changes.

    Args:
        patches: `(n, channels)`, float.
        size: Number of patches to take.
        projected: With more channels than this, distances are measured on as many random axes
            (Johnson-Lindenstrauss).
        seed: Of the first patch, the random axes and the candidates.
        candidates: Of more patches than this, as many are drawn first, or `size` if that is more.
        say: Called with a line on the progress, at most ten times.
    Returns:
        `(size,)`, int64, in the order of the choice; no position twice.
    Raises:
        ValueError: If `patches` has not two axes or holds NaN or infinity, or `size` is not in 1 to n.
    Reference:
        Roth et al., Towards total recall in industrial anomaly detection, CVPR 2022, section 3.2, algorithm 1,
        https://arxiv.org/abs/2106.08265; Sener & Savarese, Active learning for convolutional neural networks: a
        core-set approach, ICLR 2018, algorithm 1, https://arxiv.org/abs/1708.00489
    Example:
        >>> line = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [9.0]])
        >>> sorted(int(group) for group in line[greedy_coreset(line, 3), 0].round())
        [0, 5, 9]
    """
    patches = _checked(patches, size, projected)
    rng = np.random.default_rng(seed)
    chosen_from = np.arange(len(patches))
    if len(patches) > max(candidates, size):
        chosen_from = np.sort(rng.choice(len(patches), max(candidates, size), replace=False))
        patches = patches[chosen_from]
    return chosen_from[_farthest_first(_projected(patches, projected, rng), size, rng, say)]


def cover_radius(patches: np.ndarray, kept: np.ndarray) -> float:
    """The largest distance from a patch to the nearest one that is kept.

    Args:
        patches: `(n, channels)`.
        kept: Positions of those kept.
    Example:
        >>> cover_radius(np.array([[0.0], [1.0], [4.0]]), np.array([0]))
        4.0
    """
    nearest = np.full(len(patches), np.inf)
    for at in kept:
        away = ((patches - patches[at]).astype(np.float64) ** 2).sum(axis=1)
        np.minimum(nearest, away, out=nearest)
    return float(np.sqrt(nearest.max()))


def _checked(patches: np.ndarray, size: int, projected: int) -> np.ndarray:
    patches = np.asarray(patches, np.float32)
    if patches.ndim != 2:
        raise ValueError(f"patches must be (n, channels), found {patches.shape}")
    if not 1 <= size <= len(patches):
        raise ValueError(f"size must lie in 1 to the {len(patches)} patches, found {size}")
    if projected < 1:
        raise ValueError(f"projected must be at least 1, found {projected}")
    if not np.isfinite(patches).all():
        raise ValueError("patches hold NaN or infinity")
    return patches


def _projected(patches: np.ndarray, axes: int, rng: np.random.Generator) -> np.ndarray:
    """Centred, so that squares lose no digits, and on random axes where there are many channels."""
    patches = patches - patches.mean(axis=0)
    if patches.shape[1] <= axes:
        return patches
    # A normal matrix over the root of its columns keeps squared distances in the mean.
    matrix = rng.normal(size=(patches.shape[1], axes)).astype(np.float32) / np.float32(np.sqrt(axes))
    return patches @ matrix


def _farthest_first(patches: np.ndarray, size: int, rng, say) -> np.ndarray:
    square = (patches**2).sum(axis=1)
    nearest = np.full(len(patches), np.inf, np.float32)
    away = np.empty_like(nearest)
    chosen = np.empty(size, np.int64)
    at = int(rng.integers(len(patches)))
    for step in range(size):
        chosen[step] = at
        # |x|^2 - 2 x m + |m|^2: one product of a matrix and a vector
        np.dot(patches, -2 * patches[at], out=away)
        away += square
        away += square[at]
        np.minimum(nearest, away, out=nearest)
        nearest[at] = -np.inf  # never again, even where patches are equal
        at = int(nearest.argmax())
        if say is not None and (step + 1) % max(1, -(-size // 10)) == 0:
            say(f"coreset  {step + 1:,} of {size:,}")
    return chosen
