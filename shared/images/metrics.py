"""How well parts and pixels are told apart: `(y_true, y_pred)` in that order, pixels counted in bounded memory.

The rates of parts are metrics in the sense of `shared.metrics.metric`, so a bootstrap prepares them once. The
figures of pixels come from a histogram of scores, so a set of photos of any size takes the same few megabytes.
"""

from collections.abc import Iterable

import numpy as np

from shared.intervals import Estimate
from shared.metrics import Weighted, metric
from shared.ranking import checked, running, share

DROPPED = 13  # lowest bits of a float32 that the histogram leaves out; 10 of the 23 after the point stay
MIDDLE = int(np.float32(0.5).view(np.int32)) >> DROPPED
BINS = 2 * MIDDLE + 1


@metric
def escape_rate(y_true, rejected) -> Weighted:
    """Share of the defects that pass as good.

    Args:
        y_true: 1 for a defect, 0 for good, `(parts,)`.
        rejected: 1 where the part is not accepted, else 0, `(parts,)`.
    Example:
        >>> escape_rate(np.array([0, 1, 1, 1, 1]), np.array([1, 1, 1, 1, 0]))
        0.25
    """
    y_true, rejected = checked(y_true, rejected)
    return _share_of(1 - rejected, y_true)


@metric
def false_reject_rate(y_true, rejected) -> Weighted:
    """Share of the good parts that are rejected; arguments as in `escape_rate`.

    Example:
        >>> false_reject_rate(np.array([0, 0, 0, 0, 1]), np.array([1, 0, 0, 0, 1]))
        0.25
    """
    y_true, rejected = checked(y_true, rejected)
    return _share_of(rejected, 1 - y_true)


def _share_of(happened: np.ndarray, among: np.ndarray) -> Weighted:
    def weighted(weights=None):
        own = among if weights is None else among * weights
        whole = own.sum()
        return float(own @ happened / whole) if whole > 0 else float("nan")

    return weighted


@metric
def escape_rate_at(y_true, y_pred, *, false_reject: float = 0.01) -> Weighted:
    """Share of the defects missed by the threshold that rejects at most this share of these good parts.

    One point of the ROC curve: the lowest threshold within the limit, ties whole. With fewer good parts than
    `1 / false_reject` none of them may be rejected.

    Args:
        y_true: 1 for a defect, 0 for good, `(parts,)`.
        y_pred: Score of each part, higher for a defect, `(parts,)`.
    Example:
        >>> y_true, y_pred = np.array([0, 0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.5, 0.9])
        >>> escape_rate_at(y_true, y_pred), escape_rate_at(y_true, y_pred, false_reject=0.34)
        (0.5, 0.0)
    """
    y_true, y_pred = checked(y_true, y_pred)
    order = np.argsort(-y_pred, kind="stable")
    ranked, defect = y_pred[order], y_true[order]
    places = np.flatnonzero(
        np.r_[True, ranked[1:] != ranked[:-1], True]
    )  # a tie is rejected whole or not at all

    def weighted(weights=None):
        own = np.ones(len(order)) if weights is None else np.asarray(weights, np.float64)[order]
        caught, alarms = running(own * defect)[places], running(own * (1 - defect))[places]
        if not (caught[-1] > 0 and alarms[-1] > 0):
            return float("nan")
        within = alarms <= false_reject * alarms[-1] + 1e-9
        return float(1 - caught[within].max() / caught[-1])

    return weighted


def share_interval(count: int, of: int, *, level: float = 0.95) -> Estimate:
    """A share with its exact interval: it holds the true share at least this often, also for 0 of few.

    Args:
        count: How often it happened, of `of` independent cases; without cases all is NaN.
    Reference:
        Clopper & Pearson, Biometrika 26, 1934
    Example:
        >>> found = share_interval(0, 100)
        >>> found.value, found.low, round(found.high, 4)
        (0.0, 0.0, 0.0362)
    """
    from scipy.stats import beta

    if not 0 <= count <= of:
        raise ValueError(f"expected a count from 0 to {of}, found {count}")
    if of == 0:
        return Estimate(*[float("nan")] * 3)
    tail = (1 - level) / 2
    low = beta.ppf(tail, count, of - count + 1) if count else 0.0
    high = beta.ppf(1 - tail, count + 1, of - count) if count < of else 1.0
    return Estimate(count / of, float(low), float(high))


def _bins_of(heat: np.ndarray) -> np.ndarray:
    """The bin of each score in [0, 1], rising with the score, finer towards both 0 and 1.

    The bits of a positive float rise with it, so their upper part is a bin of a fixed relative width, a
    thousandth; above one half the distance from 1 is taken, as scores of a network crowd at both ends.
    """
    upper = heat > 0.5
    bits = np.where(upper, np.float32(1) - heat, heat).view(np.int32) >> DROPPED
    return np.where(upper, 2 * MIDDLE - bits, bits)


