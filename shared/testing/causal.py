"""Promises on what a row's features may read: its own past, and labels that were known by then."""

from dataclasses import replace

import numpy as np

from shared.contract import Table
from shared.testing.trial import Trial, some_rows


def check_parts_are_apart(trial: Trial) -> None:
    """No row is in two parts of a split; parts by time stand in order, the label delay between them."""
    config = trial.pipeline.config
    for split in trial.pipeline.splits(trial.table):
        rows = np.concatenate(list(split.parts.values()))
        assert len(np.unique(rows)) == len(rows), "a row is in two parts of a split"
        assert rows.min() >= 0 and rows.max() < len(trial.table), "a split holds rows that the table has not"
        assert len(split.train) and len(split.test), "a split has no training or no test rows"
        if split.method == "time":
            day = trial.table.frame["time"].to_numpy("datetime64[D]").astype(np.int64)
            last = day[np.concatenate([split.train, split.valid])].max()
            between = day[split.test].min() - last - 1
            wanted = getattr(config, "label_delay", 0) + getattr(config, "gap", 0)
            assert between >= wanted, (
                f"{between} days lie between training and test; label delay and gap are {wanted}"
            )


def check_the_future_is_not_read(trial: Trial) -> None:
    """Features and inputs of a row are the same whatever comes after it, and whether anything does."""
    if "time" not in trial.table.frame:
        return
    time = trial.table.frame["time"].to_numpy()
    for share in (0.3, 0.7):
        past = np.flatnonzero(time <= time[trial.ordered[int(share * (len(time) - 1))]])
        future = np.setdiff1d(np.arange(len(time)), past)
        equal_rows(
            trial, some_rows(trial.table, past), past, "rows read what comes after them (it was dropped)"
        )
        changed = _shuffled(trial.table, future)
        equal_rows(trial, changed, past, "rows read what comes after them (it was changed)", taken=past)


def check_young_labels_are_not_read(trial: Trial) -> None:
    """Features read no label of their own row, and none that is younger than the label delay."""
    frame = trial.table.frame
    if "label" not in frame or "time" not in frame:
        return
    time = frame["time"].to_numpy()
    delay = np.timedelta64(getattr(trial.pipeline.config, "label_delay", 0), "D")
    moment = time[trial.ordered[len(time) // 2]]
    changed = _with_labels(trial.table, time > moment)
    early = np.flatnonzero(time <= moment + delay)
    equal_rows(trial, changed, early, "rows read labels younger than the label delay", taken=early)
    for row in trial.ordered[:: max(1, len(time) // 5)]:
        changed = _with_labels(trial.table, np.arange(len(time)) == row)
        equal_rows(trial, changed, np.array([row]), "a row reads its own label", taken=np.array([row]))


def check_order_does_not_matter(trial: Trial) -> None:
    """Features do not depend on where in the file a row stands."""
    if "time" not in trial.table.frame:
        return
    order = np.random.default_rng(1).permutation(len(trial.table))
    equal_rows(
        trial, some_rows(trial.table, order), order, "features depend on the order of the rows", inputs=False
    )


def equal_rows(trial: Trial, table: Table, rows, promise: str, *, taken=None, inputs: bool = True) -> None:
    """Compares `rows` of the trial's features with those of another table (with its rows `taken`, or all)."""
    pipeline = trial.pipeline
    features = pipeline.features(table)
    taken = np.arange(len(table)) if taken is None else taken
    mine = trial.prepared.features
    assert mine.names == features.names, f"{promise}: the features themselves differ"
    for name, values in mine.numbers.items():
        _close(values[rows], features.numbers[name][taken], f"{promise}: feature `{name}`")
    for name, values in mine.categories.items():
        before, after = values.iloc[rows].astype(str), features.categories[name].iloc[taken].astype(str)
        assert before.tolist() == after.tolist(), f"{promise}: feature `{name}`"
    if inputs:
        before, after = trial.prepared.inputs.take(rows), pipeline.encode(features, table).take(taken)
        for name in before:
            _close(before[name], after[name], f"{promise}: input `{name}`")


def _close(before: np.ndarray, after: np.ndarray, promise: str) -> None:
    # A sum over a window may be a difference of running sums, whose last digits hang on other rows.
    same = np.isclose(before, after, rtol=1e-5, atol=1e-6, equal_nan=True)
    if not same.all():
        at = np.unravel_index(np.argmin(same), same.shape)
        rows = len(np.unique(np.nonzero(~same)[0]))
        raise AssertionError(f"{promise} of {rows:,} rows: {before[at]} became {after[at]}")


def _shuffled(table: Table, rows: np.ndarray) -> Table:
    """The cells of `rows` dealt out anew, column by column, but for the times; numbers and labels changed too."""
    frame, rng = table.frame.copy(), np.random.default_rng(3)
    for name in frame.columns.drop("time"):
        values = frame[name].to_numpy(copy=True) if frame[name].dtype.kind == "f" else frame[name].copy()
        if name == "label":
            values[rows] = 1 - values[rows]
        elif isinstance(values, np.ndarray):
            values[rows] = rng.permutation(values[rows]) * 3
        else:
            values.iloc[rows] = rng.permutation(values.iloc[rows].to_numpy())
        frame[name] = values
    return replace(table, frame=frame)


def _with_labels(table: Table, flipped: np.ndarray) -> Table:
    label = table.frame["label"].to_numpy(np.float64)
    return replace(table, frame=table.frame.assign(label=np.where(flipped, 1 - label, label)))
