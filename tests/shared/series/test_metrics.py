"""Each metric against a loop over series and steps, and their weights against repeated series."""

import numpy as np
import pytest

from shared.series.metrics import (
    DECILES,
    QUANTILES,
    aggregate,
    at_or_below,
    bias,
    coverage,
    interval_width,
    mase,
    median_of,
    owa,
    rmsse,
    smape,
    weighted_quantile_loss,
)

SEASON = 4


@pytest.fixture
def case():
    """Outcomes with gaps, forecasts of quantiles, histories with a late start and gaps."""
    rng = np.random.default_rng(3)
    truth = rng.poisson(3, (12, 5)).astype(float)
    truth[rng.random(truth.shape) < 0.2] = np.nan
    truth[4] = np.nan  # nothing of it is known
    forecast = np.sort(rng.gamma(2, 2, (12, 5, len(QUANTILES))), axis=-1)
    history = rng.poisson(3, (12, 30)).astype(float)
    history[rng.random(history.shape) < 0.1] = np.nan
    history[2, :27] = np.nan  # shorter than a season
    history[3] = 7  # constant
    history[5] = np.tile([1, 2, 3, 4], 8)[:30]  # equal in all seasons, but not from step to step
    return truth, forecast, history


def lagged(row, lag, power):
    """Mean of the differences that are known; None without any."""
    found = [
        abs(row[at] - row[at - lag]) ** power
        for at in range(lag, len(row))
        if not np.isnan(row[at] - row[at - lag])
    ]
    return sum(found) / len(found) if found else None


def by_hand(truth, forecast, history, kind):
    """The metric as a loop says it."""
    values, middle = [], forecast[..., QUANTILES.index(0.5)]
    for row, point, past in zip(truth, middle, history):
        steps = [at for at in range(len(row)) if not np.isnan(row[at])]
        if not steps:
            continue
        if kind == "smape":
            sizes = [abs(row[at]) + abs(point[at]) for at in steps]
            errors = [200 * abs(row[at] - point[at]) / size for at, size in zip(steps, sizes)]
            values.append(sum(errors) / len(steps))
            continue
        power, lags = (1, (SEASON, 1)) if kind == "mase" else (2, (1,))
        scale = next((found for found in (lagged(past, lag, power) for lag in lags) if found), None)
        if scale:
            error = sum(abs(row[at] - point[at]) ** power for at in steps) / len(steps) / scale
            values.append(error if power == 1 else error**0.5)
    return sum(values) / len(values)


def test_means_over_series_equal_a_loop(case):
    truth, forecast, history = case
    assert smape(truth, forecast).value() == pytest.approx(by_hand(*case, "smape"))
    scaled = mase(truth, forecast, history=history, season=SEASON)
    assert scaled.value() == pytest.approx(by_hand(*case, "mase"))
    squared = rmsse(truth, forecast, history=history)
    assert squared.value() == pytest.approx(by_hand(*case, "rmsse"))
    assert np.isnan(scaled.by_series[[3, 4]]).all() and np.isfinite(scaled.by_series[[2, 5]]).all()


def test_weighted_quantile_loss_equals_a_loop_over_the_deciles(case):
    truth, forecast, _ = case
    loss = size = 0.0
    for series, step in zip(*np.nonzero(np.isfinite(truth))):
        value = truth[series, step]
        size += abs(value)
        for level in DECILES:
            error = value - forecast[series, step, QUANTILES.index(level)]
            loss += 2 * (level * error if error > 0 else (level - 1) * error) / len(DECILES)
    assert weighted_quantile_loss(truth, forecast).value() == pytest.approx(loss / size)


def test_weighted_quantile_loss_uses_all_quantiles_where_a_decile_is_lacking():
    truth, forecast = np.array([[4.0]]), np.array([[[2.0, 3.0, 8.0]]])
    expected = (2 * 0.05 * 2 + 2 * 0.5 * 1 + 2 * 0.05 * 4) / 3 / 4
    found = weighted_quantile_loss(truth, forecast, quantiles=(0.05, 0.5, 0.95))
    assert found.value() == pytest.approx(expected)


