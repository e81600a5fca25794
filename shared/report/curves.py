"""The curves of `metrics["curves"]` as charts: title, drawing, and how to read it."""

import math
from collections.abc import Mapping, Sequence
from functools import partial

from shared.report.charts import HEIGHT, LOSS, MODEL, WIDTH, Axis, Dot, Frame, Line, line_chart, style_of
from shared.report.figures import Figures, finite
from shared.report.scales import crowded_at_zero, limits, log_floor, nice_step
from shared.report.words import Words

WIDE = (480, 290)
LEARNING = ("loss", "valid_loss")


def figure(name: str, words: Words, drawing, *, hints: Sequence[str] = (), **values) -> dict:
    """A chart with its title and the sentences that stand below it."""
    hint = words.join([words(f"chart.{key}") for key in (f"{name}_hint", *hints)])
    return {"name": name, "title": words(f"chart.{name}", **values), "svg": drawing, "hint": hint}


def all_curves(metrics: Mapping, words: Words, figures: Figures) -> list[dict]:
    """Every chart for which there are curves, in the order in which they are read."""
    curves = metrics.get("curves") or {}
    makers = {
        "precision_recall": precision_recall,
        "calibration": calibration,
        "alerts_per_day": alerts_per_day,
        "cost": cost,
        "learning": learning,
    }
    found = [make(curves[name], metrics, words, figures) for name, make in makers.items() if curves.get(name)]
    return [chart for charts in found for chart in charts if chart]


def methods(curves: Mapping, words: Words) -> list[Line]:
    """One line a method, the model first and boldest."""
    order = sorted(curves, key=lambda name: name != "model")
    others = [name for name in order if style_of(name) == style_of("")]
    lines = []
    for name in order:
        curve, (color, dash) = curves[name] or {}, style_of(name, others.index(name) if name in others else 0)
        width = 2.6 if name == "model" else 1.6
        label = words.name("method_name", name)
        lines.append(Line(label, curve.get("x") or [], curve.get("y") or [], color, dash, width))
    return [line for line in lines if line.points]


def share(figures: Figures):
    """Ticks of a share in whole per cent."""
    return lambda value: figures.percent(value, places=0)


def percent(figures: Figures):
    """Ticks of a share as short as they can be: 0.1 %, 10 %."""
    suffix = "%" if figures.lang == "zh" else " %"
    return lambda value: figures.raw(round(value * 100, 6)) + suffix


def tick(figures: Figures):
    """Ticks as short as they can be: 0.5, 20, 1,000."""
    return lambda value: figures.raw(value)


def precision_recall(curves, metrics, words, figures) -> list[dict]:
    """Precision against recall of each method."""
    lines = methods(curves, words)
    if not lines:
        return []
    x = Axis(words("chart.precision_recall_x"), 0, 1, share(figures))
    frame = Frame(x, Axis(words("chart.precision_recall_y"), 0, 1, share(figures)))
    return [figure("precision_recall", words, draw("precision_recall", lines, frame, words))]


def draw(name: str, lines: Sequence[Line], frame: Frame, words: Words, **values):
    """A line chart, titled and described in the words of the report."""
    title = words(f"chart.{name}", **values)
    return line_chart(lines, frame, title=title, desc=words(f"chart.{name}_hint"))


def calibration(curves, metrics, words, figures) -> list[dict]:
    """Reliability: share that came true against the score given, with intervals."""
    curve = curves.get("model") or next(iter(curves.values())) or {}
    dots = reliability_dots(curve)
    if not dots:
        return []
    log = crowded_at_zero([dot.x for dot in dots])
    seen = [value for dot in dots for value in (dot.x, dot.y, dot.high)]
    low = log_floor([dot.x for dot in dots]) if log else 0
    high = min(1, limits(seen)[1] * 1.15) if log or limits(seen)[1] < 0.5 else 1
    write = share(figures) if not log and high > 0.05 else percent(figures)
    frame = Frame(
        Axis(words("chart.calibration_x"), low, high, write, log),
        Axis(words("chart.calibration_y"), low, high, write, log),
        dots=dots,
        diagonal=words("chart.perfect"),
    )
    path = Line("", [dot.x for dot in dots], [dot.y for dot in dots], MODEL, "", 1.2)
    drawing = draw("calibration", [path], frame, words)
    return [figure("calibration", words, drawing, hints=["log_axes"] if log else [])]


def reliability_dots(curve: Mapping) -> list[Dot]:
    """The dots of the calibration chart, sized by their rows."""
    x, y = curve.get("x") or [], curve.get("y") or []
    empty = [None] * len(x)
    low, high, n = (list(curve.get(key) or empty) + empty for key in ("low", "high", "n"))
    most = max([finite(count) or 0 for count in n] + [1])
    dots = []
    for place, (a, b) in enumerate(zip(x, y)):
        if finite(a) is not None and finite(b) is not None:
            radius = 3 + 3 * ((finite(n[place]) or 0) / most) ** 0.5
            dots.append(Dot(a, b, low=finite(low[place]), high=finite(high[place]), radius=radius))
    return dots


def policy(metrics: Mapping, name: str) -> Mapping:
    """One policy of the decision, by name; empty where it is not there."""
    found = (metrics.get("decision") or {}).get("policies") or []
    return next((each for each in found if each.get("name") == name), {})


