"""Figures of forecasts against loops over series and steps; resamples that draw whole series."""

import numpy as np
import pytest

from shared.intervals import Estimate
from shared.series import judging, metrics
from shared.series.counts import mean_of
from shared.series.naive2 import naive2

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SERIES, HORIZON, SEASON = 25, 4, 3


def case(seed=0):
    """Outcomes with gaps, forecasts, and what came before."""
    rng = np.random.default_rng(seed)
    truth = rng.poisson(5, (SERIES, HORIZON)).astype(float)
    truth[rng.random(truth.shape) < 0.15] = np.nan
    truth[3] = np.nan
    forecast = np.sort(rng.gamma(3, 2, (SERIES, HORIZON, len(LEVELS))), axis=-1)
    history = rng.poisson(5, (SERIES, 20)).astype(float)
    history[5, :19] = np.nan  # too short for any scale
    return truth, forecast, history


def figures(seed=0):
    truth, forecast, history = case(seed)
    reference = naive2(history, SEASON, HORIZON)
    settings = {"history": history, "reference": reference, "season": SEASON}
    return judging.figures(truth, forecast, LEVELS, **settings)


def cells(truth):
    return [(s, t) for s in range(SERIES) for t in range(HORIZON) if np.isfinite(truth[s, t])]


def test_losses_coverage_width_and_bias_are_those_of_loops():
    truth, forecast, _ = case()
    found, known, total = figures(), cells(truth), np.nansum(truth)
    loss = 0.0
    for s, t in known:
        for place in range(1, 10):
            error = truth[s, t] - forecast[s, t, place]
            loss += 2 * max(LEVELS[place] * error, (LEVELS[place] - 1) * error) / 9
    assert found["weighted_quantile_loss"].value() == pytest.approx(loss / total)
    inside = [forecast[s, t, 1] <= truth[s, t] <= forecast[s, t, 9] for s, t in known]
    assert found["coverage_80"].value() == pytest.approx(np.mean(inside))
    width = sum(forecast[s, t, 9] - forecast[s, t, 1] for s, t in known)
    assert found["interval_width_80"].value() == pytest.approx(width / total)
    mean = mean_of(forecast, LEVELS)
    over = sum(mean[s, t] - truth[s, t] for s, t in known)
    assert found["bias"].value() == pytest.approx(over / total)


def test_scaled_errors_are_of_the_median_and_squares_of_the_mean():
    truth, forecast, history = case()
    mean, known = mean_of(forecast, LEVELS), cells(truth)
    absolute, squared = [], []
    for series in range(SERIES):
        steps = [t for s, t in known if s == series]
        past = history[series]
        seasonal = np.nanmean(np.abs(past[SEASON:] - past[:-SEASON])) if series != 5 else 0
        daily = np.nanmean((past[1:] - past[:-1]) ** 2) if series != 5 else 0
        if not steps or not seasonal:
            continue
        absolute.append(np.mean([abs(truth[series, t] - forecast[series, t, 5]) for t in steps]) / seasonal)
        squared.append(np.sqrt(np.mean([(truth[series, t] - mean[series, t]) ** 2 for t in steps]) / daily))
    assert figures()["mase"].value() == pytest.approx(np.mean(absolute))
    assert figures()["rmsse"].value() == pytest.approx(np.mean(squared))


def test_the_reference_itself_has_an_average_of_one():
    truth, _, history = case()
    reference = naive2(np.nan_to_num(history, nan=1.0), SEASON, HORIZON)
    forecast = np.repeat(reference[..., None], len(LEVELS), axis=-1)
    settings = {"history": history, "reference": reference, "season": SEASON}
    assert judging.figures(truth, forecast, LEVELS, **settings)["owa"].value() == pytest.approx(1)


def test_every_figure_says_which_way_is_better():
    assert set(figures()) == set(judging.BETTER) - {"cost"}
    assert judging.BETTER["coverage_80"] == "target" and judging.BETTER["bias"] == "zero"


def test_without_the_ends_of_the_interval_it_is_not_judged():
    truth, forecast, history = case()
    reference = naive2(history, SEASON, HORIZON)
    found = judging.figures(
        truth, forecast[..., 4:7], LEVELS[4:7], history=history, reference=reference, season=SEASON
    )
    assert set(figures()) - set(found) == {"coverage_80", "interval_width_80"}


