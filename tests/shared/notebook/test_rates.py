from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from shared.contract import Mapping, Role
from shared.contract.tables import raw_table
from shared.notebook import plot_rates, plot_rates_over_time
from shared.notebook.rates import share
from shared.pipeline import Pipeline

LABEL, TIME = Role(name="label", kind="label"), Role(name="time", kind="time", required=False)


class Shop(Pipeline):
    name = "shop"
    Config = type("Config", (), {})
    roles = (LABEL, TIME, Role(name="amount", kind="number", required=False))

    def label(self, table):
        return table.frame["label"].to_numpy(float)


def checked(frame):
    roles = {name: name for name in ("label", "time", "amount") if name in frame}
    further = [name for name in frame if name not in roles]
    shop = Shop(mapping=Mapping(columns=roles, numeric=further))
    return shop, shop.check(raw_table(frame))


@pytest.fixture()
def frame():
    rows = np.arange(2000)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(rows * 31, unit="min")
    night = pd.Series(time).dt.hour < 3
    return pd.DataFrame(
        {"time": time, "amount": rows / 10, "fee": rows % 7, "label": night.astype(int), "other": rows}
    )


def texts(drawing):
    tree = ElementTree.fromstring(drawing.svg)
    return ["".join(each.itertext()) for each in tree.iter("{http://www.w3.org/2000/svg}text")]


def test_rates_by_hour_show_the_hours_in_which_rows_are_positive(frame):
    found = texts(plot_rates(*checked(frame)).parts[0])
    assert found[found.index("00:00–03:00") + 1] == "100.0 %"
    assert found[found.index("12:00–15:00") + 1] == "0 %"


def test_rates_by_a_further_column_are_drawn_too_and_a_lacking_one_is_left_out(frame):
    found = plot_rates(*checked(frame), numbers=["fee", "nothing"]).parts[0]
    assert found.title == "Share of positives by hour of day; Share of positives by fee"


def test_a_table_without_time_or_number_still_has_its_other_charts(frame):
    assert plot_rates(*checked(frame[["label", "amount"]])).parts[0].title == "Share of positives by amount"
    assert not plot_rates(*checked(frame[["label", "other"]])).parts


def test_every_row_with_a_number_stands_in_one_group(frame):
    from shared.notebook.rates import _sizes
    from shared.report.figures import Figures

    values = np.r_[frame["amount"].to_numpy(), np.nan]
    masks = np.array([rows for _, rows in _sizes(values, Figures("en"))])
    assert masks[:, :-1].sum(axis=0).tolist() == [1] * 2000 and not masks[:, -1].any()


def test_weeks_are_drawn_with_their_intervals(frame):
    svg = plot_rates_over_time(*checked(frame)).parts[0].svg
    assert svg.count("<circle") == 7
    assert "4 Mar" not in svg and "Jan 2024" in svg


def test_without_labels_or_times_the_reader_is_told(frame):
    assert "no column with a time" in repr(plot_rates_over_time(*checked(frame[["label", "other"]])))


def test_the_share_of_nothing_is_nothing():
    assert share(np.array([np.nan])) is None
