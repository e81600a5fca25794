"""Small panels for the tests of rivals, and what every rival must keep to."""

import numpy as np
import pandas as pd

from shared.series.panel import Panel

ORIGIN, HORIZON, SEASON = 90, 6, 7
QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
ARGUMENTS = {"horizon": HORIZON, "quantiles": QUANTILES, "season": SEASON, "seed": 0}


def panel_of(series: int = 14, steps: int = ORIGIN + HORIZON, seed: int = 0) -> Panel:
    """Days of demand with a week and promotions; the first series are the odd ones.

    0: zeros. 1: three steps of history. 2: none. 3: not known at the end. 4: intermittent. 5: gaps.
    """
    rng = np.random.default_rng(seed)
    promotion = (rng.random((series, steps)) < 0.1).astype(np.float32)
    level = rng.gamma(3, 4, (series, 1)) * (1 + 0.5 * np.sin(2 * np.pi * np.arange(steps) / 7))
    target = rng.poisson(level * (1 + promotion)).astype(np.float32)
    start = np.zeros(series, np.int64)
    target[0] = 0
    start[1], start[2] = ORIGIN - 3, ORIGIN
    target[3, ORIGIN - 10 : ORIGIN] = np.nan
    target[4] = rng.poisson(0.2, steps)
    target[5, rng.random(steps) < 0.3] = np.nan
    target[np.arange(steps) < start[:, None]] = np.nan
    price = rng.gamma(9, 1, (series, 1)) * np.where(promotion > 0, 0.8, 1)
    return Panel(
        target,
        start,
        steps,
        np.datetime64("2024-01-01T00:00:00", "s"),
        "D",
        keys={"item": pd.Categorical([f"{at:05d}" for at in range(series)])},
        statics={"category": pd.Categorical(rng.choice(["a", "b"], series))},
        known={"promotion": promotion, "price": price.astype(np.float32)},
    )


def scrambled(panel: Panel, origin: int) -> Panel:
    """The same panel with other targets from `origin` on."""
    other = panel_of(len(panel), panel.steps)
    other.target[:, origin:] = 1000 + np.arange(panel.steps - origin)
    return other


def check_rival(make) -> np.ndarray:
    """Everything that holds for every rival; returns its forecast at `ORIGIN`."""
    panel, rival, again = panel_of(), make(), make()
    before = panel.target.copy()
    rival.fit(panel, origin=ORIGIN, **ARGUMENTS)
    forecast = rival.forecast(panel, origin=ORIGIN)
    np.testing.assert_array_equal(panel.target, before)
    assert forecast.shape == (len(panel), HORIZON, len(QUANTILES))
    assert np.isfinite(forecast).all() and (forecast >= 0).all()
    assert (np.diff(forecast, axis=-1) >= 0).all()
    again.fit(scrambled(panel, ORIGIN), origin=ORIGIN, **ARGUMENTS)
    np.testing.assert_array_equal(again.forecast(scrambled(panel, ORIGIN), origin=ORIGIN), forecast)
    others = np.delete(np.arange(len(panel)), 2)
    np.testing.assert_allclose(forecast[2], forecast[others].mean(axis=0))
    assert forecast[0].max() <= 0.2 * forecast[others].mean()
    later = rival.forecast(panel, origin=ORIGIN + 2)
    assert np.isfinite(later).all() and not np.array_equal(later, forecast)
    return forecast


def check_short(make) -> None:
    """A panel of hardly any steps, of gaps, and of nothing at all."""
    for steps in (1, 2, 5, 9):
        panel = panel_of(6, steps)
        panel.start = np.zeros(6, np.int64)
        rival = make()
        rival.fit(panel, origin=steps, **ARGUMENTS)
        assert np.isfinite(rival.forecast(panel, origin=steps)).all()
    empty = panel_of(6)
    empty.target[:] = np.nan
    rival = make()
    rival.fit(empty, origin=ORIGIN, **ARGUMENTS)
    assert (rival.forecast(empty, origin=ORIGIN) == 0).all()


def check_below_zero(make) -> None:
    """Values below 0 stay below 0."""
    panel = panel_of()
    panel.target -= 500
    rival = make()
    rival.fit(panel, origin=ORIGIN, **ARGUMENTS)
    assert rival.forecast(panel, origin=ORIGIN).max() < -300
