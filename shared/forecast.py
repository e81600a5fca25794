"""`ForecastPipeline`: each series gets the quantiles of each step ahead, from one network for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shared import encoding
from shared.config import Settings
from shared.contract import Mapping, Table
from shared.errors import Fault, SplitError
from shared.fit_settings import History, progress
from shared.pipeline import Pipeline
from shared.series.aggregate import regular
from shared.series.conformal import Conformal, fit_conformal
from shared.series.forecasting import quantiles_of, refuse_other_periods, statics_of, windows_of
from shared.series.inventory import error_correlation
from shared.series.orders import order_columns
from shared.series.origins import examples, position, rolling_origins, training_windows
from shared.series.panel import Panel
from shared.series.rivals import default_rivals
from shared.series.windows import Windows, learn_windows
from shared.splits import Split
from shared.stages import Stages


@dataclass
class PreparedSeries:
    """A table on its way to the network, and its panel."""

    table: Table
    panel: Panel


class ForecastPipeline(Pipeline):
    """One solution that forecasts series, from a checked table to quantiles of each series and step.

    Positions of a split are examples: one series at one origin, see `shared.series.origins`. A solution gives
    the class attributes, `sample`, `build` and `decide`; its `Config` holds the settings of
    `shared.forecast_settings`, `shared.series.settings` and `shared.fit_settings`.
    """

    primary: ClassVar[str] = "weighted_quantile_loss"

    def __init__(self, config: Settings | None = None, mapping: Mapping | None = None):
        super().__init__(config, mapping)
        self.correction = Conformal(self.config.quantiles)

    # -- hooks: what a delivery team changes for a customer

    def build(self, shapes: dict[str, tuple[int, ...]], outputs: int, name: str):
        """The network of one member, not compiled.

        Args:
            shapes: Shape of each input without the batch axis, as in `Windows`.
            outputs: Numbers that the head reads for each step.
            name: Of the network; members differ in it.
        Output shape: as the head gives it, `(batch, horizon, ...)`.
        """
        raise NotImplementedError

    def rivals(self) -> list:
        """Fresh rivals, of `shared.series.rivals`."""
        wanted = self.config.statistical_rivals
        return default_rivals(find_spec("statsforecast") is not None if wanted == "auto" else wanted)

    def costs(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """What a piece too few and a piece too many cost, `(series,)` each, in the customer's currency."""
        raise NotImplementedError

    def orders(self, panel: Panel, forecast: np.ndarray) -> dict[str, np.ndarray]:
        """Columns of the answers that say what to do, `(series, horizon)` or `(series,)` each; see `order_columns`."""
        return order_columns(forecast, self.state["correlation"], self.config, *self.costs(panel))

    def parts(self, panel: Panel, origin: int) -> dict[str, np.ndarray]:
        """Parts of the series to judge apart: by kind of slice, the part each series is in."""
        return {}

    # -- stages: the same for every solution

    def check(self, raw, *, predict: bool = False, earlier=None, later=None) -> Table:
        """The table in the solution's roles, with its `panel`; every fault of columns or of series at once."""
        table = super().check(raw, predict=predict, earlier=earlier, later=later)
        self.series_of(table, predict=predict)
        return table

    def series_of(self, table: Table, *, predict: bool = False) -> Panel:
        """The regular series of a checked table, made once."""
        if table.panel is None:
            settings = self.config
            if predict:  # of all periods, as none is judged
                settings = settings.model_copy(update={"top_before": 0})
            if self.state is not None:
                refuse_other_periods(table, self.state["frequency"], self.name)
                learnt = {name: self.state[name] for name in ("frequency", "rows")}
                settings = settings.model_copy(update=learnt)
            table.panel = regular(
                table, settings, solution=self.name, predict=predict, horizon=self.config.horizon
            )
        return table.panel

    def features(self, table: Table) -> Panel:
        return self.series_of(table)

    def splits(self, table: Table) -> list[Split]:
        config, panel = self.config, self.series_of(table)
        if table.tested:
            self._refuse_other_test(table, panel)
        return rolling_origins(
            panel,
            source=table.source,
            horizon=config.horizon,
            origins=config.origins,
            valid_origins=config.valid_origins,
            least_history=self._least_history,
            most_windows=config.most_windows,
            seed=config.seed,
        )

    @property
    def _least_history(self) -> int:
        """Steps that a window to learn from must have behind it."""
        config = self.config
        return config.least_history or max(1, min(config.lookback // 4, config.horizon))

    def _refuse_other_test(self, table: Table, panel: Panel) -> None:
        """The rows of `--test` must be the periods that the origins judge, else they would teach too."""
        first = table.frame["date"].iloc[table.own :].min()
        periods = int((panel.dates[: panel.now] >= np.datetime64(first, "s")).sum())
        wanted = self.config.origins * self.config.horizon
        if periods != wanted:
            text = (
                f"it has {periods} periods from {first:%Y-%m-%d %H:%M} on; origins x horizon = {self.config.origins} x "
                f"{self.config.horizon} periods are judged. Change horizon or origins under [settings]"
            )
            raise SplitError(f"the --test of {table.source} does not fit the settings", [Fault(text=text)])

    def learn(self, panel: Panel, origin: int) -> dict[str, Any]:
        """What the windows and the statics need to know, from the steps before `origin`, as plain JSON."""
        state = learn_windows(panel, origin)
        begun = np.flatnonzero(panel.start < origin)
        state["statics"] = encoding.learn_categories(
            self.statics(panel), begun, most=self.config.most_categories
        )
        state["frequency"], state["rows"] = panel.frequency, panel.rows
        values = panel.target[:, :origin]
        state["lowest"] = 0.0 if np.nanmin(values, initial=0.0) >= 0 else None
        return state

    def statics(self, panel: Panel) -> dict[str, pd.Series]:
        """Categories of each series that the network reads; the keys only where the settings say so."""
        return statics_of(panel, self.config)

    def windows(self, panel: Panel, series: np.ndarray, origins: np.ndarray) -> Windows:
        """What the network reads of each example."""
        given = {"state": self.state, "config": self.config, "statics": self.statics(panel)}
        return windows_of(panel, series, origins, **given)

    def fit(
        self,
        table: Table,
        split: Split,
        *,
        features: Panel | None = None,
        folder=None,
        stages: Stages | None = None,
    ) -> PreparedSeries:
        stages, config = stages or Stages(), self.config
        self.mapping = table.mapping
        panel = features if features is not None else self.features(table)
        valid_steps = split.detail["valid_steps"]
        with stages("prepare"):
            self.state = self.learn(panel, min(valid_steps))
            windows = self.windows(panel, *examples(panel, np.concatenate([split.train, split.valid])))
        choosing = min(config.choosing_members or config.members, config.members)
        with stages("fit"):
            members, self.history = self._fit_members(
                windows, len(split.train), choosing if config.refit else config.members, folder, stages
            )
            self.model = side_by_side(members)
        with stages("decide"):
            self._correct(panel, valid_steps)
        if config.refit:
            with stages("refit"):
                self._refit(panel, split.detail["step"], folder, stages)
        return PreparedSeries(table, panel)

    def _refit(self, panel: Panel, step: int, folder, stages: Stages) -> None:
        """Fits all members again on everything before the origin; the correction stays as it was learnt."""
        learnt = self.learn(panel, step) | {"correlation": self.state["correlation"]}
        positions = training_windows(
            panel,
            step - self.config.horizon,
            least=self._least_history,
            most=self.config.most_windows,
            seed=self.config.seed,
        )
        self.state = learnt
        windows = self.windows(panel, *examples(panel, positions))
        again = folder and folder.with_name(f"{folder.name}-again")
        members, _ = self._fit_members(windows, len(windows), self.config.members, again, stages)
        self.model = side_by_side(members)

    def _fit_members(
        self, windows: Windows, trained: int, count: int, folder, stages: Stages
    ) -> tuple[list, History]:
        """One network a seed, trained one after the other; and what happened, as the first one's history."""
        from shared import training

        targets, weight = self.targets(windows), self._weights(windows)
        members, histories = [], []
        for member in range(count):
            settings = self.config.model_copy(
                update={"seed": self.config.seed + 1000 * member, "keep_checkpoint": True}
            )
            training.set_seed(settings.seed)
            with training.strategy_scope(settings), training.precision_policy(settings):
                network = self.build(windows.shapes, self.outputs, f"member{member}")
            histories.append(
                training.fit(
                    network,
                    windows,
                    targets,
                    train=np.arange(trained),
                    valid=np.arange(trained, len(windows)),
                    loss=self.loss(),
                    settings=settings,
                    sample_weight=weight,
                    folder=folder and folder.with_name(f"{folder.name}-{member}"),
                    on_epoch=_teller(stages, member, count),
                )
            )
            members.append(network)
        return members, _together(histories)

    @property
    def outputs(self) -> int:
        """Numbers that the head reads for each step."""
        return {"quantiles": len(self.config.quantiles), "negative_binomial": 2, "zero_inflated": 3}[
            self.config.head
        ]

    def targets(self, windows: Windows) -> np.ndarray:
        """What the loss compares with, `(examples, horizon)`: scaled, or in pieces where pieces are counted."""
        if self.config.head == "quantiles":
            return windows.targets()
        return np.maximum(windows.truth(), 0).astype(np.float32)

    def loss(self):
        """What is minimised, by the head."""
        from shared import losses

        if self.config.head == "quantiles":
            return losses.HorizonPinball(self.config.quantiles)
        kinds = {
            "negative_binomial": losses.NegativeBinomial,
            "zero_inflated": losses.ZeroInflatedNegativeBinomial,
        }
        return kinds[self.config.head]()

    def _weights(self, windows: Windows) -> np.ndarray | None:
        if self.config.weight == "series":
            return None
        rows = np.arange(len(windows))
        size = np.concatenate([windows.sizes(part) for part in np.array_split(rows, len(rows) // 8192 + 1)])
        return np.clip(np.sqrt(size) / np.sqrt(size).mean(), 0.05, 20)

    def _correct(self, panel: Panel, valid_steps: Sequence[int]) -> None:
        """Learns the conformal correction, and how errors of different steps go together."""
        quantiles, horizon = self.config.quantiles, self.config.horizon
        self.correction = Conformal(quantiles)
        truth, raw = [], []
        for origin in valid_steps:
            truth.append(truth_at(panel, origin, horizon))
            raw.append(self.raw_forecast(panel, origin))
        truth, raw = np.concatenate(truth), np.concatenate(raw)
        if self.config.conformal:
            self.correction = fit_conformal(truth, raw, quantiles)
        corrected = self.correction(raw, lowest=self.state["lowest"])
        self.state["correlation"] = np.round(error_correlation(truth, corrected, quantiles), 6).tolist()

    def raw_forecast(self, panel: Panel, origin: int) -> np.ndarray:
        """The network's quantiles of all series, `(series, horizon, quantiles)`, before the correction."""
        from shared import training

        windows = self.windows(panel, np.arange(len(panel)), np.full(len(panel), origin))
        raw = training.predict(self.model, windows)
        return quantiles_of(raw, windows, self.config)

    def forecast(self, panel: Panel, origin: int | None = None) -> np.ndarray:
        """Quantiles of the steps from `origin` (None: from now) on, `(series, horizon, quantiles)`."""
        raw = self.raw_forecast(panel, panel.now if origin is None else origin)
        return self.correction(raw, lowest=self.state["lowest"])

    def prepare(self, table: Table) -> PreparedSeries:
        return PreparedSeries(table, self.series_of(table))

    def judged(self, table: Table, *, same: bool) -> Split:
        """The last horizon of the table; of the table that was learnt from it is the test part."""
        panel, none = self.series_of(table), np.array([], np.int64)
        origin = panel.now - self.config.horizon
        if origin < 1:
            text = f"it has {panel.now} periods; a past and {self.config.horizon} periods to judge are needed"
            raise SplitError(f"{table.source} is too short to be judged", [Fault(text=text)])
        detail = {"origin": str(panel.dates[origin]), "step": origin, "horizon": self.config.horizon}
        test = position(panel, np.arange(len(panel)), np.full(len(panel), origin))
        return Split("rolling", none, none, test, detail)

    def predict(self, table: Table, rows: Sequence[int] | None = None, *, folder=None) -> pd.DataFrame:
        """One line for each series and step ahead: date, mean, quantiles, what to order, and a note.

        Args:
            rows: Not read: all series of the table are forecast.
        """
        panel = self.series_of(table, predict=True)
        return self.answers(panel, panel.now, self.forecast(panel))

    def answers(self, panel: Panel, origin: int, forecast: np.ndarray) -> pd.DataFrame:
        """The forecasts as a long table, with `actual` where it is known."""
        from shared.series.answers import long_table

        orders = self.orders(panel.until(origin), forecast)
        return long_table(panel, origin, forecast, self.config.quantiles, orders, self.config.horizon)

    def summary(self, answers: pd.DataFrame) -> str:
        keys = [name for name in ("item", "store") if name in answers]
        series = len(answers[keys].drop_duplicates()) if keys else 1
        marked = answers.loc[answers["step"] == 1, "note"].value_counts()
        notes = "".join(f", {count:,} marked `{note}`" for note, count in marked.items() if note)
        span = f"{answers['date'].min():%Y-%m-%d} to {answers['date'].max():%Y-%m-%d}"
        return f"{series:,} series, {span}{notes}"

    def learnt(self) -> dict[str, Any]:
        return super().learnt() | {"correction": self.correction.to_dict()}

    def restore(self, content: dict[str, Any]) -> None:
        super().restore(content)
        self.correction = Conformal.from_dict(content["correction"])

    def describe(self, table: Table, splits: Sequence[Split]) -> dict[str, Any]:
        panel, config = self.series_of(table), self.config
        dates, parts = panel.dates.astype("datetime64[D]").astype(str), {}
        for name, positions in splits[-1].parts.items():
            if len(positions):
                _, origins = examples(panel, positions)
                last = min(int(origins.max()) + config.horizon, panel.now) - 1
                parts[name] = {"rows": len(positions), "from": dates[int(origins.min())], "to": dates[last]}
        return {
            "kind": "forecast",
            "parts": parts,
            "aggregation": panel.counts | {"frequency": panel.frequency},
        }


def truth_at(panel: Panel, origin: int, horizon: int) -> np.ndarray:
    """What came from `origin` on, `(series, horizon)` float64; NaN: not known, or before the first sale."""
    out = np.full((len(panel), horizon), np.nan)
    stop = min(origin + horizon, panel.now)
    out[:, : stop - origin] = panel.target[:, origin:stop]
    return out


def side_by_side(members: Sequence):
    """One network of several with the same inputs; its outputs get an axis of members, after the batch."""
    import keras

    inputs = {
        name: keras.Input(tensor.shape[1:], name=name, dtype=tensor.dtype)
        for name, tensor in members[0].input.items()
    }
    outputs = [member(inputs) for member in members]
    return keras.Model(inputs, keras.ops.stack(outputs, axis=1), name="members")  # noqa: PD013


def _together(histories: list[History]) -> History:
    """The first member's history, with the notes and the time of all."""
    first = histories[0]
    first.notes += [note for other in histories[1:] for note in other.notes]
    first.checkpoint_seconds = sum(each.checkpoint_seconds for each in histories)
    return first


def _teller(stages: Stages, member: int, members: int):
    return lambda epoch, epochs, logs: stages.say(
        f"network {member + 1}/{members}  {progress(epoch, epochs, logs)}"
    )
