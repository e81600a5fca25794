"""The section on the replay: what each forecast would have cost as the ground for orders."""

from collections.abc import Mapping

from shared.report.bars import Bar, bar_chart
from shared.report.cells import Cells, frequency_of
from shared.report.charts import LOSS, style_of
from shared.report.figures import finite, parts

STOCK = "#56B4E9"
COLUMNS = ("lost_cost", "holding_cost", "service", "lost", "holding", "ordered", "sold")
CARDS = ("service", "lost", "holding")
WRITERS = {"lost_cost": "money", "holding_cost": "money", "service": "percent"}


def policy(found: Mapping, name) -> Mapping:
    """One policy of the replay, by name; empty where it is not there."""
    return next((each for each in found.get("policies") or [] if each and each.get("name") == name), {})


class Inventory(Cells):
    """Prepares what the replay of the orders says: saving, service, table of policies, assumptions."""

    def inventory(self) -> dict:
        """Saving in a sentence, key figures beside the rival's, policies as table and bars, assumptions."""
        found, words = self.metrics.get("inventory") or {}, self.words
        if not found:
            return {}
        policies = [each for each in found.get("policies") or [] if each]
        policies.sort(key=lambda each: cost_of(each, missing=float("inf")))
        columns = [key for key in COLUMNS if any(finite(each.get(key)) is not None for each in policies)]
        title = words.priced(words("inventory.table"), self.figures.currency)
        parted = {"lost_cost", "holding_cost"} <= set(columns)
        bars = [self.bar(each) for each in policies if cost_of(each) is not None]
        hint = words("inventory.chart_hint" if parted else "inventory.chart_plain_hint")
        looks = {"lost_cost": LOSS, "holding_cost": STOCK} if parted else {}
        legend = [(color, "block", words(f"column.{key}")) for key, color in looks.items()]
        return {
            "saved": self.saved(found),
            "keys": self.key_figures(found),
            "heads": [self.head("cost")["label"], *map(self.column_head, columns)],
            "policies": [self.policy_row(each, columns) for each in policies],
            "chart": bar_chart(bars, title=title, desc=hint) if bars else "",
            "chart_title": title,
            "chart_hint": hint,
            "legend": legend,
            "assumptions": self.assumptions(found),
            "fractile": finite(found.get("fractile")) is not None,
        }

    def column_head(self, key: str) -> str:
        label = self.words(f"column.{key}")
        return self.words.priced(label, self.figures.currency) if WRITERS.get(key) == "money" else label

    def amount(self, key: str, value) -> str:
        """A figure of a policy: money and pieces are whole, since they are sums over the replay."""
        kind = WRITERS.get(key, "count")
        if kind == "money":
            return self.figures.money(value, code=False)
        number = finite(value)
        if kind == "count" and number is not None and abs(number) >= 100:
            number = round(number)
        return self.figures.write(number, kind)

    def policy_row(self, each: Mapping, columns: list[str]) -> dict:
        name = each.get("name")
        cost = self.interval("cost", each.get("cost"))
        counts = [self.amount(key, each.get(key)) for key in columns]
        return {"name": name, "label": self.words.name("method_name", name), "cost": cost, "counts": counts}

    def bar(self, each: Mapping) -> Bar:
        """The whole cost of a policy, parted into lost sales and leftover stock where both are known."""
        name, costs = each.get("name"), [finite(each.get(key)) for key in ("lost_cost", "holding_cost")]
        pieces = [] if None in costs else list(zip(costs, (LOSS, STOCK)))
        shown = self.figures.value(each.get("cost"), "money", code=False)
        return Bar(self.words.name("method_name", name), each["cost"], shown, style_of(name)[0], pieces)

    def saved(self, found: Mapping) -> dict:
        value, low, high = parts(found.get("saved"))
        if value is None:
            return {}
        words, figures = self.words, self.figures
        out = {"headline": words("inventory.saved", rival=self.rival(found))}
        out |= {"value": figures.value(found["saved"], "money"), "period": self.period(found)}
        out["bounds"] = figures.bounds(found["saved"], "money")
        if parts(found.get("saved_share"))[0] is not None:
            out["share"] = words("inventory.share", value=figures.interval(found["saved_share"], "percent"))
        if low is not None and high is not None:
            out["sure"] = "gain" if low > 0 else "loss" if high < 0 else "unsure"
        return out

    def rival(self, found: Mapping) -> str:
        """The method that the saving is measured against, as it stands within a sentence."""
        name = self.words.name("method_name", found.get("saved_against"))
        return name if any(letter.isupper() for letter in name[1:]) else self.words.within(name)

    def period(self, found: Mapping) -> str:
        periods, series = finite(found.get("periods")), finite(found.get("series"))
        if periods is None or series is None:
            return self.words("inventory.period_unknown")
        shown = self.figures.count(series)
        return self.words("inventory.period", series=shown, periods=self.span(periods))

    def span(self, count) -> str:
        """A number of periods in the unit of the run: `4 weeks`."""
        table = "span_one" if finite(count) == 1 else "span"
        return self.words(f"{table}.{frequency_of(self.metrics) or 'other'}", n=self.figures.count(count))

    def key_figures(self, found: Mapping) -> list[dict]:
        """Service level, lost pieces and leftover stock of the model, each beside the rival's."""
        model, rival = policy(found, "model"), policy(found, found.get("saved_against"))
        cards = []
        for key in CARDS:
            if finite(model.get(key)) is not None:
                beside = ""
                if finite(rival.get(key)) is not None and rival is not model:
                    value = self.amount(key, rival[key])
                    name = self.words.name("method_name", rival["name"])
                    beside = self.words("inventory.beside", rival=name, value=value)
                label, value = self.words(f"column.{key}"), self.amount(key, model[key])
                cards.append({"label": label, "value": value, "beside": beside})
        return cards

    def assumptions(self, found: Mapping) -> dict[str, str]:
        """What the replay takes for given: costs, lead time, length, and the fractile that follows."""
        words, figures = self.words, self.figures
        out = {
            words.name("cost", key): figures.raw(value) if finite(value) is None else figures.money(value)
            for key, value in (found.get("costs") or {}).items()
        }
        shown = {
            "lead_time": self.span,
            "periods": self.span,
            "series": figures.count,
            "fractile": figures.score,
            "service_level": figures.percent,
        }
        for key, write in shown.items():
            if finite(found.get(key)) is not None:
                out[words(f"inventory.{key}")] = write(found[key])
        return out


def cost_of(each: Mapping, missing: float | None = None) -> float | None:
    """The cost of a policy, or `missing`."""
    value = parts(each.get("cost"))[0]
    return missing if value is None else value
