"""From a panel to quantiles of the steps ahead: what lies around the network, wherever that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shared import encoding
from shared.errors import ContractError, Fault
from shared.series.calendar import WORDS, grid, season
from shared.series.categories import Categories
from shared.series.counts import count_quantiles
from shared.series.panel import Panel
from shared.series.windows import Windows

if TYPE_CHECKING:
    import pandas as pd

    from shared.contract import Table


def season_of(panel: Panel, config: Any) -> int:
    """Steps of the season that the baseline, the naive rivals and MASE go by."""
    return config.season or season(panel.frequency)


def statics_of(panel: Panel, config: Any) -> dict[str, pd.Series | np.ndarray]:
    """Categories of each series that the network reads; the keys only where the settings say so."""
    chosen = dict(panel.statics)
    if getattr(config, "read_keys", False):
        chosen |= panel.keys
    return {name: _column(values) for name, values in chosen.items()}


def _column(values: pd.Categorical | Categories) -> pd.Series | np.ndarray:
    if isinstance(values, Categories):
        return values.texts()
    import pandas as pd

    return pd.Series(values)


def windows_of(
    panel: Panel,
    series: np.ndarray,
    origins: np.ndarray,
    *,
    state: Mapping[str, Any],
    config: Any,
    statics: Mapping[str, Any],
) -> Windows:
    """What the network reads of each example: one series at one origin.

    Args:
        series, origins: `(examples,)`.
        state: What was learnt; of `shared.series.windows.learn_windows`, and the vocabularies `statics`.
        config: Settings of `shared.forecast_settings`.
        statics: Of `statics_of`.
    """
    static = encoding.encode_categories(statics, state["statics"]) if state["statics"] else None
    return Windows(
        panel,
        series,
        origins,
        lookback=config.lookback,
        horizon=config.horizon,
        state=state,
        transform=config.transform,
        center=config.center,
        unit=config.unit,
        baseline=config.baseline,
        season=season_of(panel, config),
        sizes_read=config.read_sizes,
        calendar=config.calendar,
        static=static,
    )


def quantiles_of(raw: np.ndarray, windows: Windows, config: Any) -> np.ndarray:
    """Quantiles of each example, `(examples, horizon, quantiles)`, rising, before any correction.

    Args:
        raw: What the network says, `(examples, members, horizon, ...)`.
    """
    if config.head == "quantiles":
        return np.sort(windows.in_units(np.arange(len(windows)), raw.mean(axis=1)), axis=-1)
    return count_quantiles(raw, config.quantiles)


def refuse_other_periods(table: Table, learnt: str, solution: str) -> None:
    """A table of longer periods than those learnt from would read as days with sales and days without.

    Args:
        learnt: Frequency that the model was fitted on.
        solution: Name for the message.
    Raises:
        ContractError: If it is such a table.
    """
    dates = np.asarray(table.frame["date"], "datetime64[us]")
    seen, order = grid(dates[~np.isnat(dates)]), list(WORDS)
    if seen is not None and order.index(seen) > order.index(learnt):
        text = (
            f"the dates are {WORDS[seen]}, the model was fitted on {WORDS[learnt]} periods. Give such a table"
        )
        fault = Fault(text=text, column=table.mapping.column("date"), role="date")
        raise ContractError(f"{table.source} does not fit `{solution}`", [fault])
