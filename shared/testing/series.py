"""Promises of a forecasting pipeline: no stage reads what comes after its origin, and answers repeat."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from shared.contract import Mapping, Table, raw_table
from shared.forecast import ForecastPipeline, PreparedSeries
from shared.series.origins import examples
from shared.series.panel import Panel
from shared.splits import Split
from shared.testing.trial import KEY, renamed


@dataclass
class SeriesTrial:
    """One fitted forecasting pipeline and all that the promises are tried on.

    Args:
        frame: The customer's rows, by the customer's names, with made-up keys.
        table: The same, checked.
        rows: The frame with empty rows for the periods ahead, as `predict` wants it.
    """

    pipeline: ForecastPipeline
    frame: pd.DataFrame
    table: Table
    split: Split
    prepared: PreparedSeries
    rows: pd.DataFrame

    @classmethod
    def begin(
        cls, of: type[ForecastPipeline], config: Any, mapping: Mapping, frame: pd.DataFrame
    ) -> "SeriesTrial":
        frame = frame.reset_index(drop=True)
        for role in of.roles:
            column = mapping.column(role.name, frame.columns)
            if role.kind == "key" and column in frame:
                frame[column] = renamed(frame[column], KEY.format(role=role.name, number=""))
        pipeline = of(config, mapping)
        table = pipeline.check(raw_table(frame))
        split = pipeline.splits(table)[-1]
        prepared = pipeline.fit(table, split)
        rows = pd.concat([frame, _plan(frame, table, pipeline)], ignore_index=True)
        return cls(pipeline, frame, table, split, prepared, rows)

    @property
    def panel(self) -> Panel:
        return self.prepared.panel

    @property
    def unlabelled(self) -> pd.DataFrame:
        """What a bundle is asked to answer."""
        return self.rows

    def column(self, role: str) -> str:
        """The customer's name of a role's column."""
        return self.table.mapping.column(role, self.frame.columns)

    def scored(self, frame: pd.DataFrame, pipeline: ForecastPipeline | None = None) -> pd.DataFrame:
        """The answers to a frame of the customer's."""
        pipeline = pipeline or self.pipeline
        return pipeline.predict(pipeline.check(raw_table(frame), predict=True))


def _plan(frame: pd.DataFrame, table: Table, pipeline: ForecastPipeline) -> pd.DataFrame:
    """Rows for the periods ahead: the last ones again, dated on, their quantity empty."""
    panel, horizon = table.panel, pipeline.config.horizon
    columns = {role.name: table.mapping.column(role.name, frame.columns) for role in pipeline.roles}
    date = pd.to_datetime(frame[columns["date"]])
    step = panel.dates[1] - panel.dates[0] if panel.steps > 1 else np.timedelta64(1, "D")
    last = date >= pd.Timestamp(panel.dates[panel.now - 1] - (horizon - 1) * step)
    plan = frame[last].copy()
    plan[columns["date"]] = date[last] + pd.Timedelta(step) * horizon
    plan[columns["quantity"]] = np.nan
    return plan


def check_parts_do_not_touch(trial: SeriesTrial) -> None:
    """Training windows end before what validates begins, and that before what judges begins."""
    panel, horizon = trial.panel, trial.pipeline.config.horizon
    for split in trial.pipeline.splits(trial.table):
        last = {name: examples(panel, rows)[1].max() + horizon for name, rows in split.parts.items()}
        first = {name: examples(panel, rows)[1].min() for name, rows in split.parts.items()}
        assert last["train"] <= first["valid"], "training windows reach into what validates"
        assert last["valid"] <= first["test"], "validation windows reach into what judges"
        assert last["test"] <= panel.now, "a test window reaches beyond the data"
        assert all(len(np.unique(rows)) == len(rows) for rows in split.parts.values()), (
            "an example counts twice"
        )


def check_forecasts_read_no_future(trial: SeriesTrial) -> None:
    """Windows and forecasts of an origin are the same whatever comes after it, and whether anything does."""
    pipeline, panel = trial.pipeline, trial.panel
    origin = trial.split.detail["step"]
    before = _windows(trial, panel, origin)
    for what, other in (("dropped", panel.until(origin)), ("changed", _changed(panel, origin))):
        for name, values in _windows(trial, other, origin).items():
            assert np.array_equal(before[name], values), (
                f"input `{name}` reads what comes after (it was {what})"
            )
        expected, found = pipeline.forecast(panel, origin), pipeline.forecast(other, origin)
        assert np.array_equal(expected, found), (
            f"forecasts read what comes after their origin (it was {what})"
        )
        for rival in pipeline.rivals():
            settings = {"horizon": pipeline.config.horizon, "quantiles": pipeline.config.quantiles}
            answers = []
            for each in (panel, other):
                rival.fit(each, origin=origin, season=2, seed=0, **settings)
                answers.append(rival.forecast(each, origin=origin))
            assert np.allclose(*answers), (
                f"rival `{rival.name}` reads what comes after its origin (it was {what})"
            )


