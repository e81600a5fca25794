import pandas as pd
import pytest

from shared.contract.tables import raw_table
from shared.notebook import show_ahead, show_reloaded
from shared.notebook.loading import best_selling, equal
from verticals.retail import DemandPipeline

QUICK = {"epochs": 1, "members": 1, "units": 8, "depth": 1, "horizon": 7, "lookback": 14, "origins": 1}
QUICK |= {"valid_origins": 1, "most_windows": 200, "refit": False}


@pytest.fixture(scope="module")
def forecast():
    frame, mapping = DemandPipeline.sample(items=3, stores=1, days=120, seed=1)
    pipeline = DemandPipeline(DemandPipeline.Config(**QUICK), mapping)
    table = pipeline.check(raw_table(frame, "sales.csv"))
    split = pipeline.splits(table)[-1]
    pipeline.fit(table, split)
    return pipeline, table, split.detail["step"]


def test_a_forecast_made_again_from_its_date_is_the_one_that_was_kept(forecast, tmp_path):
    pipeline, table, step = forecast
    panel = pipeline.series_of(table)
    kept = pipeline.answers(panel, step, pipeline.forecast(panel, step))
    origin = panel.dates[step].astype("datetime64[us]")
    kept.assign(origin=origin).to_parquet(tmp_path / "predictions.parquet")
    assert repr(show_reloaded(pipeline, table, tmp_path)).endswith("Both answers are equal.")
    kept.assign(origin=origin, mean=kept["mean"] + 1).to_parquet(tmp_path / "predictions.parquet")
    assert "The answers differ" in repr(show_reloaded(pipeline, table, tmp_path))


def test_the_periods_ahead_are_those_of_the_best_selling_series(forecast):
    pipeline, table, _ = forecast
    lines = repr(show_ahead(pipeline, table)).splitlines()[2:]
    answers = pipeline.predict(table)
    best = answers.groupby("item", observed=True)["mean"].sum().idxmax()
    assert len(lines) == 7 and all(line.startswith(str(best)) for line in lines)
    assert [line.split(" | ")[2] for line in lines] == sorted(line.split(" | ")[2] for line in lines)


def test_a_table_of_one_series_is_its_own_best():
    assert best_selling(pd.DataFrame({"step": [1, 2, 3], "mean": [1.0, 5.0, 2.0]})) == 0


def test_equal_allows_for_the_order_of_sums_and_for_nothing_else():
    row = {"score": 0.5, "decision": "pass"}
    assert equal(row, row | {"score": 0.500001}, list(row))
    assert not equal(row, row | {"score": 0.501}, list(row))
    assert not equal(row, row | {"decision": "block"}, list(row))


def test_paths_of_photos_do_not_say_where_they_lie(tmp_path):
    from shared.notebook.loading import _cell
    from shared.report.figures import Figures
    from shared.report.words import Words

    shown = _cell("image", str(tmp_path / "crack" / "1.png"), Words("en"), Figures("en"))
    assert shown == "crack/1.png"
