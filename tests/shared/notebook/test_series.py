import numpy as np
import pytest

from shared.notebook import open_table, plot_series, plot_week
from shared.notebook.series import chosen, drawn, week_shares
from shared.series.panel import Panel
from verticals.retail import DemandPipeline


def panel(target, frequency="D", first="2024-01-03"):
    target = np.asarray(target, np.float32)
    return Panel(target, np.zeros(len(target), int), target.shape[1], np.datetime64(first, "s"), frequency)


@pytest.fixture(scope="module")
def sales():
    return open_table(DemandPipeline, sample=DemandPipeline.small)


def test_three_series_and_the_week_are_drawn(sales):
    shown = plot_series(*sales).parts[0]
    assert shown.svg.count("<svg") == 1 + 2 * 3  # each chart has its clipped part
    week = plot_week(*sales, lang="zh").parts[0].svg
    assert "星期一" in week and "星期日" in week


def test_weekly_sums_leave_out_weeks_that_are_cut():
    dates, values, frequency = drawn(panel(np.ones((2, 373))))
    assert frequency == "W" and set(values.ravel()) == {7.0}
    assert dates[0].astype("datetime64[D]") == np.datetime64(
        "2024-01-08"
    )  # a Monday; the table starts midweek


def test_short_and_monthly_series_are_drawn_as_they_are():
    assert drawn(panel(np.ones((1, 30))))[2] == "D"
    assert drawn(panel(np.ones((1, 900)), "M"))[2] == "M"


def test_a_week_in_which_nothing_is_known_stays_open():
    target = np.ones((1, 400))
    target[0, 5:12] = np.nan
    assert np.isnan(drawn(panel(target))[1][0, 0])


def test_one_series_is_drawn_once():
    assert chosen(panel([[1, 2, 3]])) == [0]


def test_the_week_of_a_table_shorter_than_a_week_has_its_own_days_only():
    shares = week_shares(panel([[2, 4]], first="2024-01-01"))
    assert shares[:2].round(3).tolist() == [0.667, 1.333] and np.isnan(shares[2:]).all()


def test_monthly_tables_have_no_week(sales, monkeypatch):
    pipeline, table = sales
    monkeypatch.setattr(pipeline, "series_of", lambda table: panel([[1, 2]], "M"), raising=False)
    assert "daily or hourly" in repr(plot_week(pipeline, table))