def check_the_past_of_a_table_stays(trial: SeriesTrial) -> None:
    """Series are the same whether later records are there or not, and in whatever order the file has them."""
    pipeline, panel = trial.pipeline, trial.panel
    date = pd.to_datetime(trial.frame[trial.column("date")])
    cut = panel.dates[panel.now - pipeline.config.horizon]
    short = pipeline.check(raw_table(trial.frame[date < cut].reset_index(drop=True))).panel
    names = {name: place for place, name in enumerate(panel.names())}
    rows = [names[name] for name in short.names()]
    same = np.array_equal(short.target[:, : short.now], panel.target[rows, : short.now], equal_nan=True)
    assert same, "what was sold changes when later records are dropped"
    mixed = trial.frame.sample(frac=1, random_state=1).reset_index(drop=True)
    again = pipeline.check(raw_table(mixed)).panel
    assert again.names() == panel.names(), "the series depend on the order of the rows"
    assert np.array_equal(again.target, panel.target, equal_nan=True), (
        "the sums depend on the order of the rows"
    )


def check_only_the_past_teaches(trial: SeriesTrial) -> None:
    """What is learnt before fitting is plain JSON and comes from steps before validation alone."""
    import json

    pipeline, origin = trial.pipeline, min(trial.split.detail["valid_steps"])
    learnt = pipeline.learn(trial.panel, origin)
    assert json.loads(json.dumps(learnt, allow_nan=False)) == learnt, "the learnt state is not plain JSON"
    assert pipeline.learn(_changed(trial.panel, origin), origin) == learnt, (
        "what is learnt depends on later steps"
    )


def check_windows_are_finite(trial: SeriesTrial) -> None:
    """The network is given no NaN and no infinity, and quantiles rise."""
    panel = trial.panel
    for origin in (1, panel.now // 2, panel.now):
        for name, array in _windows(trial, panel, origin).items():
            assert np.isfinite(array).all(), f"input `{name}` holds NaN or infinity at step {origin}"
    forecast = trial.pipeline.forecast(panel)
    assert np.isfinite(forecast).all(), "a forecast is no number"
    assert (np.diff(forecast, axis=-1) >= 0).all(), "quantiles cross"


def check_seed_decides_forecasts(trial: SeriesTrial) -> None:
    """One seed gives one network, weight by weight, and one correction."""
    twin = type(trial.pipeline)(trial.pipeline.config, trial.pipeline.mapping)
    twin.fit(trial.table, trial.split)
    for mine, other in zip(trial.pipeline.model.get_weights(), twin.model.get_weights(), strict=True):
        assert np.array_equal(mine, other), "two fits with one seed give different weights"
    assert twin.learnt()["correction"] == trial.pipeline.learnt()["correction"], (
        "two fits correct differently"
    )


def check_anything_can_be_forecast(trial: SeriesTrial) -> None:
    """One series; a series that was never seen, marked as such; a table without what came only afterwards."""
    keys = [trial.column(name) for name in ("item", "store") if trial.column(name) in trial.rows]
    horizon = trial.pipeline.config.horizon
    whole = trial.scored(trial.rows)
    assert len(whole) == len(trial.panel) * horizon, "not every series has an answer for every step"
    if not keys:
        return
    one = trial.rows[trial.rows[keys[0]] == trial.rows[keys[0]].iloc[0]]
    assert len(trial.scored(one)) % horizon == 0, "the answers to some series are not whole"
    quantity = trial.column("quantity")
    new = trial.rows[trial.rows[quantity].isna() & (trial.rows[keys[0]] == one[keys[0]].iloc[0])].copy()
    new[keys[0]] = "never seen"
    answers = trial.scored(pd.concat([trial.rows, new], ignore_index=True))
    marked = answers[answers["item" if keys[0] == trial.column("item") else "store"] == "never seen"]
    assert len(marked) and (marked["note"] == "new item").all(), (
        "an item that was never seen is not marked as new"
    )
    assert np.isfinite(marked.filter(regex="^q").to_numpy()).all(), (
        "an item that was never seen has no forecast"
    )


def check_optional_columns_may_lack(trial: SeriesTrial) -> None:
    """A table without an optional role is learnt from and forecast."""
    for role in trial.pipeline.roles:
        column = trial.column(role.name)
        if role.required or column not in trial.frame or role.kind == "key":
            continue
        columns = {name: each for name, each in trial.pipeline.mapping.columns.items() if name != role.name}
        mapping = trial.pipeline.mapping.model_copy(update={"columns": columns})
        twin = type(trial.pipeline)(trial.pipeline.config, mapping)
        table = twin.check(raw_table(trial.frame.drop(columns=column)))
        assert role.name not in table.panel.known, f"role `{role.name}` is there without its column"


SERIES_PROMISES = (
    check_parts_do_not_touch,
    check_forecasts_read_no_future,
    check_the_past_of_a_table_stays,
    check_only_the_past_teaches,
    check_windows_are_finite,
    check_seed_decides_forecasts,
    check_anything_can_be_forecast,
    check_optional_columns_may_lack,
)


def _windows(trial: SeriesTrial, panel: Panel, origin: int) -> dict[str, np.ndarray]:
    series = np.arange(len(panel))
    return trial.pipeline.windows(panel, series, np.full(len(panel), origin)).take(series)


def _changed(panel: Panel, origin: int) -> Panel:
    """The panel with everything from `origin` on, but what is known ahead, made three times as large."""
    target, past = panel.target.copy(), {name: values.copy() for name, values in panel.past.items()}
    for values in (target, *past.values()):
        values[:, origin:] = values[:, origin:] * 3 + 1
    return replace(panel, target=target, past=past)
