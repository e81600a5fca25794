"""What lies around the network of a forecast is the same wherever the network runs."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.contract import Mapping
from shared.errors import ContractError
from shared.series.categories import Categories
from shared.series.forecasting import quantiles_of, refuse_other_periods, season_of, statics_of
from shared.series.panel import Panel


def panel_of(keys, statics):
    return Panel(
        np.ones((2, 3), np.float32),
        np.zeros(2, int),
        3,
        np.datetime64("2024-01-01"),
        "W",
        keys=keys,
        statics=statics,
    )


def test_the_season_is_that_of_the_settings_or_of_the_frequency():
    panel = panel_of({}, {})
    assert season_of(panel, SimpleNamespace(season=None)) == 52
    assert season_of(panel, SimpleNamespace(season=4)) == 4


@pytest.mark.parametrize("read_keys", [False, True])
def test_statics_of_both_kinds_of_panel_hold_the_same_texts(read_keys):
    config = SimpleNamespace(read_keys=read_keys)
    ours = statics_of(
        panel_of({"item": Categories.of(["b", "a"])}, {"kind": Categories.of([None, "x"])}), config
    )
    pandas = panel_of({"item": pd.Categorical(["b", "a"])}, {"kind": pd.Categorical([None, "x"])})
    theirs = statics_of(pandas, config)
    assert list(ours) == list(theirs) == (["kind", "item"] if read_keys else ["kind"])
    assert ours["kind"].tolist() == [None, "x"] and theirs["kind"].isna().tolist() == [True, False]


def test_members_are_averaged_and_quantiles_rise():
    class Doubling:
        def in_units(self, rows, numbers):
            return 2.0 * numbers

        def __len__(self):
            return 1

    raw = np.array([[[[3.0, 1.0]], [[5.0, 3.0]]]])
    found = quantiles_of(raw, Doubling(), SimpleNamespace(head="quantiles"))
    assert found.tolist() == [[[4.0, 8.0]]]


def table_of(dates):
    frame = {"date": np.array(dates, "datetime64[us]")}
    return SimpleNamespace(frame=frame, mapping=Mapping(columns={"date": "day"}), source="sales.csv")


def test_tables_of_longer_periods_are_refused_and_of_shorter_ones_not():
    weekly = table_of(["2024-01-01", "2024-01-08", "NaT", "2024-01-15"])
    with pytest.raises(
        ContractError, match=r"sales.csv does not fit `demo`(?s:.)*column `day`.*weekly.*daily"
    ):
        refuse_other_periods(weekly, "D", "demo")
    refuse_other_periods(weekly, "W", "demo")
    refuse_other_periods(table_of(["2024-01-01", "2024-01-02"]), "M", "demo")
