"""A made-up `metrics.json` of a demand forecast for the report's tests: shapes are true, figures are not."""

import datetime

import numpy as np

METHODS = {
    "model": (0.412, 96.1, 5210.0),
    "seasonal_naive": (0.618, 0.02, 190400.0),
    "naive": (0.702, 0.01, 210400.0),
    "moving_average": (0.508, 0.4, 31050.0),
    "croston": (0.531, 0.3, 24100.0),
    "tsb": (0.524, 0.3, 23800.0),
    "auto_ets": (0.466, 71.3, 140.0),
    "auto_theta": (0.471, 64.9, 155.0),
    "gradient_boosting": (0.421, 22.4, 8800.0),
}
HORIZON, QUANTILES = 8, [0.1, 0.5, 0.9]


def figure(value, width):
    value = float(value)
    return {"value": value, "low": value - abs(width), "high": value + 0.9 * abs(width)}


def weeks(first, count):
    start = datetime.date.fromisoformat(first)
    return [str(start + datetime.timedelta(weeks=n)) for n in range(count)]


def results():
    out = {}
    for place, (name, (loss, _, _)) in enumerate(METHODS.items()):
        covered = [0.794, 0.861, 0.742, 0.823, 0.871, 0.866, 0.781, 0.776, 0.768][place]
        out[name] = {
            "weighted_quantile_loss": figure(loss, 0.021),
            "mase": figure(0.31 + 1.3 * loss, 0.031),
            "rmsse": figure(0.4 + loss, 0.027),
            "smape": figure(18 + 60 * loss, 1.4),
            "owa": figure(0.35 + 1.1 * loss, 0.024),
            "coverage_80": figure(covered, 0.009),
            "interval_width_80": figure(0.9 + place / 10, 0.02),
            "bias": figure([0.004, -0.013, 0.022, 0.061, 0.112, 0.094, -0.031, -0.027, -0.019][place], 0.012),
        }
    out["naive"]["owa"] = {"value": float("nan"), "low": None, "high": None}
    return out


def inventory():
    costs = {"model": 48210.0, "gradient_boosting": 49100.0, "moving_average": 56780.0}
    costs |= {"auto_ets": 52300.5, "seasonal_naive": 69450.0}
    policies = []
    for name, cost in costs.items():
        lost, holding = int(cost * 0.28), int(cost * 0.44)
        row = {"name": name, "cost": figure(cost, 2100), "lost": lost, "holding": holding}
        row |= {"lost_cost": 2.0 * lost, "holding_cost": 1.0 * holding, "service": 1 - lost / 402000}
        policies.append({**row, "ordered": 391204 + holding, "sold": 402000 - lost})
    return {
        "currency": "EUR",
        "lead_time": 1,
        "periods": 12,
        "series": 500,
        "fractile": 0.6667,
        "saved": {"value": 8570.0, "low": 6120.0, "high": 11040.0},
        "saved_against": "moving_average",
        "saved_share": {"value": 0.151, "low": 0.109, "high": 0.192},
        "costs": {"short_cost": 2.0, "over_cost": 1.0},
        "policies": policies,
    }


def by_step():
    steps = list(range(1, HORIZON + 1))
    values = {
        name: [round(loss * (0.86 + 0.035 * step), 4) for step in steps]
        for name, (loss, _, _) in METHODS.items()
    }
    covered = [0.812, 0.806, 0.801, 0.795, 0.792, 0.788, 0.781, 0.776]
    return {"metric": "weighted_quantile_loss", "steps": steps, "values": values, "coverage_80": covered}


def coverage():
    levels = [round(0.1 * n, 1) for n in range(1, 10)]
    after = [0.16, 0.23, 0.314, 0.409, 0.503, 0.602, 0.698, 0.799, 0.901]
    before = [0.19, 0.26, 0.33, 0.41, 0.49, 0.57, 0.65, 0.74, 0.842]
    return {"levels": levels, "observed": {"model": after}, "before": {"model": before}}


def slices():
    groups = {
        "volume": ["low", "medium", "high"],
        "history": ["short", "long"],
        "store": ["北京朝阳", "上海浦东", "Berlin Mitte"],
        "category": ["dairy", "bakery", "household"],
    }
    rng, out = np.random.default_rng(3), []
    for name, values in groups.items():
        for value in values:
            rows = int(rng.integers(900, 9000))
            wide = 30 / rows**0.5 / 10
            out.append({"slice": name, "value": value, "rows": rows})
            out[-1]["metrics"] = {
                "weighted_quantile_loss": figure(rng.uniform(0.3, 0.6), wide),
                "mase": figure(rng.uniform(0.7, 1.1), wide),
                "coverage_80": figure(rng.uniform(0.74, 0.86), wide / 3),
                "bias": figure(rng.uniform(-0.06, 0.06), wide / 2),
            }
    return out