def test_weighted_quantile_loss_of_a_point_is_the_absolute_error(case):
    truth, forecast, _ = case
    point = forecast[..., 5]
    expected = np.nansum(np.abs(truth - point)) / np.nansum(truth)
    assert weighted_quantile_loss(truth, point).value() == pytest.approx(expected)


def test_coverage_width_and_bias_equal_a_loop(case):
    truth, forecast, _ = case
    known = np.isfinite(truth)
    low, high, middle = forecast[..., 1], forecast[..., 9], forecast[..., 5]
    inside = [lo <= y <= hi for y, lo, hi in zip(truth[known], low[known], high[known])]
    assert coverage(truth, forecast).value() == pytest.approx(np.mean(inside))
    total = truth[known].sum()
    assert interval_width(truth, forecast).value() == pytest.approx((high - low)[known].sum() / total)
    assert bias(truth, forecast).value() == pytest.approx((middle - truth)[known].sum() / total)
    shares = [share.value() for share in at_or_below(truth, forecast)]
    assert shares == pytest.approx([(truth <= forecast[..., at])[known].mean() for at in range(11)])


def every(truth, forecast, history):
    reference = forecast[..., 3]
    return [
        smape(truth, forecast),
        mase(truth, forecast, history=history, season=SEASON),
        rmsse(truth, forecast, history=history),
        owa(truth, forecast, reference=reference, history=history, season=SEASON),
        weighted_quantile_loss(truth, forecast),
        coverage(truth, forecast),
        interval_width(truth, forecast),
        bias(truth, forecast),
    ]


def test_whole_number_weights_equal_repeated_series(case):
    weights = np.random.default_rng(1).integers(0, 4, 12)
    again = np.repeat(np.arange(12), weights)
    for part, repeated in zip(every(*case), every(*(array[again] for array in case))):
        assert aggregate(part, weights) == pytest.approx(repeated.value())
        assert part[again].value() == pytest.approx(repeated.value())


def test_many_resamples_are_weighed_at_once(case):
    weights = np.random.default_rng(1).integers(0, 4, (7, 12))
    for part in every(*case):
        assert part.value(weights) == pytest.approx([part.value(row) for row in weights])


def test_components_of_two_origins_add_up_to_those_of_both(case):
    truth, forecast, history = case
    for part in (every(truth, forecast, history), every(truth + 1, forecast, history)):
        assert len(part) == 8
    first, second = every(truth, forecast, history), every(truth + 1, forecast, history)
    both = every(*(np.concatenate([a, b]) for a, b in ((truth, truth + 1), (forecast,) * 2, (history,) * 2)))
    for one, other, whole in zip(first, second, both):
        assert (one + other).value() == pytest.approx(whole.value())


def test_owa_of_the_reference_itself_is_one(case):
    truth, forecast, history = case
    found = owa(truth, forecast, reference=forecast[..., 5], history=history, season=SEASON)
    assert found.value() == pytest.approx(1)


def test_nothing_to_judge_is_not_a_number():
    truth, forecast = np.full((2, 3), np.nan), np.ones((2, 3, len(QUANTILES)))
    parts = every(truth, forecast, np.ones((2, 9)))
    assert all(np.isnan(part.value()) for part in parts)


def test_smape_of_nothing_forecast_as_nothing_is_zero():
    assert smape(np.zeros((1, 2)), np.zeros((1, 2))).value() == 0


def test_median_lies_between_the_nearest_quantiles():
    assert median_of(np.array([[[0.0, 2.0, 8.0]]]), (0.1, 0.4, 0.8)).tolist() == [[pytest.approx(3.5)]]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="expected a forecast"):
        smape(np.ones((2, 3)), np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match="expected outcomes"):
        smape(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(ValueError, match="80% interval"):
        coverage(np.ones((2, 3)), np.ones((2, 3, 2)), quantiles=(0.2, 0.8))
