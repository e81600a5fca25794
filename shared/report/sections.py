"""The sections for the decision maker, as plain dictionaries: verdict, money, what drives the score."""

from collections.abc import Mapping

from shared.report.bars import Bar, bar_chart
from shared.report.cells import Cells
from shared.report.charts import LOSS, MODEL, style_of
from shared.report.curves import policy
from shared.report.figures import finite, kind_of, parts

MOST_BARS, MOST_ATTRIBUTIONS, MOST_VALUES = 20, 8, 24
POLICY_COUNTS = ("missed", "caught", "false_alarms", "alerts_per_day")


class Sections(Cells):
    """Prepares the sections that say what to do and why."""

    def verdict(self) -> dict:
        """The sentence, what the interval means, and the difference as a mark about zero."""
        verdict, words = self.metrics.get("verdict") or {}, self.words
        if not verdict:
            return {}
        metric, rival = verdict.get("metric") or "", verdict.get("rival") or ""
        choice = verdict.get("choice") or "undecided"
        kind = choice if choice in ("model", "undecided") else "rival"
        out = {"choice": kind, "sentence": words.local(verdict.get("sentence"))}
        out["accuracy"] = words.local(verdict.get("accuracy"))
        out["headline"] = words(f"verdict.{kind}", rival=words.within(words.name("method_name", choice)))
        value, low, high = parts(verdict.get("difference"))
        better = (self.metrics.get("better") or {}).get(metric)
        sense = [words(f"verdict.{better}")] if better in ("higher", "lower") else []
        sides = [words("verdict.rival_ahead"), words("verdict.model_ahead")]
        left, right = sides if better == "higher" else sides[::-1]
        out["sides"] = [f"← {left}", f"{right} →"] if sense else []
        if None not in (value, low, high):
            rival = words.within(words.name("method_name", rival))
            out["label"] = words("verdict.difference", metric=words.name("metric", metric), rival=rival)
            out["difference"] = self.figures.interval(verdict["difference"], kind_of(metric), sign=True)
            out["mark"] = self.mark(verdict["difference"], out["label"], zero=True, width=320)
            sense.insert(0, words("verdict.zero" if low <= 0 <= high else "verdict.apart"))
        out["explain"] = words.join([words("verdict.meaning"), *sense])
        return out

    def money(self) -> dict:
        """Saving in a sentence, key figures beside today's rule, thresholds in words, table of policies."""
        decision, words = self.metrics.get("decision") or {}, self.words
        if not decision:
            return {}
        rows = [self.policy_row(each) for each in decision.get("policies") or []]
        bars = [
            Bar(row["label"], row["figure"], row["cost"]["value"], style_of(row["name"])[0])
            for row in rows
            if finite(row["figure"].get("value")) is not None
        ]
        title = words.priced(words("money.table"), self.figures.currency)
        costs = {
            words.name("cost", key): self.figures.raw(value)
            if key.endswith(("_share", "_rate"))
            else self.figures.money(value)
            for key, value in (decision.get("costs") or {}).items()
        }
        return {
            "saved": self.saved(decision),
            "keys": self.key_figures(),
            "rule": words.local(decision.get("rule")),
            "bands": self.bands(decision),
            "costs": costs,
            "policies": rows,
            "chart": bar_chart(bars, title=title, desc=words("money.chart_hint")) if bars else "",
            "chart_title": title,
            "cost_head": self.head("cost")["label"],
        }

    def policy_row(self, each: Mapping) -> dict:
        figure = each.get("cost")
        figure = figure if isinstance(figure, Mapping) else {"value": figure}
        name = each.get("name")
        counts = [self.policy_count(each, key) for key in POLICY_COUNTS]
        label = self.words.name("method_name", name)
        return {
            "name": name,
            "label": label,
            "figure": figure,
            "cost": self.interval("cost", figure),
            "counts": counts,
        }

    def policy_count(self, each: Mapping, key: str) -> str:
        """Counts are whole; rates a day always show one decimal place, so that they align."""
        value = each.get(key)
        return self.figures.fixed(value, 1) if key.endswith("_per_day") else self.figures.count(value)

    def saved(self, decision: Mapping) -> dict:
        value, low, high = parts(decision.get("saved"))
        if value is None:
            return {}
        words, figures = self.words, self.figures
        days = finite(decision.get("days"))
        period = words("money.period", days=figures.count(days)) if days else words("money.period_unknown")
        out = {"period": period, "value": figures.value(decision["saved"], "money")}
        out["bounds"] = figures.bounds(decision["saved"], "money")
        out["headline"] = words("money.saved_headline")
        if parts(decision.get("saved_per_day"))[0] is not None:
            out["per_day"] = words(
                "money.per_day", value=figures.interval(decision["saved_per_day"], "money")
            )
        if low is not None and high is not None:
            out["sure"] = "gain" if low > 0 else "loss" if high < 0 else "unsure"
        return out

    def key_figures(self) -> list[dict]:
        """Counts of the model's policy, each beside today's rule."""
        model, rule = policy(self.metrics, "model"), policy(self.metrics, "rule")
        found = []
        for key in ("caught", "missed", "false_alarms", "alerts_per_day"):
            if finite(model.get(key)) is not None:
                today = self.policy_count(rule, key) if finite(rule.get(key)) is not None else ""
                today = self.words("money.today", value=today) if today else ""
                label = self.words(f"column.{key}")
                found.append({"label": label, "value": self.policy_count(model, key), "today": today})
        return found

    def bands(self, decision: Mapping) -> list[dict]:
        """Pass, review and block with the scores they begin and end at."""
        review, block = finite(decision.get("review_threshold")), finite(decision.get("block_threshold"))
        if review is not None and block is not None and review >= block:
            review = None
        steps = [(n, t) for n, t in (("review", review), ("block", block)) if t is not None]
        if not steps:
            return []
        write, words = self.figures.score, self.words
        found = [{"name": "pass", "scores": words("money.below", value=write(steps[0][1]))}]
        for place, (name, start) in enumerate(steps):
            stop = steps[place + 1][1] if place + 1 < len(steps) else None
            scores = words("money.above", value=write(start))
            if stop is not None:
                scores = words("money.between", low=write(start), high=write(stop))
            found.append({"name": name, "scores": scores})
        return [{**band, "label": words(f"decision.{band['name']}")} for band in found]

    def drivers(self) -> dict:
        """Importance as bars, and single cases with what moved their score."""
        importance, words = self.metrics.get("importance") or [], self.words
        importance = sorted(importance, key=lambda each: -(finite(each.get("value")) or 0))
        bars = [
            Bar(words.value("feature", each.get("feature")), each, self.figures.value(each))
            for each in importance[:MOST_BARS]
        ]
        metric = self.metrics.get("importance_metric") or self.metrics.get("primary_metric")
        metric = words.within(words.name("metric", metric)) if metric else words("drivers.metric_unknown")
        hint = words("drivers.importance_hint", metric=metric)
        cases = [self.case(each) for each in (self.metrics.get("cases") or []) if each]
        if not bars and not cases:
            return {}
        chart = bar_chart(bars, title=words("drivers.importance"), desc=hint) if bars else ""
        return {"chart": chart, "hint": hint, "cases": cases, "more": len(importance) > MOST_BARS}

    def case(self, each: Mapping) -> dict:
        words, figures = self.words, self.figures
        moved = [
            item for item in each.get("attributions") or [] if finite(item.get("contribution")) is not None
        ]
        moved = sorted(moved, key=lambda item: -abs(item["contribution"]))[:MOST_ATTRIBUTIONS]
        bars = []
        for item in moved:
            name = words.value("feature", item.get("feature"))
            label = f"{name} = {figures.raw(item['value'])}" if "value" in item else name
            color = LOSS if item["contribution"] > 0 else MODEL
            bars.append(
                Bar(label, item["contribution"], figures.score(item["contribution"], sign=True), color)
            )
        shown = {item.get("feature") for item in moved}
        values = {k: v for k, v in (each.get("values") or {}).items() if k not in shown}
        truth = each.get("label")
        known = words.known(f"label.{figures.raw(truth)}")
        kind = str(each.get("kind") or "")
        return {
            "kind": kind if kind in ("right", "wrong", "doubtful") else "other",
            "title": words.name("case", kind) if kind else "",
            "facts": {
                words("drivers.row"): figures.fixed(each.get("row"), 0).replace(",", ""),
                words("drivers.score"): figures.score(each.get("score")),
                words("drivers.decision"): words.name("decision", each.get("decision")),
                words("drivers.truth"): words(f"label.{figures.raw(truth)}") if known else figures.raw(truth),
            },
            "chart": bar_chart(bars, title=words("drivers.attributions"), width=300, above=True)
            if bars
            else "",
            "values": {
                words.value("feature", k): figures.raw(v) for k, v in list(values.items())[:MOST_VALUES]
            },
        }