def alerts_per_day(curves, metrics, words, figures) -> list[dict]:
    """Share of the positives caught against alerts a day."""
    lines = methods(curves, words)
    if not lines:
        return []
    chosen, rule = policy(metrics, "model"), policy(metrics, "rule")
    at, most = (
        finite(chosen.get("alerts_per_day")),
        limits([x for line in lines for x, _ in line.points])[1],
    )
    today = finite(rule.get("alerts_per_day"))
    if at:
        most = min(most, max(5 * at, 1.25 * (today or 0)))
    dots, counts = [], [finite(rule.get(key)) for key in ("caught", "missed")]
    if today is not None and None not in counts and sum(counts):
        dots = [Dot(today, counts[0] / sum(counts), words("money.rule"), color="#1f2933", radius=4.5)]
    frame = Frame(
        Axis(words("chart.alerts_per_day_x"), 0, most, tick(figures)),
        Axis(words("chart.alerts_per_day_y"), 0, 1, share(figures)),
        dots=dots,
        rulers=[("x", at, words("chart.chosen"))] if at else [],
    )
    drawing = draw("alerts_per_day", lines, frame, words)
    return [figure("alerts_per_day", words, drawing, hints=["rule_dot"] if dots else [])]


def cost(curves, metrics, words, figures) -> list[dict]:
    """Cost of the test rows against the review threshold."""
    chosen = curves.get("chosen") or {}
    lines = methods({name: curve for name, curve in curves.items() if name != "chosen"}, words)
    if not lines:
        return []
    points = [point for line in lines for point in line.points]
    at, height = finite(chosen.get("x")), finite(chosen.get("y"))
    today = finite((policy(metrics, "rule").get("cost") or {}).get("value"))
    ends = [line.points[-1][1] for line in lines] + [value for value in (today, height) if value is not None]
    top = (
        max(min(max(ends) * 1.2, limits([y for _, y in points], zero=True)[1] * 1.05), (today or 0) * 1.1)
        or 1
    )
    thresholds = [x for x, _ in points]
    log = crowded_at_zero(thresholds) or (at is not None and 0 < at < max(thresholds) / 20)
    low = (
        log_floor([x for x in thresholds if x > 0] + ([at] if at else [])) if log else min(0, min(thresholds))
    )
    rulers = [("y", today, words("money.rule"))] if today is not None else []
    rulers += [("x", at, words("chart.chosen"))] if at is not None else []
    frame = Frame(
        Axis(words("chart.cost_x"), low, limits(thresholds)[1], tick(figures), log),
        Axis(words.priced(words("metric.cost"), figures.currency), 0, top, figures.count),
        dots=[Dot(at, height)] if at is not None and height is not None else [],
        rulers=rulers,
    )
    drawing = draw("cost", lines, frame, words)
    return [figure("cost", words, drawing, hints=["log_x"] if log else [])]


def drawing_size(metrics: Mapping) -> tuple[int, int]:
    """Width and height of a chart: wider in forecast reports, whose axes bear dates and many methods."""
    return WIDE if metrics.get("kind") == "forecast" else (WIDTH, HEIGHT)


def learning(curve, metrics, words, figures) -> list[dict]:
    """Two charts: loss in training and validation; the score by which the best epoch was picked."""
    epochs, best = curve.get("epoch") or [], finite(curve.get("best_epoch"))
    found = []
    looks = {"loss": (MODEL, ""), "valid_loss": (LOSS, "6 3")}
    losses = [Line(words(f"chart.{key}"), epochs, curve.get(key) or [], *looks[key], 2) for key in LEARNING]
    losses = [line for line in losses if line.points]
    if losses:
        frame = epoch_frame(losses, words, figures, label=words("metric.loss"), best=best)
        frame.size = drawing_size(metrics)
        found.append(figure("learning_loss", words, draw("learning_loss", losses, frame, words)))
    score = words.name("metric", curve.get("score_name") or "score")
    line = Line(score, epochs, curve.get("valid_score") or [], MODEL, "", 2.2)
    if line.points:
        frame = epoch_frame([line], words, figures, label=score, best=best)
        frame.size = drawing_size(metrics)
        drawing = draw("learning_score", [line], frame, words, score=words.within(score))
        found.append(figure("learning_score", words, drawing, score=words.within(score)))
    return found


def whole(figures: Figures, value: float) -> str:
    """Ticks of whole numbers only: there is no half epoch."""
    return figures.count(value) if value == round(value) else ""


def epoch_frame(
    lines: Sequence[Line], words: Words, figures: Figures, *, label: str, best: float | None
) -> Frame:
    """Axes of a chart over the epochs, with a guide line at the best one."""
    points = [point for line in lines for point in line.points]
    low, high = limits([y for _, y in points])
    margin = (high - low) * 0.08
    bottom = max(low - margin, 0) if low >= 0 else low - margin
    places = max(-math.floor(math.log10(nice_step(high + margin - bottom)) + 1e-9), 0)
    write = partial(figures.score, places=places)
    x = Axis(words("chart.epoch"), *limits([x for x, _ in points]), partial(whole, figures))
    rulers = [("x", best, words("chart.best_epoch"))] if best is not None and x.low <= best <= x.high else []
    return Frame(x, Axis(label, bottom, high + margin, write), rulers=rulers)
