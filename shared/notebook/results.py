"""What a run found: how learning went, and the model beside its rivals."""

from collections.abc import Mapping

from shared.notebook import language
from shared.notebook.drawings import drawing
from shared.notebook.outputs import Html, Outputs, paragraph
from shared.notebook.tables import table
from shared.report.bars import Bar, bar_chart
from shared.report.charts import style_of
from shared.report.comparison import Comparison
from shared.report.curves import learning
from shared.report.figures import Figures, kind_of, parts
from shared.report.sections import Sections
from shared.report.words import Words

WIDE, MOST_METRICS = 640, 5


def show_learning(metrics: Mapping, *, lang: str = "en") -> Outputs:
    """Loss in training and validation by epoch, and the score that picked the epoch.

    Args:
        metrics: What `fit_and_judge` returned.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> curve = {"epoch": [1, 2], "loss": [0.5, 0.4], "valid_loss": [0.6, 0.5], "best_epoch": 2}
        >>> show_learning({"curves": {"learning": curve}}).parts[0]
        [Learning curve: loss]
    """
    words, figures = language.of_run(metrics, lang)
    curve = (metrics.get("curves") or {}).get("learning") or {}
    charts = learning(curve, {}, words, figures) if curve.get("epoch") else []
    if not charts:
        return Outputs(paragraph(words("notebook.no_curve")))
    return Outputs(
        drawing([(chart["title"], chart["svg"]) for chart in charts]),
        *(paragraph(chart["hint"]) for chart in charts[:1]),
    )


def show_results(metrics: Mapping, *, lang: str = "en") -> Outputs:
    """The verdict, the main figure of each method as bars, and the other figures as a table.

    Args:
        metrics: What `fit_and_judge` returned.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> results = {"model": {"roc_auc": {"value": 0.9, "low": 0.8, "high": 0.95}}, "prior": {"roc_auc": 0.5}}
        >>> show_results({"results": results, "primary_metric": "roc_auc", "better": {"roc_auc": "higher"}})
        [ROC AUC of each method (longer is better)]
        Method | ROC AUC ↑
        This model | .900 (.800 to .950)
        Base rate only | .500
        Measured on test data that played no part in learning; ranges are 95 % intervals.
    """
    words, figures = language.of_run(metrics, lang)
    verdict = Sections(metrics, words, figures).verdict()
    test = ((metrics.get("split") or {}).get("parts") or {}).get("test") or {}
    rows = figures.count(test["rows"]) if test.get("rows") else ""
    said = words("notebook.test_rows", rows=rows) if rows else words("notebook.test_rows_unknown")
    return Outputs(
        paragraph(verdict.get("sentence", ""), bold=True),
        paragraph(verdict.get("accuracy", "")),
        _bars(metrics, words, figures),
        _table(metrics, words, figures),
        paragraph(said),
    )


def _bars(metrics: Mapping, words: Words, figures: Figures):
    """The main figure of each method with its interval."""
    results, primary = metrics.get("results") or {}, metrics.get("primary_metric")
    kind = kind_of(primary or "")
    bars = [
        Bar(
            words.name("method_name", method),
            found[primary],
            figures.interval(found[primary], kind),
            style_of(method)[0],
        )
        for method, found in sorted(results.items(), key=lambda item: item[0] != "model")
        if parts((found or {}).get(primary))[0] is not None
    ]
    if not bars:
        return None
    better = (metrics.get("better") or {}).get(primary, "higher")
    title = words("notebook.methods", metric=words.name("metric", primary), sense=words(f"notebook.{better}"))
    return drawing([(title, bar_chart(bars, title=title, width=WIDE))])


def _table(metrics: Mapping, words: Words, figures: Figures) -> Html | None:
    """Each method's figures; what was trained how fast is left out, since it differs from machine to machine."""
    untimed = {key: value for key, value in metrics.items() if key != "timing"}
    found = Comparison(untimed, words, figures).rivals()
    if not found:
        return None
    heads = [f"{head['label']} {head['arrow']}".strip() for head in found["heads"][:MOST_METRICS]]
    rows = [[row["label"], *map(_unmarked, row["cells"][:MOST_METRICS])] for row in found["rows"]]
    own = [place for place, row in enumerate(found["rows"]) if row["name"] == "model"]
    return table([words("column.method"), *heads], rows, bold=own)


def _unmarked(cell: Mapping) -> dict:
    """Without the mark of the best: the verdict says what may be concluded."""
    return {"value": cell["value"], "bounds": cell["bounds"]}