def test_joined_origins_are_the_series_of_one_after_those_of_the_other():
    one, two = figures(0), figures(1)
    for name in one:
        joined = judging.joined([one[name], two[name]])
        alone = np.zeros((2, 2 * SERIES))
        alone[0, :SERIES], alone[1, SERIES:] = 1, 1
        np.testing.assert_allclose(joined.value(alone), [one[name].value(), two[name].value()])
    both = judging.joined([one["bias"], two["bias"]])
    (truth, forecast, _), (later, said, _) = case(0), case(1)
    mean = mean_of(np.concatenate([forecast, said]), LEVELS)
    outcomes = np.concatenate([truth, later])
    assert both.value() == pytest.approx(np.nansum(mean - outcomes) / np.nansum(outcomes))


def test_the_average_of_joined_origins_is_over_both_at_once():
    parts = [figures(0)["owa"], figures(1)["owa"]]
    joined = judging.joined(parts)
    assert isinstance(joined, metrics.Owa) and len(joined.parts) == 2
    ratios = []
    for pair in (0, 1):
        own, of = (judging.joined([part.parts[pair][side] for part in parts]).value() for side in (0, 1))
        ratios.append(own / of)
    assert joined.value() == pytest.approx(np.mean(ratios))


def test_whole_series_are_drawn_all_their_origins_together():
    weights = judging.resampled(SERIES, 3, seed=0, resamples=50)
    assert weights.shape == (50, 3 * SERIES)
    for origin in (1, 2):
        np.testing.assert_array_equal(
            weights[:, :SERIES], weights[:, origin * SERIES : (origin + 1) * SERIES]
        )
    assert (weights[:, :SERIES].sum(axis=1) == SERIES).all() and weights.max() > 1
    np.testing.assert_array_equal(weights, judging.resampled(SERIES, 3, seed=0, resamples=50))
    assert not np.array_equal(weights, judging.resampled(SERIES, 3, seed=1, resamples=50))


def test_of_few_series_the_origins_are_drawn_apart():
    weights = judging.resampled(2, 3, seed=0, resamples=50)
    assert weights.shape == (50, 6) and (weights.sum(axis=1) == 6).all()
    assert not np.array_equal(weights[:, :2], weights[:, 2:4])
    assert judging.resampled(1, 1, seed=0, resamples=5).tolist() == [[1.0]] * 5


def test_resamples_are_those_of_series_repeated_as_often_as_they_are_drawn():
    found, weights = figures(), judging.resampled(SERIES, 1, seed=0, resamples=5)
    drawn = judging.drawn({"model": found}, weights)
    truth, forecast, history = case()
    for number, weight in enumerate(weights.astype(int)):
        rows = np.repeat(np.arange(SERIES), weight)
        again = judging.figures(
            truth[rows], forecast[rows], LEVELS, history=history[rows], season=SEASON,
            reference=naive2(history[rows], SEASON, HORIZON),
        )  # fmt: skip
        for name, part in again.items():
            assert drawn.draws["model"][name][number] == pytest.approx(part.value()), name


def test_every_method_is_drawn_on_the_same_series():
    found = {"model": figures(0), "rival": figures(0)}
    drawn = judging.drawn(found, judging.resampled(SERIES, 1, seed=0))
    for name in judging.BETTER:
        if name != "cost":
            difference = drawn.difference("model", "rival", name)
            assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    entry = drawn["model"]["mase"]
    assert entry.low <= entry.value <= entry.high and entry.low < entry.high
    assert drawn.resamples == judging.RESAMPLES


def test_costs_are_summed_and_drawn_with_their_series():
    costs = {"model": np.arange(4.0), "naive": np.arange(4.0) * 2}
    weights = np.array([[1.0, 1, 1, 1], [0, 0, 0, 4], [4, 0, 0, 0]])
    drawn = judging.totals(costs, weights)
    assert drawn.values["model"]["cost"] == 6
    assert drawn.draws["naive"]["cost"].tolist() == [12, 24, 0]
    assert drawn.difference("model", "naive", "cost").value == -6


def test_one_metric_alone_has_the_interval_it_has_among_the_others():
    found, weights = figures(), judging.resampled(SERIES, 1, seed=0)
    entry = judging.drawn({"model": found}, weights)["model"]["bias"].to_dict()
    assert judging.estimate(found["bias"], weights) == entry


@pytest.mark.parametrize("low, high, chosen", [
    (-2.0, -0.1, "model"), (0.1, 2.0, "naive"), (-1.0, 1.0, "undecided"),
    (-1.0, 0.0, "undecided"), (0.0, 1.0, "undecided"),
])  # fmt: skip
def test_only_an_interval_without_nothing_speaks_for_one(low, high, chosen):
    assert judging.choice(Estimate((low + high) / 2, low, high), "naive") == chosen
