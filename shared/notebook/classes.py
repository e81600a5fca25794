"""Drawings of a table of patients: how the columns that part the classes most are spread in each class."""

import numpy as np
import pandas as pd

from shared.contract import NUMERIC, Table
from shared.notebook import language
from shared.notebook.drawings import drawing
from shared.notebook.outputs import Outputs, paragraph
from shared.pipeline import Pipeline
from shared.report.charts import LOSS, MODEL, OTHERS, Axis, Frame, Line, line_chart
from shared.report.figures import Figures
from shared.report.words import Words

BINS, MOST_CLASSES, FEWEST = 24, 4, 5
LOOKS = [(MODEL, ""), (LOSS, "6 3"), *OTHERS]


def plot_by_class(pipeline: Pipeline, table: Table, *, most: int = 4, lang: str = "en") -> Outputs:
    """The numeric columns that part the classes most, one chart each: share of each class over their values.

    Args:
        pipeline: Of a solution with a label.
        table: The checked table.
        most: So many columns are drawn.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> from shared.contract import Mapping, Role
        >>> from shared.contract.tables import raw_table
        >>> class Clinic(Pipeline):
        ...     name, Config = "clinic", type("Config", (), {})
        ...     roles = (Role(name="label", kind="label"),)
        >>> frame = pd.DataFrame({"age": np.arange(20.0), "label": [0] * 10 + [1] * 10})
        >>> clinic = Clinic(mapping=Mapping(numeric=["age"]))
        >>> plot_by_class(clinic, clinic.check(raw_table(frame))).parts[0]
        [age]
    """
    words, figures = language.of_pipeline(pipeline, lang)
    if "label" not in table.frame:
        return Outputs(paragraph(words("plot.no_label")))
    label = table.frame["label"]
    names = [name for name in table.frame if name.startswith(NUMERIC)]
    order = sorted(names, key=lambda name: -parting(table.frame[name], label))[:most]
    charts = [
        (
            name.split("/", 1)[1],
            _spread(table.frame[name], label, _class_names(pipeline, table), words, figures),
        )
        for name in order
    ]
    if not charts:
        return Outputs(paragraph(words("plot.no_numbers")))
    title = words("plot.by_class") if len(charts) > 1 else ""
    return Outputs(drawing(charts, title=title), paragraph(words("plot.by_class_hint")))


def parting(values: pd.Series, label: pd.Series) -> float:
    """How far ranks part the reference class from the others: 0 not at all, .5 wholly.

    Example:
        >>> parting(pd.Series([1.0, 2, 3, 4]), pd.Series([0.0, 0, 1, 1]))
        0.5
    """
    known = (values.notna() & label.notna()).to_numpy()
    ranks, ill = values[known].rank().to_numpy(), (label[known] > 0).to_numpy()
    sick, well = int(ill.sum()), int((~ill).sum())
    if not sick or not well:
        return 0.0
    return abs(float((ranks[ill].sum() - sick * (sick + 1) / 2) / (sick * well) - 0.5))


def _class_names(pipeline: Pipeline, table: Table) -> dict[float, str]:
    """Names of the classes 0, 1, ...: those of the settings, else the customer's own texts, else the numbers."""
    given = getattr(pipeline.config, "class_names", ()) or ()
    texts = {float(value): str(name) for name, value in table.mapping.labels.items()}
    values = sorted(table.frame["label"].dropna().unique())[:MOST_CLASSES]
    return {
        value: given[int(value)] if value < len(given) else texts.get(float(value), f"{value:g}")
        for value in values
    }


def _spread(values: pd.Series, label: pd.Series, names: dict[float, str], words: Words, figures: Figures):
    """Share of each class in bins over a column, as one line a class."""
    known = values.to_numpy(np.float64)
    known = known[np.isfinite(known)]
    low, high = np.quantile(known, [0.005, 0.995]) if len(known) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    lines = []
    for (value, name), (color, dash) in zip(names.items(), LOOKS):
        own = values[(label == value).to_numpy()].dropna().to_numpy(np.float64)
        if len(own) >= FEWEST:
            shares = np.histogram(own, edges)[0] / len(own)
            lines.append(Line(name, (edges[:-1] + edges[1:]) / 2, smooth(shares), color, dash, 2.2))
    top = max((max(line.y) for line in lines), default=1.0) * 1.08
    frame = Frame(
        Axis("", edges[0], edges[-1], figures.raw),
        Axis(words("plot.by_class_y"), 0, top, lambda share: figures.percent(share, places=0)),
        size=(400, 230),
    )
    return line_chart(lines, frame, title=words("plot.by_class"))


def smooth(shares: np.ndarray) -> np.ndarray:
    """Each share with a quarter of either neighbour, so that small tables make no saw.

    Example:
        >>> smooth(np.array([0.0, 1.0, 0.0])).tolist()
        [0.25, 0.5, 0.25]
    """
    padded = np.pad(np.asarray(shares, np.float64), 1, mode="edge")
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
