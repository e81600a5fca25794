"""What a forecaster reads of a panel: a window of the past and the known future, gathered at batch time."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from shared.inputs import Arrays, Inputs
from shared.series.panel import Panel
from shared.series.seasons import calendar_features, cycles_seen, dates_from

PART = 8192  # examples at once, so that the memory stays small
CLIP = 30.0  # of scaled inputs: a spike of thousands of times the usual sale must not blow up a batch
RELATIVE = "price"  # read against the window's own mean: 10 % off is 10 % off, whatever the item costs


class Windows(Inputs):
    """Windows of many series at many origins; each is scaled by its own past, so that all sizes are alike.

    An example is one series at one origin `t`: steps before `t` are its past, `t` to `t + horizon - 1` are to
    be forecast. Nothing of the target, or of what is known only afterwards, is read at `t` or later. A window
    is gathered for the rows of one batch: 30,000 series of 700 days as windows would take 100 GB.

    Args:
        panel: All series.
        series, origins: Number of the series and origin of each example, `(examples,)`.
        lookback: Steps of the past that are read.
        horizon: Steps that are forecast.
        state: What `learn_windows` learnt.
        transform: "none", or "log": the logarithm of a value and a piece (the smallest usual quantity) is read
            and forecast, so that a week of ten sales and one of ten thousand move alike. Quantiles stay
            quantiles under it.
        center: What is taken off first: nothing; the "mean" of the window; or its "last" value, for series
            that wander. Logarithms have their mean taken off where it says nothing.
        unit: What the rest is measured in: "level", the mean size in the window, or "change", the mean step
            from one value to the next, its size where there is none. Logarithms are measured in themselves.
        baseline: What the network's answer is added to: what was taken off the input ("none"), the "last" value,
            or the value one "season" earlier.
        season: Steps of that season.
        sizes_read: Whether the size, the share of zeros, the age and which steps are known are read too.
        calendar: Whether the cycles are read that the training steps hold twice: day, week, year.
        static: Codes of the statics, `(series, columns)` int32; None: there are none.
    Input shapes: `past` `(examples, lookback, 2 + ...)`: scaled target, whether it is known, calendar,
        covariates; `future` `(examples, horizon, ...)`: calendar, known-ahead covariates; `level`
        `(examples, 4)`: logarithm of the scale, share of zeros, age, share of known steps; `scale`
        `(examples, 1)` in the customer's unit; `static`. Padding, at the front of `past`, is all zeros.
    """

    def __init__(
        self,
        panel: Panel,
        series: np.ndarray,
        origins: np.ndarray,
        *,
        lookback: int,
        horizon: int,
        state: Mapping[str, Any],
        transform: Literal["none", "log"] = "none",
        center: Literal["none", "mean", "last"] = "none",
        unit: Literal["level", "change"] = "level",
        baseline: Literal["none", "last", "season"] = "none",
        season: int = 1,
        sizes_read: bool = True,
        calendar: bool = True,
        static: np.ndarray | None = None,
    ):
        self.panel, self.series, self.origins = panel, np.asarray(series), np.asarray(origins)
        self.lookback, self.horizon, self.state = lookback, horizon, state
        self.transform, self.unit, self.static = transform, unit, static
        self.center = "mean" if transform == "log" and center == "none" else center
        self.baseline, self.season, self.sizes_read = baseline, season, sizes_read
        self.cold = cold_scales(panel, state)
        steps = max(panel.steps, int(self.origins.max(initial=0)) + horizon)
        dates = dates_from(panel.first, panel.frequency, steps)
        self.calendar = calendar_features(dates, panel.frequency, state["cycles"] if calendar else [])
        self.arrays: Arrays = {}

    def __len__(self) -> int:
        return len(self.series)

    def take(self, rows: np.ndarray) -> Arrays:
        series, origins = self._examples(rows)
        back = origins[:, None] + np.arange(-self.lookback, 0)
        ahead = origins[:, None] + np.arange(self.horizon)
        values, there = self._past(series, back)
        center, scale, size = self._scales(values, series)
        known = np.isfinite(values)
        scaled = np.clip(np.where(known, (values - center) / scale, 0), -CLIP, CLIP)
        past = [scaled[..., None], self.calendar[np.maximum(back, 0)]]
        past[1:1] = [known[..., None]] if self.sizes_read else []
        past += self._covariates(self.panel.known, series, back, back)
        past += self._covariates(self.panel.past, series, back, back)
        future = [self.calendar[ahead], *self._covariates(self.panel.known, series, ahead, back)]
        out = {
            "past": np.where(there[..., None], np.concatenate(past, axis=-1), 0).astype(np.float32),
            "future": np.concatenate(future, axis=-1).astype(np.float32),
            "level": self._levels(values, there, size)[:, : None if self.sizes_read else 0],
            "scale": size.astype(np.float32),
        }
        if self.static is not None:
            out["static"] = self.static[series]
        return {name: array for name, array in out.items() if array.shape[-1]}

    def _examples(self, rows) -> tuple[np.ndarray, np.ndarray]:
        rows = np.asarray(rows)
        return self.series[rows], self.origins[rows]

    def _past(self, series: np.ndarray, back: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values of the window, NaN where not known, and which steps lie in the life of the series."""
        there = back >= np.maximum(self.panel.start[series], 0)[:, None]
        values = self.panel.target[series[:, None], np.maximum(back, 0)]
        return np.where(there, self._forward(values), np.nan), there

    def _read(self, rows) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The windows of some examples, and their center, scale and size."""
        series, origins = self._examples(rows)
        past = self._past(series, origins[:, None] + np.arange(-self.lookback, 0))[0]
        return past, self._scales(past, series)

    def _forward(self, values: np.ndarray) -> np.ndarray:
        if self.transform == "none":
            return values
        return np.log(np.maximum(values, 0) + self.state["piece"])

    def _scales(self, values: np.ndarray, series: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What is taken off, the unit of what is left, and the size, `(examples, 1)` each."""
        known = np.isfinite(values)
        count = known.sum(axis=1, keepdims=True)
        filled = np.where(known, values, 0)
        mean = filled.sum(axis=1, keepdims=True) / np.maximum(count, 1)
        size = np.abs(filled).sum(axis=1, keepdims=True) / np.maximum(count, 1) + self.state["piece"]
        cold = self.cold[series][:, None]
        if self.transform == "log":
            size, mean = np.exp(mean), np.where(count > 0, mean, np.log(cold))
        size = np.where(count > 0, size, cold)
        scale = np.ones_like(size) if self.transform == "log" else size
        if self.unit == "change" and self.transform == "none":
            step = np.abs(np.diff(values, axis=1))
            counted = np.isfinite(step)
            total = np.where(counted, step, 0).sum(axis=1, keepdims=True)
            steps = counted.sum(axis=1, keepdims=True)
            scale = np.where(steps > 0, total / np.maximum(steps, 1) + 1e-3 * size, size)
        center = mean if self.center == "mean" else np.zeros_like(scale)
        if self.center == "last":
            center = np.where(count > 0, _last(values), mean)
        return center, scale, size

    def _base(self, values: np.ndarray, center: np.ndarray) -> np.ndarray:
        """What the network's answer is added to, `(examples, horizon)`."""
        base = np.repeat(center, self.horizon, axis=1)
        if self.baseline == "none":
            return base
        last = _last(values)
        base = np.where(np.isfinite(last), last, base)
        if self.baseline == "season" and self.season <= self.lookback:
            before = values[:, self.lookback - self.season + np.arange(self.horizon) % self.season]
            base = np.where(np.isfinite(before), before, base)
        return base

    def in_units(self, rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """The network's numbers in the customer's unit; quantiles stay quantiles.

        Args:
            numbers: `(rows, horizon, ...)`.
        """
        past, (center, scale, _) = self._read(rows)
        axes = (..., *[None] * (numbers.ndim - 2))
        values = numbers.astype(np.float64) * scale[axes] + self._base(past, center)[axes]
        return values if self.transform == "none" else np.exp(np.minimum(values, 80)) - self.state["piece"]

    def sizes(self, rows: np.ndarray) -> np.ndarray:
        """The size of each example in the customer's unit, `(rows,)`."""
        return self._read(rows)[1][2][:, 0]

    def _levels(self, values: np.ndarray, there: np.ndarray, size: np.ndarray) -> np.ndarray:
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=1), 1)
        zeros = (known & (values == self._forward(np.zeros((), values.dtype)))).sum(axis=1) / count
        size = np.log(size[:, 0] / self.state["piece"])
        columns = [(size - self.state["size"]["mean"]) / self.state["size"]["spread"], zeros]
        columns += [there.mean(axis=1), known.mean(axis=1)]
        return np.stack(columns, axis=1).astype(np.float32)

    def _covariates(self, columns: Mapping[str, np.ndarray], series, steps, back) -> list[np.ndarray]:
        """Each covariate at the steps, and whether it is known there, `(examples, steps, 1)` each."""
        found = []
        for name, values in columns.items():
            at = values[series[:, None], np.clip(steps, 0, values.shape[1] - 1)].astype(np.float64)
            at[(steps < 0) | (steps >= values.shape[1])] = np.nan
            if name == RELATIVE:
                usual = values[series[:, None], np.clip(back, 0, values.shape[1] - 1)].astype(np.float64)
                usual[(back < 0) | (back >= values.shape[1])] = np.nan
                at = np.log(np.maximum(at, 1e-9) / np.maximum(_row_means(usual, at), 1e-9)) * 5
            else:
                learnt = self.state["covariates"].get(name, {"mean": 0.0, "spread": 1.0})
                at = (at - learnt["mean"]) / learnt["spread"]
            known = np.isfinite(at)
            found += [np.clip(np.where(known, at, 0), -CLIP, CLIP)[..., None]]
            if name in self.state["gaps"]:
                found += [known[..., None]]
        return found

    def targets(self) -> np.ndarray:
        """What the network is to say of each example, `(examples, horizon)` float32; NaN: not known."""
        truth = self._forward(self.truth())
        out = np.empty(truth.shape, np.float32)
        for start in range(0, len(self), PART):
            part = np.arange(start, min(start + PART, len(self)))
            past, (center, scale, _) = self._read(part)
            out[part] = (truth[part] - self._base(past, center)) / scale
        return out

    def truth(self) -> np.ndarray:
        """What came, in the customer's unit, `(examples, horizon)` float64; NaN: not known."""
        ahead = self.origins[:, None] + np.arange(self.horizon)
        values = self.panel.target[self.series[:, None], np.minimum(ahead, self.panel.steps - 1)]
        return np.where(ahead < self.panel.now, values, np.nan).astype(np.float64)