class PixelCurve:
    """Pixels of many photos, gathered photo by photo, then judged at all thresholds at once.

    Scores that differ by less than a thousandth (of themselves, or above one half of their distance from 1) may
    fall together and then count as tied. Figures without a value (no defect, say) are NaN.

    Attributes:
        photos, regions: Photos gathered, and the connected defects in them (eight neighbours).
    Example:
        >>> curve = PixelCurve()
        >>> curve.add(np.array([[0, 0], [0, 1]]), np.array([[0.1, 0.2], [0.3, 0.9]]))
        >>> curve.roc_auc(), curve.average_precision(), curve.pro()
        (1.0, 1.0, 1.0)
    """

    def __init__(self):
        self.defect, self.good = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
        self.covered = np.zeros(BINS)  # by each pixel of a region its share of that region
        self.photos = self.regions = 0

    def add(self, mask: np.ndarray | None, heat: np.ndarray) -> None:
        """Takes one photo.

        Args:
            mask: Above one half on the defect, `(height, width)`; None: a good part.
            heat: Score of each pixel in [0, 1], same shape.
        Raises:
            ValueError: If the shapes differ or a score is not in [0, 1].
        """
        from scipy.ndimage import label

        heat = np.ascontiguousarray(heat, np.float32)
        mask = np.zeros(heat.shape, bool) if mask is None else np.asarray(mask) > 0.5
        if mask.shape != heat.shape or heat.ndim != 2:
            raise ValueError(f"expected a heatmap of the mask's shape {mask.shape}, found {heat.shape}")
        if not ((heat >= 0) & (heat <= 1)).all():
            raise ValueError("the scores of a heatmap must lie in [0, 1]")
        place = _bins_of(np.abs(heat))  # abs: the bits of -0 are those of no small number
        self.photos += 1
        self.good += np.bincount(place[~mask], minlength=BINS)
        if not mask.any():
            return
        regions, count = label(mask, structure=np.ones((3, 3)))
        sizes = np.bincount(regions[mask])
        self.regions += count
        self.defect += np.bincount(place[mask], minlength=BINS)
        self.covered += np.bincount(place[mask], 1 / sizes[regions[mask]], minlength=BINS)

    def roc_auc(self) -> float:
        """Chance that a pixel of a defect scores above one of good material; a tie counts half."""
        defects, good = int(self.defect.sum()), int(self.good.sum())
        if not (defects and good):
            return float("nan")
        below = np.cumsum(self.good) - self.good / 2
        return float(self.defect @ below / defects / good)

    def average_precision(self) -> float:
        """Mean precision over the pixels of defects, tied ones at one threshold."""
        if not self.defect.any():
            return float("nan")
        hits, alarms = (np.cumsum(each[::-1]) for each in (self.defect, self.defect + self.good))
        return float(self.defect[::-1] @ share(hits, alarms) / hits[-1])

    def pro(self, most_false_positive: float = 0.3) -> float:
        """Per-region overlap: mean covered share of a defect, however small, over false-positive rates.

        Area under the curve of coverage against the share of good pixels marked, up to
        `most_false_positive`, as a share of that width; in [0, 1], higher is better.

        Reference:
            Bergmann et al., The MVTec Anomaly Detection Dataset, IJCV 129, 2021, section 5.2
        """
        if not (self.regions and self.good.any()):
            return float("nan")
        used = np.flatnonzero((self.good + self.defect)[::-1])  # a bin without pixels is no threshold
        marked = np.r_[0, np.cumsum(self.good[::-1])[used]] / self.good.sum()
        overlap = np.r_[0, np.cumsum(self.covered[::-1])[used]] / self.regions
        inside = marked <= most_false_positive
        end = np.interp(most_false_positive, marked, overlap)
        x, y = np.r_[marked[inside], most_false_positive], np.r_[overlap[inside], end]
        return float(min(np.trapezoid(y, x) / most_false_positive, 1.0))  # 1 but for rounding


def pixel_roc_auc(masks: Iterable, heats: Iterable) -> float:
    """Area under the ROC curve over the pixels of all photos: see `PixelCurve`.

    Args:
        masks: One a photo, `(height, width)` or None.
        heats: As many, each of its mask's shape.
    Example:
        >>> pixel_roc_auc([np.array([[0, 1]]), None], [np.array([[0.2, 0.8]]), np.array([[0.9, 0.1]])])
        0.6666666666666666
    """
    curve = PixelCurve()
    for mask, heat in zip(masks, heats, strict=True):
        curve.add(mask, heat)
    return curve.roc_auc()
