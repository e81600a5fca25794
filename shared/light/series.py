"""Series forecast from sales lines by an exported network, without pandas or Keras."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

from shared.light.frame import Frame, stacked
from shared.light.tables import Table, records, table_of
from shared.series.aggregate import regular
from shared.series.answers import long_columns
from shared.series.categories import Categories
from shared.series.conformal import Conformal
from shared.series.forecasting import quantiles_of, refuse_other_periods, statics_of, windows_of
from shared.series.orders import order_columns
from shared.series.panel import Panel
from shared.training.prediction import predict

Costs = Callable[[Panel, Any], tuple[np.ndarray, np.ndarray]]


class SeriesScorer:
    """Gives each series and step ahead what `ForecastPipeline.predict` does.

    Args:
        content: The parsed bundle.json.
        session: The exported network, a `shared.export.sessions.Session`.
        costs: What a piece too few and a piece too many cost, of the solution's `data.py`; None: it is imported
            from beside the bundle's class.
    """

    def __init__(self, content: Mapping[str, Any], session: Callable, costs: Costs | None = None):
        self.config = SimpleNamespace(**content["config"])
        self.mapping, self.state, self.solution = content["mapping"], content["state"], content["solution"]
        self.correction, self.session = Conformal.from_dict(content["correction"]), session
        self.costs = costs or import_module(content["class"].rpartition(".")[0] + ".data").costs

    def answer(
        self,
        frame: Frame,
        *,
        history: Frame | None = None,
        photos: Sequence[Any] | None = None,
        signals: Sequence[Any] | None = None,
    ) -> list[dict[str, Any]]:
        """One dictionary a series and step: keys, date, step, mean, quantiles, what to order, a note.

        Args:
            frame: What was sold, and the plan of the periods ahead: rows without a quantity.
            history: What was sold before, where `frame` does not hold it.
            photos, signals: Not read.
        Raises:
            ContractError: If the rows are no series that the model can go on with.
        """
        table = self._table(frame, history)
        panel = self.panel(table)
        forecast = self.forecast(panel)
        given = self.state["correlation"], self.config, *self.costs(panel, self.config)
        orders = order_columns(forecast, *given)
        columns = long_columns(panel, panel.now, forecast, self.config.quantiles, orders, self.config.horizon)
        return records({name: _plain(values) for name, values in columns.items()})

    def _table(self, frame: Frame, history: Frame | None) -> Table:
        """The rows and the earlier ones behind them, texts as categories."""
        own = len(frame)
        both = frame if history is None else stacked([frame, history])
        columns = {
            name: Categories.of(both[name], own) if both[name].dtype == object else both[name]
            for name in both
        }
        table = table_of(Frame(columns, len(both)), self.mapping)
        table.own = own
        table.rows[own:] -= own  # earlier rows are of another table, and numbered there
        return table

    def panel(self, table: Table) -> Panel:
        """The regular series of the rows."""
        refuse_other_periods(table, self.state["frequency"], self.solution)
        learnt = {name: self.state[name] for name in ("frequency", "rows")}
        settings = SimpleNamespace(**vars(self.config) | {"top_before": 0} | learnt)
        return regular(table, settings, solution=self.solution, predict=True, horizon=self.config.horizon)

    def forecast(self, panel: Panel) -> np.ndarray:
        """Quantiles of the steps from now on, `(series, horizon, quantiles)`."""
        statics, origins = statics_of(panel, self.config), np.full(len(panel), panel.now)
        windows = windows_of(
            panel, np.arange(len(panel)), origins, state=self.state, config=self.config, statics=statics
        )
        raw = quantiles_of(predict(self.session, windows), windows, self.config)
        return self.correction(raw, lowest=self.state["lowest"])


def _plain(values: Any) -> Any:
    return values.texts() if isinstance(values, Categories) else values
