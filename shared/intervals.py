"""How sure a figure is: bootstrap intervals over rows or groups, paired differences, spreads over folds."""

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from shared.metrics import Weighted

Metric = Callable[..., float]
WORK = 1_500_000_000  # rows x models x metrics x resamples; a quarter of a minute on an idle core
FEWEST = 100  # resamples that even the largest table gets


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval.

    Example:
        >>> Estimate(0.6, 0.5, 0.7).to_dict()
        {'value': 0.6, 'low': 0.5, 'high': 0.7}
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


class Bootstrap(Mapping):
    """The metrics of several models on one set of rows, and on the same resamples of these rows.

    `result[name][metric]` is an `Estimate`, so the whole reads like a dictionary of dictionaries.

    Args:
        values: Metric of all rows, by model and metric.
        draws: Metrics of the resamples, shape `(resamples,)`, by model and metric.
        level: Share of the draws that the intervals hold.
        biased: Metrics whose resamples lie too high; their intervals are reflected.
        wanted: Resamples asked for; fewer were drawn where the table is very large.
    """

    def __init__(self, values: dict[str, dict], draws: dict[str, dict], *, level, wanted, biased=frozenset()):
        self.values, self.draws, self.level, self.wanted = values, draws, level, wanted
        self.biased = frozenset(biased)

    def __getitem__(self, name: str) -> dict[str, Estimate]:
        return {metric: self.estimate(name, metric) for metric in self.values[name]}

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def resamples(self) -> int:
        """Resamples drawn."""
        return next((len(draws) for by in self.draws.values() for draws in by.values()), 0)

    def estimate(self, name: str, metric: str) -> Estimate:
        """The metric of one model."""
        found = _estimate(
            self.values[name][metric], self.draws[name][metric], self.level, metric in self.biased
        )
        return Estimate(found.value, max(0.0, found.low), found.high) if metric in self.biased else found

    def difference(self, a: str, b: str, metric: str) -> Estimate:
        """Model `a` minus model `b`, both on the same resamples: an interval without 0 is a difference."""
        value = self.values[a][metric] - self.values[b][metric]
        draws = self.draws[a][metric] - self.draws[b][metric]
        return _estimate(value, draws, self.level, metric in self.biased)


def _estimate(value: float, draws: np.ndarray, level: float, reflected: bool = False) -> Estimate:
    """Percentile interval, widened to hold the value itself; NaN where most resamples have no value.

    Reflected at the value, it corrects a bias that the resamples show (the basic bootstrap interval).
    """
    wanted, draws = len(draws), draws[np.isfinite(draws)]
    if not math.isfinite(value) or len(draws) <= wanted / 2:
        return Estimate(float(value), float("nan"), float("nan"))
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    if reflected:
        low, high = 2 * value - high, 2 * value - low
    return Estimate(float(value), float(min(low, value)), float(max(high, value)))


