"""`retail.demand` on the command line: what a run leaves, what is refused and how, what a bundle forecasts."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.contract import raw_table
from shared.errors import ContractError
from shared.report.words import Words
from shared.series.rivals import MovingAverage, Naive, SeasonalNaive
from shared.simulators.shops import simulate_shops
from verticals.retail import DemandPipeline

HORIZON = 7
TINY = {"horizon": HORIZON, "lookback": 14, "origins": 2, "valid_origins": 1, "epochs": 2, "units": 8, "depth": 1,
        "members": 1, "batch_size": 256, "most_windows": 400, "statistical_rivals": False, "refit": False}  # fmt: skip
TOML = """
solution = "retail.demand"
simulated = true
[features]
categorical = ["category"]
[settings]
cancelled = ["C*"]
most_quantity = 100_000
"""
REGULAR, SALES = "--set=settings.rows=regular", "--set=settings.rows=sales"
FILES = {
    "report.html", "metrics.json", "predictions.parquet", "bundle", "bundle/model.keras", "bundle/model.onnx",
    "bundle/bundle.json",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def cheap_rivals():
    """The rivals that fit in no time; the others have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DemandPipeline, "rivals", lambda self: [Naive(), SeasonalNaive(), MovingAverage()])
        yield


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """An empty working folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def settings(**changes) -> list[str]:
    return [f"--set=settings.{name}={json.dumps(value)}" for name, value in (TINY | changes).items()]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refuses(outcome, *words: str) -> None:
    """One message with these words, exit code 2, no traceback, nothing on the standard output."""
    assert outcome.code == 2, outcome
    assert "Traceback" not in outcome.err and "unexpected" not in outcome.err, outcome.err
    assert outcome.out == "" and outcome.err.count("fault") == 1, outcome.err
    for word in words:
        assert word in outcome.err, f"`{word}` is not in: {outcome.err}"


# -- the shop that all learn from: sales lines with returns and cancelled ones


def shop() -> pd.DataFrame:
    """100 days of 4 items in 2 stores and a plan of a week: `00123` and `123` are two items, one never sells."""
    frame = simulate_shops(items=4, stores=2, days=100, plan_days=HORIZON, seed=3, stockouts=False)
    frame["item"] = frame["item"].replace({"00001": "00123", "00002": "123", "00003": "unsold"})
    sold = frame["quantity"].notna()
    frame.loc[sold & (frame["item"] == "unsold"), "quantity"] = 0
    frame["status"] = "paid"
    some = frame[sold & (frame["quantity"] > 0)]
    more = [
        some.iloc[10:13].assign(quantity=-90_000, status="C"),  # cancelled, though nobody ever bought them
        some.iloc[20:25].assign(quantity=3_000, status="C17"),  # cancelled orders
        some.iloc[40:44].assign(quantity=-1_001),  # returns of what was bought elsewhere
    ]
    return pd.concat([frame, *more], ignore_index=True).drop(columns="stockout")


@dataclass
class Ran:
    """A run that is done, and what it was made from."""

    folder: Path
    frame: pd.DataFrame
    sales: Path
    config: Path
    outcome: object

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"

    @property
    def plan(self) -> pd.DataFrame:
        return self.frame[self.frame["quantity"].isna()]

    def metrics(self) -> dict:
        return json.loads((self.folder / "metrics.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def ran(command, tmp_path_factory) -> Ran:
    """`verticals run` on the sales of this shop, two origins."""
    place, frame = tmp_path_factory.mktemp("demand"), shop()
    sales, config, folder = place / "sales.csv", place / "shop.toml", place / "runs" / "shop"
    frame[frame["quantity"].notna()].to_csv(sales, index=False)
    config.write_text(TOML, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DemandPipeline, "rivals", lambda self: [Naive(), SeasonalNaive(), MovingAverage()])
        arguments = ["--data", sales, "--config", config, *settings(), "--out", folder]
        outcome = command("run", "retail.demand", *arguments)
    assert outcome.code == 0, outcome.err
    return Ran(folder, frame, sales, config, outcome)


@pytest.fixture
def forecast(command, ran, place):
    """Predicts a frame with the bundle of the run; the answers, or the refusal."""

    def run(frame: pd.DataFrame, *more):
        frame.to_csv("new.csv", index=False)
        before = files(place)
        outcome = command("predict", ran.bundle, "--data", "new.csv", "--out", "out.parquet", *more)
        if outcome.code:
            assert files(place) == before
            return outcome
        answers = pd.read_parquet("out.parquet")
        Path("out.parquet").unlink()
        assert files(place) == before
        return answers, outcome

    return run


# -- what a run leaves


def test_run_leaves_report_metrics_predictions_and_bundle(ran):
    assert files(ran.folder) == FILES and not list(ran.folder.parent.glob(".*"))
    page = (ran.folder / "report.html").read_text("utf-8")
    assert '<html lang="en"' in page and "simulated" in page.lower()
    assert f"report: {ran.folder / 'report.html'}" in ran.outcome.out
    assert ran.metrics()["verdict"]["sentence"]["en"] in ran.outcome.out


def test_metrics_have_the_shape_that_was_agreed(ran):
    metrics = ran.metrics()
    assert metrics["kind"] == "forecast" and metrics["simulated"] and metrics["primary_metric"]
    assert set(metrics["results"]) == {"model", "naive", "seasonal_naive", "moving_average"}
    for result in metrics["results"].values():
        assert {"weighted_quantile_loss", "mase", "coverage_80", "bias", "cost"} <= set(result)
        for figure in result.values():
            assert figure["low"] <= figure["value"] <= figure["high"]
    sentences = metrics["verdict"]["sentence"]
    assert sentences["en"] and sentences["zh"] and "EUR" in sentences["en"]
    assert {each["name"] for each in metrics["inventory"]["policies"]} == set(metrics["results"])
    for stage in (
        "read",
        "check",
        "split",
        "prepare",
        "fit",
        "decide",
        "score",
        "rivals",
        "judge",
        "save",
        "report",
    ):
        assert metrics["stages"][stage]["seconds"] >= 0
    assert metrics["split"]["method"] == "rolling" and metrics["split"]["folds"] == 2
    assert metrics["split"]["parts"]["test"]["to"] == "2024-04-09"


def test_returns_and_cancelled_lines_are_counted_in_metrics_and_report(ran):
    counted = ran.metrics()["aggregation"]
    assert (counted["cancelled"], counted["returns"], counted["returned_pieces"]) == (8, 7, 274_004)
    assert (counted["series"], counted["zero_series"], counted["frequency"]) == (8, 2, "D")
    page = (ran.folder / "report.html").read_text("utf-8")
    assert "274,004" in page and "Lines of returned goods" in page and "Cancelled lines" in page
    assert "nothing but zeros: `unsold / 01`, `unsold / 02`" in ran.outcome.err


def test_everything_that_is_counted_has_words_in_both_languages(ran):
    for lang in ("en", "zh"):
        words = Words(lang, DemandPipeline.words())
        for name in ran.metrics()["aggregation"]:
            assert words.known(f"counted.{name}"), f"{name} has no words in {lang}"


def test_predictions_name_items_dates_quantiles_and_orders(ran):
    answers = pd.read_parquet(ran.folder / "predictions.parquet")
    assert set(answers["item"]) == {"00123", "123", "00004", "unsold"} and set(answers["store"]) == {
        "01",
        "02",
    }
    assert len(answers) == 2 * 8 * HORIZON and answers["actual"].notna().all()
    quantiles = answers.filter(regex=r"^q\d+$").to_numpy()
    assert np.isfinite(quantiles).all() and (np.diff(quantiles, axis=1) >= 0).all() and quantiles.min() >= 0
    assert {"mean", "order", "order_up_to", "reorder_point", "safety_stock", "note"} <= set(answers)
    assert (answers["order"] % 1 == 0).all() and (answers["order"] >= 0).all()
    first = answers.groupby("origin")["date"].min()
    assert (first == first.index).all() and first.dt.strftime("%m-%d").tolist() == ["03-27", "04-03"]
    assert (answers.loc[answers["item"] == "unsold", "note"] == "no sale yet").all()


def test_report_is_written_again_in_chinese(command, ran, place):
    outcome = command("report", ran.folder, "--lang", "zh", "--out", "report.zh.html")
    assert outcome.code == 0, outcome.err
    page = Path("report.zh.html").read_text("utf-8")
    assert (
        '<html lang="zh' in page and ran.metrics()["verdict"]["sentence"]["zh"] in page and "退货行数" in page
    )


def test_evaluate_judges_the_bundle_on_the_last_origin(command, ran, place):
    outcome = command("evaluate", ran.bundle, "--data", ran.sales, "--out", "judged")
    assert outcome.code == 0, outcome.err
    assert set(json.loads(Path("judged/metrics.json").read_text("utf-8"))["results"]) == {"model"}
    ours = pd.read_parquet(ran.folder / "predictions.parquet")
    last = ours[ours["origin"] == ours["origin"].max()].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet("judged/predictions.parquet"), last, rtol=1e-5)


def test_two_runs_with_one_seed_predict_the_same(command, ran, place):
    arguments = ["--data", ran.sales, "--config", ran.config, *settings(), "--out", "again"]
    assert command("run", "retail.demand", *arguments).code == 0
    first, again = (pd.read_parquet(folder / "predictions.parquet") for folder in (ran.folder, Path("again")))
    pd.testing.assert_frame_equal(first, again, check_exact=True)


def test_list_names_the_solution_and_its_table(command):
    outcome = command("list")
    assert outcome.code == 0
    for words in ("retail.demand", "forecast the demand", "date, quantity; optional item, store"):
        assert words in outcome.out


# -- tables that are refused: one message, nothing written


def plain(steps: int = 60) -> pd.DataFrame:
    """Three items, a row each day, item by item."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=steps).strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame({"date": days, "item": item, "quantity": rng.integers(1, 9, steps)}) for item in "abc"
    ]
    return pd.concat(parts, ignore_index=True).astype({"quantity": object, "date": object})


