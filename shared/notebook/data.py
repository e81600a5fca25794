"""The table that a notebook works on: what it holds, what was noticed, how it begins."""

from pathlib import Path

import numpy as np
import pandas as pd

from shared.contract import Table
from shared.facts import data_summary
from shared.notebook import language
from shared.notebook.outputs import Html, Outputs, bullets, paragraph
from shared.notebook.tables import table as html_table
from shared.pipeline import Pipeline
from shared.report.figures import Figures, clip
from shared.report.words import Words

MOST_COLUMNS, MOST_CLASSES, LONGEST = 8, 12, 40


def show_table(pipeline: Pipeline, table: Table, *, rows: int = 5, lang: str = "en") -> Outputs:
    """What the table holds, what was noticed while it was read, and its first rows.

    Columns that tell who someone is (`private`) are not shown, of files only their names.

    Args:
        pipeline: Its roles and words.
        table: The checked table.
        rows: So many are shown.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> from shared.contract import Mapping, Role
        >>> from shared.contract.tables import raw_table
        >>> class Shop(Pipeline):
        ...     name, Config = "shop", type("Config", (), {})
        ...     roles = (Role(name="price", kind="number"), Role(name="buyer", kind="key", private=True))
        >>> shop = Shop(mapping=Mapping(columns={"price": "price", "buyer": "buyer"}))
        >>> frame = pd.DataFrame({"price": [2.5, 3.0], "buyer": ["Ada", "Eve"]})
        >>> show_table(shop, shop.check(raw_table(frame, "sales.csv")), rows=1)
        sales.csv: 2 rows, 2 columns in use.
        The first rows
        Row | price
        1 | 2.5
        Not shown, since they tell who it is: buyer.
    """
    words, figures = language.of_pipeline(pipeline, lang)
    notes = [note for note in table.notes if note]
    head, unseen = _head(pipeline, table, rows, words, figures)
    return Outputs(
        paragraph(_summary(pipeline, table, words, figures)),
        bullets(words("notebook.notes"), notes),
        head,
        paragraph(words.join(unseen)),
    )


def _summary(pipeline: Pipeline, table: Table, words: Words, figures: Figures) -> str:
    """Rows, positives and period in a sentence."""
    found = data_summary(table, pipeline)
    simulated = "built_in_simulated" if pipeline.mapping.simulated else "built_in"
    source = words(f"notebook.{simulated}") if table.source.startswith("built-in") else table.source
    values = {"source": source, "columns": figures.count(len(found["columns"]))}
    said = [words("notebook.table", rows=figures.count(len(table)), **values)]
    classes = _classes(table, words, figures)
    if classes:
        said.append(classes)
    elif found.get("positives"):
        share = figures.percent(found["positives"] / len(table))
        said.append(words("notebook.positives", count=figures.count(found["positives"]), share=share))
    if found["period"]:
        low, high = (figures.date(day) for day in found["period"])
        said.append(words("notebook.period", low=low, high=high))
    return ("；" if words.lang == "zh" else "; ").join(said) + ("。" if words.lang == "zh" else ".")


def _classes(table: Table, words: Words, figures: Figures) -> str:
    """How many rows each class has, where labels are names, as those of photos."""
    label = table.frame.get("label")
    if label is None or label.dtype.kind == "f":
        return ""
    counts = label.dropna().astype(str).value_counts()[:MOST_CLASSES]
    each = [
        words("notebook.class_count", name=words.value("class_name", name), count=figures.count(count))
        for name, count in counts.items()
    ]
    return words("notebook.classes", counts=("、" if words.lang == "zh" else ", ").join(each))


def _head(
    pipeline: Pipeline, table: Table, rows: int, words: Words, figures: Figures
) -> tuple[Html, list[str]]:
    """The first rows under the customer's names, and sentences on what is not among them."""
    private = {role.name for role in pipeline.roles if role.private}
    names = [name for name in table.frame if name not in private]
    shown = names[:MOST_COLUMNS]
    heads = [words("drivers.row"), *(_column(table, name) for name in shown)]
    count = min(rows, len(table))
    cells = [
        [str(table.rows[row]), *(_cell(_delivered(table, name, row), figures) for name in shown)]
        for row in range(count)
    ]
    unseen = []
    hidden = [_column(table, name) for name in table.frame if name in private]
    if hidden:
        unseen.append(words("notebook.hidden", names=", ".join(hidden)))
    if len(names) > len(shown):
        unseen.append(words("notebook.more_columns", count=figures.count(len(names) - len(shown))))
    return html_table(heads, cells, title=words("notebook.head")), unseen


def _column(table: Table, name: str) -> str:
    """The customer's name of a column of the table."""
    return table.mapping.column(name) if name in table.mapping.columns else name.split("/", 1)[-1]


def _delivered(table: Table, name: str, row: int):
    """A cell; of a label the customer's own text, where the mapping has one."""
    value = table.frame[name].iloc[row]
    if name != "label" or isinstance(value, str):
        return value
    return next((text for text, code in table.mapping.labels.items() if code == value), value)


def _cell(value, figures: Figures) -> str:
    """A cell as people write it; of a path only the last two names."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return figures.raw(None)
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        moment = pd.Timestamp(value)
        return str(moment.date()) if moment == moment.normalize() else str(moment)
    return clip(shortened(value), LONGEST) if isinstance(value, str) else figures.raw(value)


def shortened(text: str) -> str:
    """Of an absolute path only the last two names: where it lies tells of the machine, not of the data.

    Example:
        >>> shortened("/data/acme/parts/crack/7.png"), shortened("crack/7.png")
        ('crack/7.png', 'crack/7.png')
    """
    return "/".join(Path(text).parts[-2:]) if Path(text).is_absolute() else text