def one_example(kind, name, level, spread, seed, past=60, mase=None, sparse=False):
    rng = np.random.default_rng(seed)
    step = np.arange(past + HORIZON)
    true = level * (1 + 0.3 * np.sin(2 * np.pi * step / 26) + 0.002 * step)
    sold = rng.negative_binomial(1 / spread, 1 / (1 + spread * true)).astype(float)
    if sparse:
        sold *= rng.random(len(sold)) < 0.25
    middle = true[past:] * (0.2 if sparse else 1.0) * (1.6 if kind == "worst" else 1.0)
    reach = middle * spread**0.5 * 1.2 + 1
    values = [None if n in (20, 21) else float(each) for n, each in enumerate(sold[:past])]
    forecast = [[max(float(m - r), 0.0), float(m), float(m + 1.4 * r)] for m, r in zip(middle, reach)]
    return {
        "kind": kind,
        "name": name,
        "mase": mase,
        "history": {"dates": weeks("2022-11-28", past), "values": values},
        "dates": weeks("2024-01-22", HORIZON),
        "actual": [float(each) for each in sold[past:]],
        "quantiles": QUANTILES,
        "forecast": forecast,
        "rival": "seasonal_naive",
        "rival_forecast": [float(each) for each in sold[past - HORIZON : past]],
    }


def examples():
    new = one_example("new", "00951 / 04", 22, 0.3, 9)
    new["history"] = {"dates": [], "values": []}
    return [
        one_example("typical", "00123 / 02", 60, 0.03, 1, mase=0.842),
        one_example("typical", "00417 / 01", 240, 0.02, 2, mase=0.877),
        one_example("best", "00078 / 03", 900, 0.004, 3, mase=0.391),
        one_example("worst", "00660 / 01", 35, 0.2, 4, mase=2.713),
        one_example("intermittent", "婴儿推车 / 上海浦东", 5, 0.8, 5, mase=1.034, sparse=True),
        new,
    ]


def origins():
    shift = [0.0, 0.021, -0.013]
    return [
        {
            "origin": origin,
            "weighted_quantile_loss": {name: round(loss + move, 4) for name, (loss, _, _) in METHODS.items()},
            "cost": {
                each["name"]: each["cost"]["value"] / 3 + 9e3 * move for each in inventory()["policies"]
            },
        }
        for origin, move in zip(weeks("2023-11-27", 9)[::4], shift)
    ]


def columns():
    def column(name, role, kind, low=None, median=None, high=None, distinct=None, missing=0.0):
        spread = {"min": low, "median": median, "max": high, "distinct": distinct}
        return {"name": name, "role": role, "kind": kind, "missing": missing, **spread}

    return [
        column("InvoiceDate", "date", "time", "2022-11-28T08:26:00", None, "2024-03-17T17:51:00"),
        column("StockCode", "item", "key", distinct=3941),
        column("Quantity", "quantity", "number", -80995.0, 3.0, 80995.0),
        column("门店", "store", "key", distinct=4, missing=0.0132),
    ]


def data():
    notes = ["separator `,`, encoding UTF-8", "11 lines of `POST` are no goods", "周一作为一周的开始"]
    out = {"source": "sales.csv", "sha256": "5ac1" * 16, "rows": 541909, "notes": notes}
    return {**out, "period": ["2022-11-28", "2024-03-17"], "columns": columns()}


def split():
    return {
        "method": "rolling",
        "detail": {"horizon": HORIZON, "origins": 3, "lookback": 52, "step": 4},
        "parts": {
            "train": {"rows": 21500, "from": "2022-11-28", "to": "2023-10-29"},
            "valid": {"rows": 4000, "from": "2023-10-30", "to": "2023-11-26"},
            "test": {"rows": 12000, "from": "2023-11-27", "to": "2024-03-17"},
        },
    }


def learning():
    epochs = np.arange(1, 16)
    return {
        "epoch": epochs.tolist(),
        "loss": (0.21 + 0.3 * np.exp(-epochs / 3)).tolist(),
        "valid_loss": (0.24 + 0.28 * np.exp(-epochs / 2.4) + 0.0008 * epochs).tolist(),
        "valid_score": (0.42 + 0.2 * np.exp(-epochs / 2) + 0.0005 * (epochs - 9) ** 2).tolist(),
        "best_epoch": 9,
        "score_name": "weighted_quantile_loss",
    }