def changed(**cells) -> pd.DataFrame:
    """That table with cells changed, given as `column=[(row, value), ...]`, rows counted from 1."""
    frame = plain()
    for name, values in cells.items():
        for row, value in values:
            frame.loc[row - 1, name] = value
    return frame


def weekly() -> pd.DataFrame:
    weeks = pd.date_range("2024-01-01", periods=9, freq="7D").strftime("%Y-%m-%d")
    return pd.DataFrame({"date": weeks, "item": "w", "quantity": 5})


def two_zones() -> pd.DataFrame:
    """Midday in London for the first items, in Shanghai for the last."""
    frame = plain()
    return frame.assign(date=frame["date"] + " 12:00:00" + np.where(frame["item"] == "c", "+08:00", "+00:00"))


DOUBLED = pd.concat([plain(), plain().iloc[[3]].assign(quantity=77)])
SEVERAL = changed(quantity=[(7, -2), (9, 3_000_000)]).drop(index=[20, 21, 22, 40, 150])
RETURNS = "--set=settings.returns=error"

BAD = {
    "gaps": (
        changed().drop(index=[5, 6, 100]), [REGULAR],
        ["(1 fault)", "column `date`", "2 series have no row for 3 periods", "`a` 2024-01-06, `a` 2024-01-07",
         '`b` 2024-02-10. Add the rows, or set gaps = "zero" or "missing"'],
    ),
    "doubled dates": (
        DOUBLED, [REGULAR],
        ["(1 fault)", "column `date`", "`a` 2024-01-04 (rows 4 and 181)", 'set rows = "sales" under [settings]'],
    ),
    "negative": (
        changed(quantity=[(8, -4), (9, -1)]), [RETURNS],
        ["column `quantity`", "row 8: -4 is negative (and 1 more row)", 'returns = "drop" or "net"'],
    ),
    "absurd": (
        changed(quantity=[(8, 2_000_000_000)]), [],
        ["column `quantity`", "row 8: 2,000,000,000 is more than most_quantity = 1,000,000", "raise most_quantity"],
    ),
    "mixed frequency": (
        pd.concat([plain(), weekly()]), [],
        ["column `date`", "`a` is daily and `w` is weekly. Give each frequency a table of its own"],
    ),
    "empty quantity": (
        changed(quantity=[(30, None), (31, None)]), [SALES],
        ["column `quantity`", "row 30: the cell is empty (and 1 more row), though", "up to 2024-02-29", "the plan"],
    ),
    "no quantity at all": (plain().assign(quantity=None), [], ["every cell is empty: there is no past to learn"]),
    "impossible date": (changed(date=[(9, "2024-02-30")]), [], ["column `date`", "row 9: `2024-02-30` is no date"]),
    "empty date": (changed(date=[(9, "")]), [], ["column `date`", "row 9: the cell is empty. Fill it in"]),
    "text": (changed(quantity=[(9, "many")]), [], ["column `quantity`", "row 9: `many` is no number"]),
    "two zones": (two_zones(), [], ["column `date`", "row 121: offsets from UTC differ", "Set timezone under"]),
    "equal rows": (pd.concat([plain(), plain().head(1)]), [], ["rows are equal in all columns: 1 and 181", '"keep"']),
    "several cells": (
        changed(date=[(9, "2024-02-30")], quantity=[(12, "many")]).assign(price=-1), ["--set=columns.price=price"],
        ["(3 faults)", "row 9: `2024-02-30`", "row 12: `many`", "column `price` (role `price`), row 1: `-1` is below"],
    ),
    "several of the series": (
        SEVERAL, [REGULAR, RETURNS, '--set=settings.past_known=["rain"]'],
        ["(4 faults)", "past_known: `rain` is no numeric feature", "row 9: 3,000,000 is more", "row 7: -2 is negative",
         "2 series have no row for 5 periods"],
    ),
    "other names": (
        plain().rename(columns={"date": "日期", "quantity": "销量"}), [],
        ["(2 faults)", 'write under [columns]: date = "日期"', 'write under [columns]: quantity = "销量"'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_table_that_does_not_fit_is_refused_with_every_fault(command, place, case):
    frame, options, words = BAD[case]
    frame.to_csv("bad.csv", index=False)
    told = command("check", "retail.demand", "bad.csv", *settings(), *options)
    refuses(told, "bad.csv does not fit `retail.demand`", *words)
    outcome = command("run", "retail.demand", "--data", "bad.csv", *settings(), *options, "--out", "runs/bad")
    refuses(outcome, told.err)
    assert files(place) == {"bad.csv"}


def test_a_table_too_short_for_its_origins_is_refused_before_the_work(command, place):
    plain(30).to_csv("short.csv", index=False)
    outcome = command("run", "retail.demand", "--data", "short.csv", *settings(), "--out", "runs/bad")
    refuses(
        outcome,
        "2 origins of 7 steps",
        "need 31 periods, found 30",
        "Lower horizon, origins or valid_origins",
    )
    assert files(place) == {"short.csv"}


GOOD = {
    "two zones with one named": (
        two_zones(), ["--set=format.timezone=Europe/London", "--set=settings.frequency=D"], "to Europe/London",
    ),
    "doubled dates as sales": (DOUBLED, [], "sales lines, summed"),
    "gaps as zeros": (changed().drop(index=[5, 6]), [REGULAR, "--set=settings.gaps=zero"], "regular rows: 3 series"),
    "empty cells of regular rows": (changed(quantity=[(30, None)]), [REGULAR], "empty cells: quantity 1"),
    "negative as returns": (changed(quantity=[(8, -4)]), [], "1 returns (4 pieces)"),
    "an item of zeros": (changed(quantity=[(row, 0) for row in range(1, 61)]), [], "nothing but zeros: `a`"),
    "zeros alone": (plain().assign(quantity=0), [], "3 series hold nothing but zeros"),
    "a few days": (plain(5), [], "shorter than the 7 steps"),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD)
def test_a_table_that_is_unusual_fits_and_that_is_noted(command, place, case):
    frame, options, note = GOOD[case]
    frame.to_csv("good.csv", index=False)
    outcome = command("check", "retail.demand", "good.csv", *settings(), *options)
    assert outcome.code == 0 and outcome.err == "", outcome.err
    assert note in outcome.out and "60 hourly" not in outcome.out


def test_a_chinese_table_in_gbk_is_read_by_its_own_column_names(command, place):
    frame = plain().rename(columns={"date": "销售日期", "item": "商品", "quantity": "数量"})
    Path("销售.csv").write_bytes(frame.to_csv(index=False).encode("gbk"))
    toml = '[columns]\ndate = "销售日期"\nitem = "商品"\nquantity = "数量"\n'
    Path("门店.toml").write_text(toml, encoding="utf-8")
    outcome = command("check", "retail.demand", "销售.csv", "--config", "门店.toml")
    assert outcome.code == 0, outcome.err
    assert "销售.csv is CSV, gb18030" in outcome.out and "3 series of 60 daily steps" in outcome.out
    frame.loc[3, "数量"] = "很多"
    Path("销售.csv").write_bytes(frame.to_csv(index=False).encode("gbk"))
    outcome = command("check", "retail.demand", "销售.csv", "--config", "门店.toml")
    refuses(outcome, "column `数量` (role `quantity`), row 4: `很多` is no number")


# -- what the bundle forecasts


def test_a_plan_and_its_history_are_forecast_alike_from_one_file_and_from_two(forecast, ran):
    (whole, outcome), (parts, _) = forecast(ran.frame), forecast(ran.plan, "--history", ran.sales)
    pd.testing.assert_frame_equal(whole, parts, check_exact=True)
    assert outcome.out.startswith("8 series, 2024-04-10 to 2024-04-16, 2 marked `no sale yet`")
    assert set(whole["item"]) == {"00123", "123", "00004", "unsold"} and "actual" not in whole
    assert whole.groupby(["item", "store"])["step"].max().eq(HORIZON).all()


def test_a_plan_alone_asks_for_the_past(forecast, ran):
    refuses(forecast(ran.plan), "new.csv", "column `quantity`", "no past to forecast from", "--history")


def test_a_plan_that_ends_early_names_every_covariate_and_the_dates_wanted(forecast, ran):
    frame = ran.frame[ran.frame["date"] < "2024-04-14"]
    outcome = forecast(frame)
    refuses(outcome, "new.csv does not fit `retail.demand` (3 faults)", "Add rows with these dates")
    for name in ("price", "promotion", "holiday"):
        what = "3 steps of the forecast, wanted: 2024-04-14 to 2024-04-16"
        assert (
            f"column `{name}` (role `{name}`): is known ahead, but the table has no rows for {what}"
            in outcome.err
        )


def test_a_column_of_the_plan_that_lacks_is_named(forecast, ran):
    refuses(
        forecast(ran.frame.drop(columns="price")), "(1 fault)", "column `price` (role `price`) is missing"
    )


def test_empty_flags_and_prices_of_a_plan_are_noted(forecast, ran):
    frame, ahead = ran.frame.copy(), ran.frame["quantity"].isna()
    frame.loc[ahead, ["price", "promotion"]] = np.nan
    _, outcome = forecast(frame)
    assert "note: `promotion` is empty in the whole plan: it is taken for 0 there" in outcome.err
    assert "56 prices missing in the plan: the last price of the series is carried forward" in outcome.err
    assert "`holiday`" not in outcome.err.replace("column `holiday`", "")


def test_an_item_that_was_never_seen_is_forecast_and_marked(forecast, ran):
    new = ran.plan[ran.plan["item"] == "123"].assign(item="brand new", category="never seen")
    answers, outcome = forecast(pd.concat([ran.frame, new]))
    marked = answers[answers["item"] == "brand new"]
    assert len(marked) == 2 * HORIZON and (marked["note"] == "new item").all()
    assert np.isfinite(marked.filter(regex=r"^q\d+$")).all(axis=None)
    assert "10 series" in outcome.out and "2 marked `new item`" in outcome.out
    assert "note: 2 new items: series without any past" in outcome.err


def test_a_history_shorter_than_the_horizon_is_forecast_and_marked(forecast, ran):
    frame = ran.frame[(ran.frame["item"] != "123") | (ran.frame["date"] >= "2024-04-07")]
    answers, outcome = forecast(frame)
    assert (answers.loc[answers["item"] == "123", "note"] == "short history").all()
    assert not (answers.loc[answers["item"] == "00123", "note"] == "short history").any()
    assert "2 marked `short history`" in outcome.out


def test_a_fault_in_the_history_is_said_to_be_there(forecast, ran, place):
    history = pd.read_csv(ran.sales, dtype={"item": str, "store": str})
    history.loc[4, "quantity"] = 300_000
    history.to_csv("history.csv", index=False)
    outcome = forecast(ran.plan, "--history", "history.csv")
    refuses(outcome, "row 5: in the rows of --history: 300,000 is more than most_quantity = 100,000")


def test_a_numeric_feature_that_the_plan_leaves_empty_is_named_with_the_dates_wanted(command, place):
    plan = plain(60 + HORIZON).assign(rain=1.0)
    plan.loc[plan["date"] > "2024-02-29", "quantity"] = None
    plan.loc[plan["date"] > "2024-03-04", "rain"] = np.nan
    plan.to_csv("plan.csv", index=False)
    arguments = ["plan.csv", *settings(), '--set=features.numeric=["rain"]', "--predict"]
    wanted = "column `rain`: is known ahead, but every cell is empty for 3 steps of the forecast"
    outcome = command("check", "retail.demand", *arguments)
    refuses(outcome, f"{wanted}, wanted: 2024-03-05 to 2024-03-07. Fill in the planned values")
    assert command("check", "retail.demand", *arguments, '--set=settings.past_known=["rain"]').code == 0


def test_a_row_that_stands_in_the_history_too_is_named_in_both_files():
    pipeline = DemandPipeline(DemandPipeline.Config(rows="regular", horizon=HORIZON))
    frame = plain()
    again = frame[frame["date"] == "2024-02-29"].assign(quantity=99)
    with pytest.raises(ContractError, match=r"`a` 2024-02-29 \(rows 1 and 60 of --history\)"):
        pipeline.check(raw_table(again), predict=True, earlier=raw_table(frame))


# -- wide tables, and a test part in a file of its own

WIDE = """
solution = "retail.demand"
[wide]
id = "编码"
values = "V*"
origin = "2024-03-01"
frequency = "D"
[settings]
rows = "regular"
gaps = "missing"
season = 7
"""


@pytest.fixture
def wide(command, place):
    """Writes a wide table and its test part, and runs."""
    rng = np.random.default_rng(5)

    def table(steps: int, lengths, name: str = "H") -> pd.DataFrame:
        rows = [[*rng.integers(2, 9, length), *[None] * (steps - length)] for length in lengths]
        frame = pd.DataFrame(rows, columns=[f"V{step + 1}" for step in range(steps)], dtype=object)
        frame.insert(0, "编码", [f"{name}{number}" for number in range(len(lengths))])
        return frame

    def run(*, test_steps: int = 2 * HORIZON, name: str = "H", change=None):
        Path("wide.toml").write_text(WIDE, encoding="utf-8")
        train, test = table(45, [45, 45, 40, 30]), table(test_steps, [test_steps] * 4, name)
        if change:
            change(train, test)
        train.to_csv("train.csv", index=False)
        test.to_csv("test.csv", index=False)
        files_of = ["--data", "train.csv", "--test", "test.csv", "--config", "wide.toml"]
        return command("run", "retail.demand", *files_of, *settings(epochs=1), "--out", "runs/wide"), test

    return run


def test_a_wide_table_is_judged_on_its_test_part(wide):
    outcome, test = wide()
    assert outcome.code == 0, outcome.err
    assert files(Path("runs/wide")) == FILES
    answers = pd.read_parquet("runs/wide/predictions.parquet")
    assert set(answers["item"]) == {"H0", "H1", "H2", "H3"} and answers["date"].min() == pd.Timestamp(
        "2024-03-01"
    )
    actual = answers.pivot_table(index="item", columns="date", values="actual").to_numpy()
    assert (actual == test.drop(columns="编码").to_numpy(float)).all()


@pytest.mark.parametrize("steps", [13, 15])
def test_a_test_part_of_other_length_is_refused(wide, place, steps):
    outcome, _ = wide(test_steps=steps)
    refuses(
        outcome, f"{steps} periods from 2024-03-01", "2 x 7 periods are judged", "Change horizon or origins"
    )
    assert not (place / "runs").exists()


def test_a_test_part_of_other_series_is_refused(wide, place):
    outcome, _ = wide(name="X")
    refuses(outcome, "--test has other series than train.csv: `X0`, `X1`, `X2`, ... against `H0`, `H1`, `H2`")
    assert not (place / "runs").exists()


def test_series_that_only_one_of_table_and_test_part_has_are_noted():
    frame, rest = plain(), plain(70)
    rest = rest[rest["date"] > "2024-02-29"].replace({"item": {"c": "d"}})
    table = DemandPipeline().check(raw_table(frame, "sales.csv"), later=raw_table(rest))
    assert "1 series of --test are not in sales.csv: `d`" in table.notes
    assert "1 series of sales.csv are not in --test: `c`" in table.notes


def test_an_absurd_cell_of_a_wide_table_is_found_by_row_and_date(wide, place):
    def change(train, test):
        train.loc[1, "V44"] = 5_000_000

    def change_test(train, test):
        test.loc[2, "V3"] = 5_000_000

    outcome, _ = wide(change=change)
    refuses(outcome, "role `quantity`, row 2: the value of 2024-02-28: 5,000,000 is more than most_quantity")
    outcome, _ = wide(change=change_test)
    refuses(outcome, "row 3: in the rows of --test: the value of 2024-03-03: 5,000,000 is more")
    assert not (place / "runs").exists()


def test_a_text_in_the_test_part_is_found_by_its_own_file_column_and_row(wide, place):
    def change(train, test):
        test.loc[2, "V3"] = "many"

    outcome, _ = wide(change=change)
    refuses(outcome, "test.csv does not fit", "column `V3` (role `quantity`), row 3: `many` is no number")
    assert not (place / "runs").exists()


@pytest.fixture(scope="module")
def daily_bundle(command, tmp_path_factory) -> Path:
    """Of three items with a row each day, without covariates."""
    place = tmp_path_factory.mktemp("daily")
    plain(60).to_csv(place / "all.csv", index=False)
    arguments = ["--data", place / "all.csv", *settings(epochs=1), "--out", place / "bundle"]
    assert command("fit", "retail.demand", *arguments).code == 0
    return place / "bundle"


def test_a_table_of_another_frequency_is_refused_at_predict(command, daily_bundle, place):
    weekly().to_csv("weeks.csv", index=False)
    outcome = command("predict", daily_bundle, "--data", "weeks.csv", "--out", "out.csv")
    refuses(outcome, "weekly", "daily")


def test_sales_that_stand_in_both_files_are_not_counted_twice(command, daily_bundle, place):
    tail = plain(60)
    tail = tail[tail["date"] > "2024-02-20"].assign(quantity=lambda rows: rows["quantity"] + 1)
    tail.to_csv("tail.csv", index=False)
    files_of = ["--data", "tail.csv", "--history", daily_bundle.parent / "all.csv"]
    outcome = command("predict", daily_bundle, *files_of, "--out", "out.csv")
    refuses(outcome, "several rows in one period", "of --history")