def _last(values: np.ndarray) -> np.ndarray:
    """The last known value of each row, NaN where there is none, `(rows, 1)`."""
    place = values.shape[1] - 1 - np.argmax(np.isfinite(values)[:, ::-1], axis=1)
    return values[np.arange(len(values)), place][:, None]


def _row_means(values: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """The mean of what is known in each row; of `otherwise` where nothing is; else 1."""
    out = np.ones((len(values), 1))
    for array in (otherwise, values):
        known = np.isfinite(array)
        count = known.sum(axis=1, keepdims=True)
        mean = np.where(known, array, 0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
        out = np.where((count > 0) & (mean > 0), mean, out)
    return out


def learn_windows(panel: Panel, origin: int) -> dict[str, Any]:
    """What windows need to know, from the steps before `origin` alone; plain JSON.

    Returns:
        `piece`: the smallest usual quantity, added to each scale so that a window of zeros has one; `size`:
        mean and spread of the logarithm of the series' scales; `cold`: first demand of a series by static
        category, for those without a past; `cycles`: those of the calendar that can be told; `covariates`: mean
        and spread; `gaps`: covariates with gaps.
    """
    values = panel.target[:, :origin]
    positive = np.abs(values[np.isfinite(values) & (values != 0)])
    piece = float(np.quantile(positive, 0.01)) if len(positive) else 1.0
    known = np.isfinite(values)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.abs(np.where(known, values, 0)).sum(axis=1, dtype=np.float64) / np.maximum(count, 1) + piece
    sizes = np.log(mean[count > 0] / piece) if (count > 0).any() else np.zeros(1)
    state = {"piece": piece, "size": {"mean": float(sizes.mean()), "spread": float(sizes.std()) or 1.0}}
    state["cold"] = _cold(panel, np.where(count > 0, mean, np.nan))
    state["cycles"] = cycles_seen(panel.dates[:origin], panel.frequency)
    state["covariates"], state["gaps"] = {}, []
    for name, column in {**panel.known, **panel.past}.items():
        seen = column[:, :origin][known]
        fine = seen[np.isfinite(seen)].astype(np.float64)
        if len(fine) < len(seen):
            state["gaps"].append(name)
        if name != RELATIVE:
            spread = float(fine.std()) if len(fine) else 1.0
            state["covariates"][name] = {
                "mean": float(fine.mean()) if len(fine) else 0.0,
                "spread": spread if spread > 1e-9 else 1.0,
            }
    return state


def _cold(panel: Panel, mean: np.ndarray) -> dict[str, float]:
    """Geometric mean of the levels of all series, and of those of each static category."""
    known = np.isfinite(mean)
    out = {"": float(np.exp(np.log(mean[known]).mean())) if known.any() else 1.0}
    for name, categories in panel.statics.items():
        for code, category in enumerate(categories.categories):
            rows = known & (categories.codes == code)
            if rows.any():
                out[f"{name}/{category}"] = float(np.exp(np.log(mean[rows]).mean()))
    return out


def cold_scales(panel: Panel, state: Mapping[str, Any]) -> np.ndarray:
    """The level expected of each series if nothing of it is known, `(series,)`: that of its category."""
    out = np.full(len(panel), state["cold"][""])
    for name, categories in panel.statics.items():
        learnt = np.array([state["cold"].get(f"{name}/{each}", np.nan) for each in categories.categories])
        if len(learnt):
            own = np.where(categories.codes >= 0, learnt[categories.codes], np.nan)
            out = np.where(np.isfinite(own), own, out)
    return out