def provenance():
    spent = [("read", 2.21, 902.0), ("aggregate", 0.84, 1210.0), ("fit", 96.1, 2210.0)]
    spent += [("rivals", 160.3, 2400.0), ("correct", 0.2, 2390.0), ("replay", 3.1, 2380.0)]
    return {
        "timing": {name: {"fit_seconds": fit, "rows_per_second": r} for name, (_, fit, r) in METHODS.items()},
        "stages": {name: {"seconds": seconds, "peak_mb": peak} for name, seconds, peak in spent},
        "data": data(),
        "split": split(),
        "seed": 0,
        "versions": {"keras": "3.15.1", "statsforecast": "2.0.1", "python": "3.11.9"},
        "config": {
            "network": "nhits",
            "horizon": HORIZON,
            "epochs": 30,
            "costs": {"short": 2.0, "over": 1.0},
        },
        "command": "verticals run retail.demand --data sales.csv --out runs/acme",
        "correction": {"method": "conformal", "factor": [0.97, 1.02, 1.08, 1.21]},
        "aggregation": {
            "lines": 541909,
            "returns": 10624,
            "returned_pieces": 277574.0,
            "cancelled": 9288,
            "reversed": 12,
            "stockouts": 340,
            "periods_without_sale": 8120,
            "series": 500,
            "steps": 68,
            "frequency": "W",
            "short_series": 3,
            "zero_series": 1,
            "cold_start": 7,
        },
    }


def verdict():
    return {
        "choice": "undecided",
        "rival": "gradient_boosting",
        "metric": "cost",
        "difference": {"value": -890.0, "low": -2310.0, "high": 540.0},
        "sentence": {
            "en": "Ordering by this model’s forecasts costs EUR 48,210 over 12 weeks, EUR 890 less than by those of "
            "gradient boosting; the difference may be chance.",
            "zh": "按本模型的预测补货，12 周的缺货与持有成本合计 48,210 欧元，比采用梯度提升树少 890 欧元，"
            "但这一差异可能只是偶然波动。",
        },
        "accuracy": {
            "en": "Its weighted quantile loss is .412 against .421: forecasts of the same quality.",
            "zh": "其加权分位数损失为 0.412，对照方法为 0.421，预测准确度基本相当。",
        },
    }


def differences():
    gaps = {name: METHODS["model"][0] - loss for name, (loss, _, _) in METHODS.items() if name != "model"}
    return {
        name: {
            "weighted_quantile_loss": figure(gap, 0.014),
            "mase": figure(1.3 * gap, 0.02),
            "rmsse": figure(gap, 0.02),
            "smape": figure(60 * gap, 0.9),
            "owa": figure(1.1 * gap, 0.017),
            "interval_width_80": figure(-0.1, 0.02),
            "coverage_80": figure(0.02, 0.01),
            "bias": figure(0.02, 0.01),
        }
        for name, gap in gaps.items()
    }


def example() -> dict:
    """The whole dictionary."""
    better = dict.fromkeys(("weighted_quantile_loss", "mase", "rmsse", "smape", "owa", "cost"), "lower")
    better |= {"coverage_80": "target", "interval_width_80": "lower", "bias": "zero"}
    return {
        "format": 1,
        "solution": "retail.demand",
        "title": {"en": "Retail demand forecast", "zh": "零售需求预测"},
        "task": "forecast",
        "kind": "forecast",
        "simulated": True,
        "created": "2026-11-24T09:30:00",
        "primary_metric": "weighted_quantile_loss",
        "better": better,
        "results": results(),
        "differences": differences(),
        "verdict": verdict(),
        "inventory": inventory(),
        "by_step": by_step(),
        "coverage": coverage(),
        "slices": slices(),
        "examples": examples(),
        "origins": origins(),
        "cold_start": {
            "series": 7,
            "weighted_quantile_loss": {"value": 0.733, "low": 0.611, "high": 0.871},
            "coverage_80": {"value": 0.768, "low": 0.661, "high": 0.871},
        },
        "curves": {"learning": learning()},
        "limits": [
            {
                "en": "Sales are not demand: where a shelf ran empty and nobody noted it, the forecast is too low.",
                "zh": "销量不等于需求：若货架售空而未作记录，预测会偏低。",
            },
            {"en": "The replay knows no minimum order.", "zh": "回放未考虑最小起订量。"},
        ],
        **provenance(),
    }
