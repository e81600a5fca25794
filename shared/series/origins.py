"""Rolling origins: train on what lies before, choose on the origins just before, judge on the steps after."""

import numpy as np

from shared.errors import Fault, SplitError
from shared.series.panel import Panel
from shared.splits import Split


def position(panel: Panel, series: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """The number of an example, one series at one origin, as a split holds it."""
    return np.asarray(series, np.int64) * (panel.now + 1) + np.asarray(origin, np.int64)


def examples(panel: Panel, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Series and origin of each position."""
    return np.divmod(np.asarray(positions, np.int64), panel.now + 1)


def rolling_origins(
    panel: Panel,
    *,
    horizon: int,
    origins: int = 3,
    valid_origins: int = 1,
    least_history: int = 1,
    most_windows: int = 100_000,
    seed: int = 0,
    source: str = "the table",
) -> list[Split]:
    """One split for each origin, `horizon` steps apart, the last one `horizon` before the panel's end.

    Each origin `t` is trained and chosen on steps before it alone: the validation origins end where the test
    begins (`t - horizon`, and further ones `horizon // 2` apart before it), and no training window reaches
    into what they judge. Series that have no past at `t` are judged too: a new item is forecast like any other.

    Args:
        valid_origins: Origins that choose the epoch and correct the intervals.
        least_history: Steps a series must have behind it to be learnt from.
        most_windows: Training windows that are drawn at random where there are more.
        source: Name of the table, for messages.
    Raises:
        SplitError: If the panel is too short for so many origins.
    """
    step = max(1, horizon // 2)
    first_valid = horizon + (valid_origins - 1) * step
    wanted = origins * horizon + first_valid + horizon + least_history
    if panel.now < wanted:
        raise SplitError(
            f"{source}: the series are too short to be judged",
            [
                Fault(
                    text=f"{origins} origins of {horizon} steps, {valid_origins} to choose on and a window to learn "
                    f"from need {wanted} periods, found {panel.now}. Lower horizon, origins or valid_origins "
                    "under [settings], or give a longer table"
                )
            ],
        )
    splits = []
    for number in range(origins):
        test = panel.now - (origins - number) * horizon
        valid = [test - horizon - back * step for back in range(valid_origins)]
        train = training_windows(
            panel, min(valid) - horizon, least=least_history, most=most_windows, seed=seed
        )
        if not len(train):
            raise SplitError(
                "nothing can be learnt", [Fault(text=f"no series has a past before step {test}")]
            )
        dates = panel.dates.astype("datetime64[s]").astype(str)
        detail = {"origin": dates[test], "step": int(test), "horizon": horizon, "fold": number + 1}
        detail |= {"valid_origins": [dates[each] for each in valid], "valid_steps": [int(v) for v in valid]}
        parts = [train, *(np.sort(_at(panel, each)) for each in (valid, [test]))]
        splits.append(Split("rolling", *parts, detail))
    return splits


def _at(panel: Panel, origins: list[int]) -> np.ndarray:
    """All series at each of the origins."""
    series = np.arange(len(panel))
    return np.concatenate([position(panel, series, np.full(len(panel), origin)) for origin in origins])


def training_windows(panel: Panel, last: int, *, least: int, most: int, seed: int) -> np.ndarray:
    """Positions with origins up to `last`, all of them or `most` drawn at random, rising.

    Args:
        least: Steps that a series must have behind it.
    """
    first = np.maximum(panel.start, 0) + least
    count = np.maximum(last - first + 1, 0)
    total = int(count.sum())
    if total == 0:
        return np.empty(0, np.int64)
    rng = np.random.default_rng(seed)
    picked = np.arange(total) if total <= most else np.sort(rng.choice(total, most, replace=False))
    ends = np.cumsum(count)
    series = np.searchsorted(ends, picked, side="right")
    return position(panel, series, first[series] + picked - (ends - count)[series])
