"""A made-up `metrics.json` of a fraud solution for the report's tests: shapes are true, figures are not."""

import numpy as np

METHODS = {
    "model": (2.75, 61.2, 45210.0),
    "gradient_boosting": (2.62, 12.4, 210400.0),
    "random_forest": (2.45, 48.7, 31050.0),
    "logistic_regression": (2.0, 2.2, 990000.0),
    "amount": (0.8, None, None),
    "blend": (2.78, 74.0, 36200.0),
}
RAISES = ["terminal_risk_7d", "amount", "amount_to_card_mean_30d", "seconds_since_last", "terminal_risk_1d"]
RAISES += ["card_count_1d", "night", "terminal_is_new", "hour_sin", "card_mean_amount_7d", "weekend"]


def figure(value, width=0.05):
    value = float(value)
    return {"value": value, "low": value - abs(width), "high": value + 0.9 * abs(width)}


def scores(seed=5, rows=6000):
    """Labels, and a score in (0, 1) for each method."""
    rng = np.random.default_rng(seed)
    y = rng.random(rows) < 0.02
    common = rng.normal(size=rows)
    found = {}
    for name, (strength, _, _) in METHODS.items():
        logit = (
            0.8 * common + 0.6 * rng.normal(size=rows) + strength * 1.6 * y * (rng.random(rows) < 0.85) - 5.2
        )
        found[name] = 1 / (1 + np.exp(-logit))
    return y, found


def curves():
    y, found = scores()
    out = {"precision_recall": {}, "alerts_per_day": {}}
    for name, score in found.items():
        order = np.argsort(-score, kind="stable")
        keep = np.unique(np.geomspace(1, len(y), 250).astype(int)) - 1
        hits = np.cumsum(y[order])[keep]
        count = keep + 1
        out["precision_recall"][name] = {"x": (hits / y.sum()).tolist(), "y": (hits / count).tolist()}
        out["alerts_per_day"][name] = {"x": (count / 7).tolist(), "y": (hits / y.sum()).tolist()}
    score = found["model"]
    thresholds = np.quantile(score, np.linspace(0, 1, 150))
    cost = [120.0 * (y & (score < t)).sum() + 4.0 * (score >= t).sum() for t in thresholds]
    out["cost"] = {"model": {"x": thresholds.tolist(), "y": [float(each) for each in cost]}}
    out["cost"]["chosen"] = {"x": 0.12, "y": float(np.interp(0.12, thresholds, cost))}
    out["calibration"] = {"model": calibration(y, score)}
    epochs = np.arange(1, 13)
    out["learning"] = {
        "epoch": epochs.tolist(),
        "loss": (0.031 + 0.03 * np.exp(-epochs / 3)).tolist(),
        "valid_loss": (0.036 + 0.028 * np.exp(-epochs / 2.4) + 0.0002 * epochs).tolist(),
        "valid_score": (0.69 - 0.2 * np.exp(-epochs / 2) - 0.0005 * (epochs - 7) ** 2).tolist(),
        "best_epoch": 7,
        "score_name": "average_precision",
    }
    return out


def calibration(y, score, bins=10):
    edges = np.quantile(score, [*np.linspace(0, 1, bins - 2), 0.99, 0.997])
    place = np.searchsorted(np.sort(edges)[1:-1], score)
    groups = [place == n for n in range(bins) if (place == n).any()]
    share = np.array([y[g].mean() for g in groups])
    n = np.array([g.sum() for g in groups])
    error = 1.96 * np.sqrt(np.maximum(share * (1 - share), 0.002) / n)
    return {
        "x": [float(score[g].mean()) for g in groups],
        "y": share.tolist(),
        "low": np.maximum(share - error, 0).tolist(),
        "high": np.minimum(share + error, 1).tolist(),
        "n": n.tolist(),
    }


def results():
    out = {}
    for place, name in enumerate(METHODS):
        good = [0.672, 0.661, 0.634, 0.512, 0.071, 0.679][place]
        out[name] = {
            "average_precision": figure(good, 0.046),
            "roc_auc": figure(0.88 + 0.1 * good - 0.05, 0.012),
            "card_precision_100": figure(0.1 + 0.28 * good, 0.02),
            "expected_calibration_error": figure(
                [0.0041, 0.0062, 0.0093, 0.0148, 0.214, 0.0044][place], 0.0012
            ),
            "brier": figure(0.0101 - 0.006 * good, 0.0006),
            "cost": figure(31200 + 42000 * (0.7 - good), 2900),
        }
    out["amount"]["brier"] = {"value": float("nan"), "low": None, "high": None}
    return out


