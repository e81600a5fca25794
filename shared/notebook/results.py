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
from shared.report.figures import Figures, finite, kind_of, parts
from shared.report.sections import Sections
from shared.report.words import Words

WIDE, MOST_METRICS = 640, 5
FAR = 4  # times the highest training loss


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
    whole = (metrics.get("curves") or {}).get("learning") or {}
    curve = within_sight(whole)
    charts = learning(curve, {}, words, figures) if curve.get("epoch") else []
    if not charts:
        return Outputs(paragraph(words("notebook.no_curve")))
    return Outputs(
        drawing([(chart["title"], chart["svg"]) for chart in charts]),
        paragraph(charts[0]["hint"]),
        paragraph(words("notebook.cut")) if curve != whole else None,
    )


def within_sight(curve: Mapping) -> Mapping:
    """A learning curve without validation losses so high that all others would lie on the axis.

    Example:
        >>> within_sight({"loss": [2.0, 1.0], "valid_loss": [9000.0, 1.5]})["valid_loss"]
        [None, 1.5]
    """
    known = [value for value in map(finite, curve.get("loss") or []) if value is not None]
    if not known or min(known) <= 0:
        return curve
    most = FAR * max(known)
    kept = [value if (finite(value) or 0) <= most else None for value in curve.get("valid_loss") or []]
    return {**curve, "valid_loss": kept}


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
    counted = test.get("rows") and metrics.get("kind") != "forecast"  # whose rows are series at dates
    rows = figures.count(test["rows"]) if counted else ""
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