def bootstrap(
    y_true,
    predictions: Mapping[str, np.ndarray],
    metrics: Mapping[str, Metric],
    *,
    groups=None,
    resamples: int = 300,
    seed: int = 0,
    level: float = 0.95,
) -> Bootstrap:
    """Metrics of each model with percentile intervals; every model sees the same resamples.

    Whole groups are drawn with replacement (cluster bootstrap), so that an interval knows that the rows of
    one card are alike; without `groups`, rows are drawn. A resample is a count for each row, given to the
    metrics as weights: metrics made by `shared.metrics.metric` sort once for all resamples; any other
    `f(y_true, y_pred, weights=...)` gets the weights, and any `f(y_true, y_pred)` gets the rows repeated.
    Options are bound with `functools.partial`, arrays among them only for metrics that take weights.

    Intervals of a metric marked `biased` (the calibration error) are reflected at its value and end at 0.

    Above 1.5e9 rows x models x metrics x resamples the number of resamples falls, to 100 at least;
    `result.resamples` is what was drawn.

    Args:
        y_true: Labels 0 or 1, shape `(rows,)`.
        predictions: Scores by model name, each of shape `(rows,)`, or `(rows, classes)` where the metrics read these.
        metrics: Metrics by name.
        groups: Group of each row (a card, a patient), shape `(rows,)`.
    Reference:
        Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; clusters: Field & Welsh, 2007
    Example:
        >>> from shared.metrics import brier, roc_auc
        >>> y = np.tile([0, 0, 1, 1], 50)
        >>> scores = {"a": y * 0.6 + 0.2, "b": np.full(200, 0.5)}
        >>> result = bootstrap(y, scores, {"auc": roc_auc, "brier": brier})
        >>> result["a"]["auc"], result.difference("a", "b", "brier").high < 0
        (Estimate(value=1.0, low=1.0, high=1.0), True)
    """
    y_true = np.asarray(y_true).reshape(-1)
    prepared = {
        name: {metric: _prepared(function, y_true, scores) for metric, function in metrics.items()}
        for name, scores in predictions.items()
    }
    values = {name: {metric: f(None) for metric, f in by.items()} for name, by in prepared.items()}
    work = max(1, len(y_true) * len(predictions) * len(metrics))
    count = min(resamples, max(FEWEST, WORK // work))
    draws = {name: {metric: np.empty(count) for metric in by} for name, by in prepared.items()}
    for i, weights in enumerate(_resampled(len(y_true), groups, count, seed)):
        for name, by in prepared.items():
            for metric, function in by.items():
                draws[name][metric][i] = function(weights)
    biased = {name for name, metric in metrics.items() if getattr(_bare(metric)[0], "biased", False)}
    return Bootstrap(values, draws, level=level, wanted=resamples, biased=biased)


def paired_difference(y_true, a, b, metric: Metric, **settings) -> Estimate:
    """`metric` of scores `a` minus that of scores `b`, on the same resamples; settings as in `bootstrap`.

    Example:
        >>> from shared.metrics import brier
        >>> y = np.tile([0, 1], 100)
        >>> paired_difference(y, y * 0.6 + 0.2, np.full(200, 0.5), brier).high < 0
        True
    """
    return bootstrap(y_true, {"a": a, "b": b}, {"metric": metric}, **settings).difference("a", "b", "metric")


def _bare(metric: Metric) -> tuple[Metric, dict]:
    """The function and the options that `functools.partial` bound to it."""
    if isinstance(metric, functools.partial) and not metric.args:
        return metric.func, metric.keywords
    return metric, {}


def _prepared(metric: Metric, y_true: np.ndarray, y_pred: np.ndarray) -> Weighted:
    """The metric as a function of the weights alone."""
    y_pred = np.asarray(y_pred)
    if y_pred.ndim != 2 or y_pred.shape[1] == 1:
        y_pred = y_pred.reshape(-1)
    function, options = _bare(metric)
    if hasattr(function, "prepare"):
        return function.prepare(y_true, y_pred, **options)
    if "weights" in inspect.signature(metric).parameters:
        return lambda weights: float(metric(y_true, y_pred, weights=weights))

    def repeated(weights):
        if weights is None:
            return float(metric(y_true, y_pred))
        rows = np.repeat(np.arange(len(y_true)), weights.astype(np.int64))
        return float(metric(y_true[rows], y_pred[rows]))

    return repeated


def _resampled(rows: int, groups, count: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row occurs in each resample, float64 of shape `(rows,)`."""
    rng = np.random.default_rng(seed)
    if groups is None:
        code, size = None, rows
    else:
        code = np.unique(np.asarray(groups).reshape(-1), return_inverse=True)[1]
        size = int(code.max()) + 1
        if len(code) != rows:
            raise ValueError(f"expected one group for each of {rows} rows, found {len(code)}")
    for _ in range(count):
        times = np.bincount(rng.integers(size, size=size), minlength=size).astype(np.float64)
        yield times if code is None else times[code]


@dataclass(frozen=True)
class FoldSummary:
    """Mean over folds or seeds, the spread (standard deviation) and the t interval of the mean.

    Args:
        p_value: Of a mean of 0; only for differences.
    """

    mean: float
    spread: float
    low: float
    high: float
    folds: int
    p_value: float | None = None

    def to_dict(self) -> dict[str, float | int | None]:
        return asdict(self)


def fold_summary(values, *, level: float = 0.95) -> FoldSummary:
    """Mean, spread and t interval of one figure over folds or seeds, taken as independent.

    Folds that share training rows are not independent: the interval is then too narrow; to compare two
    models use `corrected_t_test`. One value has no spread: NaN.
    Example:
        >>> fold_summary([0.60, 0.62, 0.64]).mean
        0.62
    """
    values = np.asarray(values, np.float64).reshape(-1)
    return _t_summary(values, variance_factor=1 / max(1, len(values)), level=level)


def corrected_t_test(a, b, *, test_share: float, level: float = 0.95) -> FoldSummary:
    """Figures of model `a` minus those of `b` over the same folds; folds may share training rows.

    As they do, the variance of the mean is `1 / folds + test rows / training rows` times that over the folds.

    Args:
        test_share: Test rows over training rows of one fold: .25 in five-fold cross-validation.
    Reference:
        Nadeau & Bengio, Inference for the Generalization Error, Machine Learning 52, 2003, section 4.1
    Example:
        >>> corrected_t_test([0.9, 0.8, 0.7], [0.8, 0.8, 0.6], test_share=0.5).p_value > 0.2
        True
    """
    a, b = np.asarray(a, np.float64).reshape(-1), np.asarray(b, np.float64).reshape(-1)
    if a.shape != b.shape:
        raise ValueError(f"expected the same folds of both models, found {len(a)} and {len(b)}")
    return _t_summary(a - b, variance_factor=1 / max(1, len(a)) + test_share, level=level, test=True)


def _t_summary(
    values: np.ndarray, *, variance_factor: float, level: float, test: bool = False
) -> FoldSummary:
    from scipy.stats import t as student

    mean, folds, nan = float(values.mean()), len(values), float("nan")
    if folds < 2:
        return FoldSummary(mean, nan, nan, nan, folds, nan if test else None)
    spread = float(values.std(ddof=1))
    error = spread * math.sqrt(variance_factor)
    half = float(student.ppf((1 + level) / 2, folds - 1)) * error
    p_value = float(2 * student.sf(abs(mean) / error, folds - 1)) if error > 0 else float(mean == 0)
    return FoldSummary(mean, spread, mean - half, mean + half, folds, p_value if test else None)