def policies():
    counts = {"none": (320, 0, 0, 0.0), "rule": (201, 119, 1480, 228.4), "model": (98, 222, 331, 79.0)}
    counts |= {"gradient_boosting": (104, 216, 352, 81.1), "random_forest": (112, 208, 371, 82.7)}
    counts |= {"logistic_regression": (149, 171, 590, 108.7), "blend": (97, 223, 326, 78.4)}
    costs = [60240.5, 47310.0, 31842.25, 33120.0, 34655.0, 43190.0, 31610.0]
    return [
        {
            "name": name,
            "cost": figure(cost, 3100),
            "missed": m,
            "caught": c,
            "false_alarms": f,
            "alerts_per_day": a,
        }
        for (name, (m, c, f, a)), cost in zip(counts.items(), costs)
    ]


def slices():
    groups = {
        "amount band": ["0-25", "25-50", "50-100", "100-200", "200 and more"],
        "hour": ["0-6", "6-12", "12-18", "18-24"],
        "new card": ["yes", "no"],
    }
    rng = np.random.default_rng(3)
    out = []
    for name, values in groups.items():
        for value in values:
            rows = int(rng.integers(2000, 24000))
            found = {
                "average_precision": figure(rng.uniform(0.45, 0.8), 900 / rows),
                "recall": figure(rng.uniform(0.5, 0.8), 800 / rows),
                "alert_share": figure(rng.uniform(0.003, 0.02), 0.001),
            }
            out.append(
                {"slice": name, "value": value, "rows": rows, "positives": rows // 120, "metrics": found}
            )
    return out


def cases():
    rng = np.random.default_rng(4)
    found = []
    for kind, row, score, decision, label in [
        ("right", 48213, 0.934, "block", 1),
        ("wrong", 51877, 0.0213, "pass", 1),
        ("doubtful", 60014, 0.124, "review", 0),
    ]:
        sign = 1 if score > 0.1 else -1
        values = {
            "terminal_risk_7d": 0.93 if score > 0.5 else 0.02,
            "amount": 312.5 if label else 44.6,
            "night": True,
        }
        values |= {"seconds_since_last": 5210.0, "card_count_1d": 4, "terminal_is_new": False, "city": "上海"}
        contributions = sign * np.sort(rng.exponential(0.8, 5))[::-1] * [1, 0.9, -0.5, 0.8, -0.6]
        moved = [
            {"feature": feature, "value": value, "contribution": float(each)}
            for (feature, value), each in zip(values.items(), contributions)
        ]
        found.append({"kind": kind, "row": row, "score": score, "decision": decision, "label": label})
        found[-1] |= {"values": values, "attributions": moved}
    return found


def columns():
    def column(name, role, kind, low=None, median=None, high=None, distinct=None, missing=0.0):
        spread = {"min": low, "median": median, "max": high, "distinct": distinct}
        return {"name": name, "role": role, "kind": kind, "missing": missing, **spread}

    return [
        column("TX_DATETIME", "time", "time", "2018-04-01T00:00:31", None, "2018-08-08T23:59:02"),
        column("TX_AMOUNT", "amount", "number", 0.0, 44.64, 2628.0),
        column("CUSTOMER_ID", "card", "category", distinct=4990),
        column("TERMINAL_ID", "terminal", "category", distinct=10000),
        column("渠道", "category", "category", distinct=6, missing=0.0132),
        column("TX_FRAUD", "label", "number", 0, 0, 1, 2),
    ]


def example() -> dict:
    """The whole dictionary."""
    rivals = [name for name in METHODS if name not in ("model",)]
    gaps = dict(zip(rivals, [0.011, 0.038, 0.160, 0.601, -0.007]))
    return {
        "format": 1,
        "solution": "finance.fraud",
        "title": {"en": "Card payment fraud", "zh": "银行卡支付欺诈识别"},
        "simulated": True,
        "created": "2026-11-23T16:00:00",
        "verdict": {
            "choice": "undecided",
            "rival": "gradient_boosting",
            "metric": "average_precision",
            "difference": {"value": 0.011, "low": -0.009, "high": 0.031},
            "sentence": {
                "en": "On the test week the model finds fraud about as well as gradient boosting: "
                "average precision .672 against .661. The difference may be chance.",
                "zh": "在测试周内，本模型识别欺诈的能力与梯度提升树基本相当：平均精确率为 0.672，"
                "后者为 0.661，两者的差异可能只是偶然波动。",
            },
        },
        "results": results(),
        "primary_metric": "average_precision",
        "better": {
            "average_precision": "higher",
            "roc_auc": "higher",
            "card_precision_100": "higher",
            "expected_calibration_error": "lower",
            "brier": "lower",
            "cost": "lower",
        },
        "differences": {
            name: {
                "average_precision": figure(gap, 0.02),
                "expected_calibration_error": figure(-0.004 if name != "blend" else 0.0003, 0.0011),
                "cost": figure(-30000 * gap, 900),
            }
            for name, gap in gaps.items()
        },
        "timing": {
            name: {"fit_seconds": fit, "rows_per_second": speed} for name, (_, fit, speed) in METHODS.items()
        },
        "stages": {
            name: {"seconds": seconds, "peak_mb": peak}
            for name, seconds, peak in [
                ("read", 1.21, 802.0),
                ("check", 0.64, 910.0),
                ("prepare", 5.32, 1640.0),
                ("fit", 61.2, 2210.0),
                ("rivals", 63.3, 2400.0),
                ("judge", 22.8, 2380.0),
                ("save", 1.7, 2100.0),
            ]
        },
        "data": {
            "source": "payments.csv",
            "sha256": "9f2c" * 16,
            "rows": 175415,
            "period": ["2018-04-01", "2018-08-08"],
            "positives": 1468,
            "notes": [
                "separator `;`, encoding GBK",
                "column `渠道`: 1.32 % of the values are missing; they get a row of their own",
                "3 duplicate rows were kept",
            ],
            "columns": columns(),
        },
        "split": {
            "method": "time",
            "detail": {"label_delay_days": 7, "gap_days": 0, "test_days": 7},
            "parts": {
                "train": {"rows": 66928, "positives": 590, "from": "2018-07-11", "to": "2018-07-17"},
                "valid": {"rows": 57402, "positives": 484, "from": "2018-07-18", "to": "2018-07-24"},
                "test": {"rows": 58264, "positives": 320, "from": "2018-08-01", "to": "2018-08-07"},
            },
        },
        "seed": 0,
        "versions": {"keras": "3.15.1", "tensorflow": "2.21.0", "scikit-learn": "1.9.0", "python": "3.11.9"},
        "config": {
            "epochs": 20,
            "batch_size": 1024,
            "learning_rate": 0.002,
            "network": "fused",
            "tabular": {"members": 16, "units": 256, "dropout": 0.1},
            "windows_days": [1, 7, 30],
            "jit": None,
        },
        "command": "verticals run finance.fraud --data payments.csv --config acme.toml --out runs/acme",
        "calibration": {"method": "temperature", "parameters": {"temperature": 1.082}},
        "decision": {
            "currency": "EUR",
            "review_threshold": 0.12,
            "block_threshold": 0.631,
            "costs": {"review": 4.0, "missed_fraud": 120.0, "false_block": 15.5},
            "rule": {
                "en": "review every payment above EUR 220 and every third payment of a card within an hour",
                "zh": "复核所有超过 220 欧元的付款，以及同一张卡一小时内的第三笔付款",
            },
            "policies": policies(),
            "saved": {"value": 15467.75, "low": 12080.0, "high": 18730.0},
            "saved_per_day": {"value": 2209.7, "low": 1725.7, "high": 2675.7},
            "days": 7,
        },
        "curves": curves(),
        "slices": slices(),
        "importance": [
            {"feature": name, **figure(0.24 * 0.62**place, 0.02 * 0.8**place)}
            for place, name in enumerate(RAISES)
        ],
        "cases": cases(),
        "limits": [
            {
                "en": "The test period is one week; season and holidays are not in it.",
                "zh": "测试期仅有一周，未覆盖季节变化与节假日。",
            },
            {
                "en": "Frauds that nobody reported count as honest payments here.",
                "zh": "未被举报的欺诈在此按正常付款计算。",
            },
        ],
    }
