"""What can be set of a forecast, and what is refused."""

import pytest
from pydantic import ValidationError

from shared.forecast_settings import QUANTILES, ForecastSettings


@pytest.mark.parametrize("levels", [QUANTILES, (0.1, 0.5, 0.9), (0.5, 0.75, 0.975)])
def test_rising_levels_with_the_median_are_taken(levels):
    assert ForecastSettings(quantiles=levels).quantiles == levels


@pytest.mark.parametrize(
    "levels",
    [(0.1, 0.9, 0.95), (0.5, 0.1, 0.9), (0.1, 0.5, 0.5), (0.0, 0.5, 0.9), (0.1, 0.5, 1.0), (0.1, 0.5)],
)
def test_other_levels_are_refused(levels):
    with pytest.raises(ValidationError, match=r"levels that rise|at least 3"):
        ForecastSettings(quantiles=levels)


def test_the_own_levels_rise_in_pairs_around_the_median():
    assert all(abs(low + high - 1) < 1e-9 for low, high in zip(QUANTILES, reversed(QUANTILES)))
    assert {0.1, 0.5, 0.9} < set(QUANTILES)


@pytest.mark.parametrize("wrong", [
    {"horizon": 0}, {"origins": 0}, {"valid_origins": 0}, {"lookback": 0}, {"members": 0}, {"transform": "sqrt"},
    {"head": "normal"}, {"most_windows": 1}, {"hroizon": 7},
])  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        ForecastSettings(**wrong)
