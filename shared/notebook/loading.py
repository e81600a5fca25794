"""Whether a saved model answers as it did before it was saved."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from shared.contract import Table
from shared.errors import BundleError
from shared.forecast import ForecastPipeline
from shared.notebook import language
from shared.notebook.data import shortened
from shared.notebook.outputs import Outputs, paragraph
from shared.notebook.tables import table as html_table
from shared.pipeline import Pipeline
from shared.report.figures import Figures, decimals
from shared.report.words import Words

ANSWERED = ("row", "image", "date", "step", "item", "store", "score", "class", "decision", "mean", "order")
CLOSE, STEPS = 1e-5, 7


def show_reloaded(loaded: Pipeline, table: Table, out: str | Path, *, lang: str = "en") -> Outputs:
    """One test row answered before the model was saved and after it was loaded again, and whether they agree.

    Args:
        loaded: Of `shared.bundle.load(out / "bundle")`.
        table: The table of the run.
        out: The folder of the run, which holds the answers that were given before the model was saved.
        lang: "en" or "zh".
    Raises:
        BundleError: If `out` holds no answers.
    """
    words, figures = language.of_pipeline(loaded, lang)
    kept = Path(out) / "predictions.parquet"
    if not kept.is_file():
        raise BundleError(f"{kept} is missing: it is no folder of a run. Run the notebook from the top")
    before, after = answered(loaded, table, pd.read_parquet(kept))
    columns = [name for name in ANSWERED if name in before and name in after]
    rows = [
        [words(f"notebook.{when}"), *(_cell(name, each[name], words, figures) for name in columns)]
        for when, each in (("before", before), ("after", after))
    ]
    heads = [words("notebook.answer"), *(words.name("column", name) for name in columns)]
    same = "same" if equal(before, after, columns) else "differ"
    return Outputs(html_table(heads, rows), paragraph(words(f"notebook.{same}"), bold=True))


def answered(loaded: Pipeline, table: Table, kept: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """One answer of the run, and the same asked again: the highest score, or the best-selling series' first step.

    Args:
        loaded: The model.
        table: The table of the run.
        kept: What the run answered, one line a test row.
    """
    if isinstance(loaded, ForecastPipeline):
        panel = loaded.series_of(table)
        origin = int(np.flatnonzero(panel.dates == np.datetime64(kept["origin"].max(), "s"))[0])
        again = loaded.answers(panel, origin, loaded.forecast(panel, origin))
        before = kept[kept["origin"] == kept["origin"].max()]
        place = best_selling(again)
        return before.iloc[place], again.iloc[place]
    last = kept[kept["fold"] == kept["fold"].max()]
    before = last.iloc[int(np.argmax(last["score"]))]
    position = int(np.flatnonzero(np.asarray(table.rows) == before["row"])[0])
    return before, loaded.predict(table, [position]).iloc[0]


def best_selling(answers: pd.DataFrame) -> int:
    """Place of the first line of the series with the highest forecast, in a table that holds series after series.

    Example:
        >>> best_selling(pd.DataFrame({"step": [1, 2, 1, 2], "mean": [3.0, 3.0, 1.0, 9.0]}))
        2
    """
    steps = int(answers["step"].max())
    return int(answers["mean"].to_numpy().reshape(-1, steps).sum(axis=1).argmax()) * steps


def equal(before: Mapping, after: Mapping, columns: list[str]) -> bool:
    """Whether two answers agree in these columns; numbers to the fifth figure, since a batch of one is summed
    in another order than a batch of many.

    Example:
        >>> equal({"score": 0.5, "decision": "pass"}, {"score": 0.5000001, "decision": "pass"}, ["score", "decision"])
        True
    """
    return all(
        abs(before[name] - after[name]) <= CLOSE * max(1.0, abs(before[name]))
        if isinstance(before[name], (float, np.floating))
        else before[name] == after[name]
        for name in columns
    )


def _cell(name: str, value, words: Words, figures: Figures) -> str:
    """A cell as people write it, of a number five significant figures."""
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    if name == "decision":
        return words.name("decision", value)
    if isinstance(value, float | np.floating):
        return figures.fixed(value, decimals(value, digits=5))
    return shortened(str(value))


def show_ahead(loaded: ForecastPipeline, table: Table, *, lang: str = "en") -> Outputs:
    """What a loaded model says of the periods after the table's end: lines of `predict` on the best-selling series.

    Args:
        loaded: Of `shared.bundle.load(out / "bundle")`.
        table: The table, whose end is now.
        lang: "en" or "zh".
    """
    words, figures = language.of_pipeline(loaded, lang)
    answers = loaded.predict(table)
    first = best_selling(answers)
    answers = answers[first : first + min(STEPS, int(answers["step"].max()))]
    heads = [words.name("column", str(name)) for name in answers]
    rows = [
        [_cell(name, value, words, figures) for name, value in zip(answers, row)]
        for row in answers.itertuples(index=False)
    ]
    return Outputs(html_table(heads, rows, title=words("notebook.ahead")))
