"""What the test origins say, in one sentence for the planner: in money first, then in accuracy."""

from collections.abc import Sequence
from typing import Any

from shared.intervals import Bootstrap, Estimate
from shared.series.judging import choice
from shared.series.rivals import NAMES

METRICS = {"weighted_quantile_loss": ("weighted quantile loss", "加权分位数损失")}
NONE = {
    "en": "No rival was measured beside this model, so there is no verdict.",
    "zh": "没有同时评估其他方法，因此不作结论。",
}


def money_verdict(drawn: Bootstrap, rivals: Sequence[str], currency: str) -> dict[str, Any]:
    """The verdict from the replayed costs: model, the best rival, or that the series cannot tell."""
    if not rivals:
        return {"choice": "undecided", "rival": None, "metric": "cost", "difference": None, "sentence": NONE}
    rival = min(rivals, key=lambda name: drawn.values[name]["cost"])
    difference = drawn.difference("model", rival, "cost")
    chosen = choice(difference, rival)
    mine, other = drawn.values["model"]["cost"], drawn.values[rival]["cost"]
    figures = [f"{currency} {value:,.0f}" for value in (mine, other)]
    span = f"{difference.value:+,.0f} ({difference.low:+,.0f} to {difference.high:+,.0f})"
    en_rival, zh_rival = NAMES.get(rival, (rival, rival))
    en = f"too few and too many pieces cost {figures[0]} against {figures[1]}, difference {span}"
    zh = f"缺货与积压成本 {figures[0]} 对 {figures[1]}，差值 {span.replace(' to ', ' 至 ')}"
    if chosen == "model":
        sentence = {
            "en": f"Order by the model: over the test period it costs less than {en_rival}, the cheapest rival ({en}).",
            "zh": f"建议按本模型订货：测试期内成本低于最省的对照方法“{zh_rival}”（{zh}）。",
        }
    elif chosen == "undecided":
        sentence = {
            "en": f"These series cannot tell the model's orders from those of {en_rival}, the cheapest rival ({en}): "
            "take whichever is simpler to run.",
            "zh": f"现有序列不足以区分本模型与最省的对照方法“{zh_rival}”（{zh}）：请选择运行更简单的一个。",
        }
    else:
        sentence = {
            "en": f"Order by {en_rival}, not by the model: it costs less over the test period ({en}).",
            "zh": f"建议按“{zh_rival}”而不是本模型订货：测试期内它的成本更低（{zh}）。",
        }
    return {
        "choice": chosen,
        "rival": rival,
        "metric": "cost",
        "difference": difference.to_dict(),
        "sentence": sentence,
    }


def accuracy_verdict(drawn: Bootstrap, rivals: Sequence[str], primary: str) -> dict[str, Any]:
    """The same from a metric of which lower is better."""
    if not rivals:
        return {"choice": "undecided", "sentence": NONE}
    rival = min(rivals, key=lambda name: drawn.values[name][primary])
    difference = drawn.difference("model", rival, primary)
    chosen = choice(difference, rival)
    en_rival, zh_rival = NAMES.get(rival, (rival, rival))
    en_metric, zh_metric = METRICS.get(primary, (primary, primary))
    figures = f"{drawn.values['model'][primary]:.3f}", f"{drawn.values[rival][primary]:.3f}"
    en = f"{en_metric} {figures[0]} against {figures[1]}, difference {_span(difference, 'to')}"
    zh = f"{zh_metric} {figures[0]} 对 {figures[1]}，差值 {_span(difference, '至')}"
    words = {
        "model": (
            f"Its forecasts are more accurate than those of {en_rival} ({en}).",
            f"预测精度优于“{zh_rival}”（{zh}）。",
        ),
        "undecided": (
            f"In accuracy it cannot be told from {en_rival} ({en}).",
            f"预测精度与“{zh_rival}”无法区分（{zh}）。",
        ),
    }
    other = (f"The forecasts of {en_rival} are more accurate ({en}).", f"“{zh_rival}”的预测更准确（{zh}）。")
    sentence = words.get(chosen, other)
    return {"choice": chosen, "rival": rival, "sentence": {"en": sentence[0], "zh": sentence[1]}}


def _span(difference: Estimate, to: str) -> str:
    return f"{difference.value:+.3f} ({difference.low:+.3f} {to} {difference.high:+.3f})"
