"""What the decisions of a run cost, or come to where there is no money in them."""

from collections.abc import Mapping

from shared.notebook import language
from shared.notebook.drawings import drawing
from shared.notebook.outputs import Html, Outputs, paragraph
from shared.notebook.tables import facts, table
from shared.report.diagnosis import Diagnosis
from shared.report.inspection import Inspection
from shared.report.inventory import Inventory
from shared.report.referrals import Referrals
from shared.report.sections import POLICY_COUNTS, Sections
from shared.report.words import Words


def show_costs(metrics: Mapping, *, lang: str = "en") -> Outputs:
    """What each method's decisions would have cost on the test data, in the customer's currency.

    Args:
        metrics: What `fit_and_judge` returned.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> policies = [{"name": "model", "cost": 120, "missed": 1, "caught": 9, "false_alarms": 3}]
        >>> decision = {"currency": "EUR", "saved": {"value": 80, "low": 20, "high": 90}, "policies": policies}
        >>> show_costs({"decision": decision}).parts[0]
        Saved against today’s rule: EUR 80.00 (20.00 to 90.00), over the test period
    """
    words, figures = language.of_run(metrics, lang)
    money = Sections(metrics, words, figures).money()
    if money:
        heads = [
            words("column.policy"),
            money["cost_head"],
            *(words(f"column.{key}") for key in POLICY_COUNTS),
        ]
        rule = f"{words('money.rule')}{words('page.colon')}{money['rule']}" if money["rule"] else ""
        return _costs(money, heads, money["chart_title"], words, [paragraph(rule), _bands(money, words)])
    stock = Inventory(metrics, words, figures).inventory()
    if stock:
        return _costs(stock, [words("column.policy"), *stock["heads"]], stock["chart_title"], words, [])
    return Outputs(paragraph(words("notebook.no_costs")))


def _costs(found: Mapping, heads: list[str], title: str, words: Words, further: list) -> Outputs:
    """Saving, bars, policies and assumptions, of decisions on rows or of orders."""
    rows = [[row["label"], row["cost"], *row["counts"]] for row in found["policies"]]
    own = [place for place, row in enumerate(found["policies"]) if row["name"] == "model"]
    costs = found.get("costs") or found.get("assumptions") or {}
    return Outputs(
        paragraph(_saved(found.get("saved") or {}, words), bold=True),
        *further,
        drawing([(title, found["chart"])], legend=found.get("legend") or ()),
        table(heads, rows, bold=own) if rows else None,
        facts(words("notebook.costs"), costs),
    )


def _saved(saved: Mapping, words: Words) -> str:
    """What the model saved, over which time, as one line."""
    if not saved:
        return ""
    bounds = f"（{saved['bounds']}）" if words.lang == "zh" else f" ({saved['bounds']})"
    bounds = bounds if saved["bounds"] else ""
    comma = "，" if words.lang == "zh" else ", "
    further = [saved[key] for key in ("share", "period") if saved.get(key)]
    return f"{saved['headline']}{words('page.colon')}{saved['value']}{bounds}{comma}{comma.join(further)}"


def _bands(money: Mapping, words: Words) -> Html | None:
    return facts(words("money.thresholds"), {band["label"]: band["scores"] for band in money["bands"]})


def show_rates(metrics: Mapping, *, lang: str = "en") -> Outputs:
    """What the thresholds come to where errors are counted, not paid: escapes, sensitivity, referrals.

    Args:
        metrics: What `fit_and_judge` returned.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> escape = {"value": 0.02, "low": 0.0, "high": 0.1, "count": 1, "of": 50}
        >>> found = {"kind": "inspection", "inspection": {"escape": escape}}
        >>> show_rates(found, lang="zh").parts[0]
        指标 | 结果 | 含义
        漏检率 | 2.00% (0% 至 10.00%) | 50 件不合格品中有 1 件被判为合格。制定质量计划时，应按最高 10.00% 考虑。
    """
    words, figures = language.of_run(metrics, lang)
    inspection = Inspection(metrics, words, figures).inspection()
    if inspection:
        return Outputs(*_inspected(inspection, words))
    diagnosis = Diagnosis(metrics, words, figures).threshold()
    if diagnosis:
        referrals = Referrals(metrics, words, figures).referrals()
        return Outputs(*_diagnosed(diagnosis, words), paragraph(referrals.get("sentence", "")))
    return Outputs(paragraph(words("notebook.no_rates")))


def _inspected(found: Mapping, words: Words) -> list:
    methods = found["methods"]
    heads = [words("column.method"), words("metric.escape_rate"), words("metric.macro_f1")]
    rows = [[row["label"], *row["cells"]] for row in methods]
    own = [place for place, row in enumerate(methods) if row["name"] == "model"]
    width = 1 + max((len(row["cells"]) for row in methods), default=0)
    title = words("inspection.methods")
    return [
        _rates(found["rates"], words),
        facts(words("inspection.thresholds"), {band["label"]: band["scores"] for band in found["bands"]}),
        table(heads[:width], rows, title=title, bold=own) if rows else None,
        facts(words("inspection.pixel"), found["pixel"]),
    ]


def _diagnosed(found: Mapping, words: Words) -> list:
    thousand = found["thousand"]
    picture = [(thousand["title"], thousand["picture"])] if thousand.get("picture") else []
    legend = [(each["color"], "block", each["text"]) for each in thousand.get("legend") or []]
    return [
        paragraph(found["calls"], bold=True),
        paragraph(found["rule"]),
        *(paragraph(found[key].get("text", "")) for key in ("state", "test_state")),
        _rates(found["rates"], words),
        drawing(picture, legend=legend),
        paragraph(thousand.get("sentence", "")),
    ]


def _rates(rates: list, words: Words) -> Html | None:
    """Each rate with its interval and what it counts."""
    heads = [words(f"notebook.{key}") for key in ("rate", "value_found", "meaning")]
    rows = [[rate["label"], rate, rate["meaning"]] for rate in rates]
    return table(heads, rows, words=-1) if rows else None
