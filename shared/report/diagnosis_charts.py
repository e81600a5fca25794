"""Charts that only a diagnosis has: error against the share answered, and the decision curve."""

from collections.abc import Mapping

from shared.report.bands import Band
from shared.report.charts import MODEL, Axis, Frame, line_chart
from shared.report.curves import draw, figure, methods, percent, share, tick
from shared.report.entries import entry, mapping
from shared.report.figures import Figures, finite
from shared.report.scales import limits
from shared.report.words import Words


def curves_of(found) -> dict:
    """The curves of a dictionary by method; what is no curve is left out."""
    return {
        name: curve
        for name, curve in mapping(found).items()
        if all(isinstance(mapping(curve).get(key), list) for key in ("x", "y"))
    }


def coverage_error(referral: Mapping, words: Words, figures: Figures) -> dict:
    """Share of wrong answers against the share of patients answered, for each method."""
    lines = methods(curves_of(referral.get("curve")), words)
    if not lines:
        return {}
    top = limits([y for line in lines for _, y in line.points], zero=True)[1] * 1.1
    asked = finite(referral.get("share"))
    rulers = [("x", 1 - asked, words("chart.asked"))] if asked is not None and 0 <= asked < 1 else []
    frame = Frame(
        Axis(words("chart.coverage_error_x"), 0, 1, share(figures)),
        Axis(words("chart.coverage_error_y"), 0, top, percent(figures)),
        rulers=rulers,
    )
    return figure("coverage_error", words, draw("coverage_error", lines, frame, words))


def decision_curve(metrics: Mapping, words: Words, figures: Figures) -> list[dict]:
    """Net benefit against the risk at which one would act, as charts of which there is at most one."""
    found = mapping(entry(metrics, "diagnosis.net_benefit"))
    x = found.get("threshold")
    if not isinstance(x, list):
        return []
    given = {
        name: {"x": x, "y": y} for name, y in mapping(found.get("curves")).items() if isinstance(y, list)
    }
    lines = methods(given, words)
    if not lines:
        return []
    # Treating everyone falls without end: the frame follows the curves that are above doing nothing.
    top = max(limits([y for line in lines for _, y in line.points], zero=True)[1] * 1.12, 0.01)
    ends = [found.get(key) if isinstance(found.get(key), list) else [] for key in ("low", "high")]
    at = finite(entry(metrics, "diagnosis.threshold.value"))
    ticks = limits([x for line in lines for x, _ in line.points])
    inside = at is not None and ticks[0] <= at <= ticks[1]
    frame = Frame(
        Axis(words("chart.net_benefit_x"), *ticks, percent(figures)),
        Axis(words("chart.net_benefit_y"), -0.25 * top, top, tick(figures)),
        rulers=[("x", at, words("chart.chosen"))] if inside else [],
        bands=[Band(x, *ends, MODEL)],
    )
    title = words("chart.net_benefit")
    drawing = line_chart(lines, frame, title=title, desc=words("chart.net_benefit_hint"))
    return [figure("net_benefit", words, drawing)]
