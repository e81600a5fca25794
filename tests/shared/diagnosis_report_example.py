"""A made-up `metrics.json` of a diagnosis for the report's tests: shapes are true, figures are not."""

import base64
import io

import numpy as np

METHODS = {
    "model": (0.942, 0.064, 0.031),
    "gradient_boosting": (0.931, 0.071, 0.044),
    "logistic_regression": (0.917, 0.079, 0.038),
    "nearest_neighbour": (0.858, 0.118, 0.092),
    "prior": (0.500, 0.161, 0.009),
}
PARTS = (("train", "valid", "test"), (1212, 404, 401), (812, 271, 268), (245, 82, 80))


def figure(value, width, *, low=0.0, high=1.0):
    value = float(value)
    return {"value": value, "low": max(value - width, low), "high": min(value + width, high)}


def counted(count, of, width):
    return {**figure(count / of, width), "count": count, "of": of}


def flow():
    found = [
        ("delivered", 2088, 1376, 413),
        ("equal_dropped", 14, None, None),
        ("unlabelled", 57, 25, None),
        ("left_out", 11, 4, 2),
    ]
    found += list(zip(*PARTS))
    return [dict(zip(("step", "rows", "patients", "positives"), each)) for each in found]


def threshold():
    return {
        "rule": "sensitivity",
        "demanded": 0.95,
        "confidence": 0.95,
        "value": 0.0834,
        "reached": True,
        "cases": 82,
        "controls": 322,
        "needed": 59,
        "valid": {"sensitivity": figure(0.9878, 0.031), "specificity": figure(0.7236, 0.049)},
        "test": {
            "sensitivity": counted(77, 80, 0.055),
            "specificity": counted(229, 321, 0.051),
            "ppv": counted(77, 169, 0.075),
            "npv": counted(229, 232, 0.022),
        },
    }


def per_thousand(sensitivity=77 / 80, specificity=229 / 321):
    found = []
    for prevalence, where in ((0.05, "site"), (0.1995, "test"), (0.2021, "training"), (0.004, None)):
        sick, healthy = 1000 * prevalence, 1000 * (1 - prevalence)
        each = {"prevalence": prevalence, "where": where, "sick": sick, "found": sick * sensitivity}
        each |= {"missed": sick - each["found"], "cleared": healthy * specificity}
        each["false_alarms"] = healthy - each["cleared"]
        each["ppv"] = each["found"] / (each["found"] + each["false_alarms"])
        each["npv"] = each["cleared"] / (each["cleared"] + each["missed"])
        found.append(each)
    return found


def referral():
    coverage = np.linspace(0.05, 1, 40)
    curve = {
        name: {"x": coverage.tolist(), "y": (most * coverage**power).tolist()}
        for name, most, power in (
            ("model", 0.237, 2.4),
            ("gradient_boosting", 0.251, 1.9),
            ("prior", 0.2, 0.01),
        )
    }
    return {
        "share": 0.2,
        "referred": figure(0.1895, 0.041),
        "error_all": figure(0.2369, 0.043),
        "error_kept": figure(0.1138, 0.035),
        "ratio": figure(0.4804, 0.118),
        "sensitivity_all": figure(0.9625, 0.048),
        "sensitivity_kept": figure(0.9706, 0.044),
        "specificity_all": figure(0.7134, 0.05),
        "specificity_kept": figure(0.8642, 0.043),
        "curve": curve,
    }


def sets():
    def method(coverage, size, empty, single, by_class):
        rows = zip(("benign", "malignant"), by_class, (321, 80))
        return {
            "coverage": {**figure(coverage, 0.031), "rows": 401},
            "mean_size": size,
            "empty": empty,
            "single": single,
            "several": 1 - empty - single,
            "by_class": [{"name": name, **figure(value, 0.5 / n**0.5), "rows": n} for name, value, n in rows],
        }

    return {
        "level": 0.9,
        "split": method(0.9027, 1.0748, 0.0125, 0.9002, (0.9346, 0.775)),
        "per_class": method(0.9077, 1.1895, 0.0, 0.8105, (0.9065, 0.9125)),
    }


def net_benefit():
    at = np.linspace(0.01, 0.6, 60)
    everyone = 0.1995 - 0.8005 * at / (1 - at)
    curves = {
        "model": np.maximum(0.196 - 0.14 * at**0.7, everyone),
        "logistic_regression": np.maximum(0.19 - 0.17 * at**0.7, everyone),
        "treat_all": everyone,
        "treat_none": 0 * at,
    }
    return {
        "threshold": at.tolist(),
        "curves": {name: values.tolist() for name, values in curves.items()},
        "low": (curves["model"] - 0.024).tolist(),
        "high": (curves["model"] + 0.025).tolist(),
    }


def subgroups():
    groups = {
        "sex": (("F", 212, 141, 41), ("M", 181, 121, 37), ("", 8, 6, 2)),
        "age_band": (("18-39", 96, 68, 9), ("40-64", 188, 124, 38), ("65+", 117, 76, 33)),
        "site": (("Nord", 290, 196, 60), ("市一院", 111, 72, 20)),
    }
    out = []
    for place, (group, rows) in enumerate(groups.items()):
        parts = []
        for at, (value, count, patients, positives) in enumerate(rows):
            width = 0.6 / positives**0.5
            found = {
                "roc_auc": figure(0.95 - 0.012 * at, width / 2),
                "sensitivity": figure(0.975 - 0.02 * at, width),
                "specificity": figure(0.74 - 0.11 * at * (place == 1), 0.8 / count**0.5),
                "calibration": figure(0.012 - 0.018 * at, 0.5 / count**0.5, low=-1.0),
            }
            part = {"value": value, "rows": count, "patients": patients, "positives": positives}
            parts.append({**part, "small": positives < 10, "metrics": found})
        gap = {
            "roc_auc": {"value": 0.012, "p_value": 0.412, "p_adjusted": 1.0},
            "sensitivity": {"value": 0.02, "p_value": 0.371, "p_adjusted": 1.0},
            "specificity": {"value": 0.22, "p_value": 0.0004, "p_adjusted": 0.0048}
            if place == 1
            else {"value": 0.0131, "p_value": 0.622, "p_adjusted": 1.0},
            "calibration": {"value": 0.018, "p_value": 0.207, "p_adjusted": 1.0},
        }
        out.append({"group": group, "gap": gap, "parts": parts})
    return out


def diagnosis():
    return {
        "classes": ["benign", "malignant"],
        "modalities": ["table", "photo", "signal"],
        "intended_use": {
            "en": "Adults with a pigmented lesion, seen by a general practitioner: which of them should see a "
            "dermatologist soon.",
            "zh": "用于全科门诊中有色素性皮损的成人，判断哪些患者应尽快转皮肤科就诊。",
        },
        "not_for": {
            "en": "Children, mucous membranes, lesions already biopsied; not as the sole ground for a treatment.",
            "zh": "儿童、黏膜部位、已行活检的皮损；不得作为治疗决策的唯一依据。",
        },
        "flow": flow(),
        "threshold": threshold(),
        "per_1000": per_thousand(),
        "referral": referral(),
        "sets": sets(),
        "net_benefit": net_benefit(),
        "subgroups": subgroups(),
        "leaks": [
            {"name": "biopsy_date", "how": "known for every row of class 1 and for no other", "rows": 1951}
        ],
        "rare": [{"name": "melanosis", "rows": 2}],
    }


def photo(seed, *, warm=False):
    """A small picture of skin with a lesion, or the same under a warm spot."""
    from PIL import Image

    rng, side = np.random.default_rng(seed), 96
    rows, columns = np.mgrid[:side, :side]
    at, size = rng.integers(35, 60, 2), rng.uniform(10, 22)
    away = np.hypot(rows - at[0], (columns - at[1]) * rng.uniform(0.6, 1.3))
    spot = 1 / (1 + np.exp((away - size) / 2))[..., None]
    pixels = np.array([226, 178, 152]) * (1 - spot) + np.array([104, 66, 52]) * spot
    pixels = pixels + rng.normal(0, 5, (side, side, 1))
    if warm:
        heat = np.exp(-(away**2) / 300)[..., None]
        pixels = pixels * (1 - 0.6 * heat) + np.array([255, 60, 0]) * 0.6 * heat
    stream = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def gallery():
    found = [
        ("right", 48, "malignant", "malignant", 0.913),
        ("right", 1317, "benign", "benign", 0.0121),
        ("wrong", 702, "malignant", "benign", 0.0613),
        ("wrong", 95, "benign", "malignant", 0.742),
        ("doubtful", 1820, "benign", "refer", 0.1142),
    ]
    keys = ("kind", "row", "truth", "answer", "score")
    return [
        dict(zip(keys, each), photo=photo(seed), overlay=photo(seed, warm=True))
        for seed, each in enumerate(found)
    ]


def signals():
    steps = np.arange(140)
    found = []
    for seed, (kind, row, truth, answer, score) in enumerate(
        [
            ("right", 61, "malignant", "malignant", 0.881),
            ("right", 412, "benign", "benign", 0.0342),
            ("wrong", 1500, "malignant", "benign", 0.0517),
            ("doubtful", 77, "benign", "refer", 0.0911),
        ]
    ):
        rng = np.random.default_rng(seed)
        beat = 1.4 * np.exp(-(((steps - 45) / 4) ** 2)) + 0.35 * np.exp(-(((steps - 85) / 12) ** 2))
        values = beat + rng.normal(0, 0.04, len(steps))
        importance = np.exp(-(((steps - (48 if kind == "right" else 110)) / 9) ** 2)) + 0.1 * rng.random(140)
        each = {"kind": kind, "row": row, "truth": truth, "answer": answer, "score": score}
        found.append({**each, "values": values.tolist(), "importance": importance.tolist()})
    return found


def results():
    return {
        name: {
            "roc_auc": figure(auc, 0.024),
            "average_precision": figure(max(2.1 * auc - 1.14, 0.1995), 0.06),
            "sensitivity": figure(0.99 - 0.5 * (1 - auc), 0.045),
            "specificity": figure(2 * auc - 1.17 if auc > 0.6 else 0, 0.05),
            "brier": figure(brier, 0.012),
            "expected_calibration_error": figure(error, 0.012),
        }
        for name, (auc, brier, error) in METHODS.items()
    }


def differences():
    best = METHODS["model"]
    return {
        name: {
            "roc_auc": figure(best[0] - auc, 0.019, low=-1.0),
            "brier": figure(best[1] - brier, 0.006, low=-1.0),
        }
        for name, (auc, brier, _) in METHODS.items()
        if name != "model"
    }


def curves():
    recall = np.linspace(0, 1, 60)
    x = np.array([0.011, 0.035, 0.082, 0.17, 0.33, 0.54, 0.81])
    y = np.array([0.008, 0.041, 0.09, 0.15, 0.36, 0.51, 0.84])
    return {
        "precision_recall": {
            name: {"x": recall.tolist(), "y": (0.2 + 0.8 * (1 - recall ** (14 * auc - 9))).tolist()}
            for name, (auc, _, _) in METHODS.items()
            if auc > 0.6
        },
        "calibration": {
            "model": {
                "x": x.tolist(),
                "y": y.tolist(),
                "low": np.maximum(y - 0.07, 0).tolist(),
                "high": np.minimum(y + 0.08, 1).tolist(),
                "n": [120, 91, 62, 44, 31, 29, 24],
            }
        },
        "learning": {
            "epoch": [1, 2, 3, 4, 5],
            "loss": [0.52, 0.36, 0.27, 0.24, 0.22],
            "valid_loss": [0.46, 0.35, 0.31, 0.29, 0.3],
            "best_epoch": 4,
        },
    }


def cases():
    out = []
    found = [
        ("right", 48, 0.913, "positive", 1),
        ("wrong", 702, 0.0613, "negative", 1),
        ("doubtful", 77, 0.0911, "refer", 0),
    ]
    for kind, row, score, decision, label in found:
        sign = 1 if score > 0.08 else -1
        values = {
            "diameter_mm": 11.5 if label else 4.2,
            "age": 71 if label else 43,
            "asymmetry": 0.62,
            "sex": "F",
        }
        moved = [
            {"feature": name, "value": values[name], "contribution": sign * each}
            for name, each in (("diameter_mm", 1.21), ("age", 0.54), ("asymmetry", -0.33))
        ]
        each = {"kind": kind, "row": row, "score": score, "decision": decision, "label": label}
        out.append({**each, "values": values, "attributions": moved})
    return out


def column(name, role, kind, *, missing=0.0, spread=(None, None, None), distinct=None):
    low, middle, high = spread
    each = {"name": name, "role": role, "kind": kind, "missing": missing}
    return {**each, "min": low, "median": middle, "max": high, "distinct": distinct}


def provenance():
    parts = {name: {"rows": rows, "positives": positives} for name, rows, _, positives in zip(*PARTS)}
    return {
        "timing": {
            name: {"fit_seconds": 21.5 + place, "rows_per_second": 310.0}
            for place, name in enumerate(METHODS)
        },
        "stages": {
            name: {"seconds": 2.5 * n, "peak_mb": 900.0} for n, name in enumerate(("read", "fit", "judge"), 1)
        },
        "data": {
            "source": "lesions.csv",
            "rows": 2017,
            "positives": 407,
            "sha256": "5ac1" * 16,
            "notes": [
                "column `diameter_mm`: 2.1 % of the values are missing",
                "14 行与其他行完全相同，已删除",
            ],
            "columns": [
                column("patient", "key", "key", distinct=1351),
                column("age", "feature", "number", spread=(18, 54, 93)),
                column("diameter_mm", "feature", "number", missing=0.021, spread=(1.5, 5.1, 31.0)),
                column("sex", "feature", "category", missing=0.004, distinct=2),
                column("diagnosis", "label", "label", distinct=2),
            ],
        },
        "split": {"method": "group", "detail": {"group_by": "patient", "seed": 0}, "parts": parts},
        "seed": 0,
        "versions": {"keras": "3.15.1", "scikit-learn": "1.9.0"},
        "config": {"epochs": 40, "image": {"side": 96}, "demanded": 0.95, "rule": "sensitivity"},
        "command": "verticals run healthcare.diagnosis --data lesions.csv --out runs/acme",
        "calibration": {"method": "temperature", "parameters": {"temperature": 1.12}},
    }


def example() -> dict:
    """The whole dictionary."""
    return {
        "format": 1,
        "solution": "healthcare.diagnosis",
        "title": {"en": "Malignancy of skin lesions", "zh": "皮损恶性风险评估"},
        "task": "binary",
        "kind": "diagnosis",
        "simulated": True,
        "created": "2026-11-25T08:30:00",
        "primary_metric": "roc_auc",
        "better": {
            "roc_auc": "higher",
            "average_precision": "higher",
            "sensitivity": "higher",
            "specificity": "higher",
            "brier": "lower",
            "expected_calibration_error": "lower",
        },
        "results": results(),
        "differences": differences(),
        "verdict": {
            "choice": "undecided",
            "rival": "gradient_boosting",
            "metric": "roc_auc",
            "difference": differences()["gradient_boosting"]["roc_auc"],
            "sentence": {
                "en": "The model finds 77 of 80 malignant lesions and clears 229 of 321 benign ones. It ranks "
                "lesions about as well as gradient boosting; the difference may be chance.",
                "zh": "模型检出 80 例恶性皮损中的 77 例，正确排除 321 例良性皮损中的 229 例。"
                "其排序能力与梯度提升树基本相当，差异可能只是偶然波动。",
            },
        },
        "diagnosis": diagnosis(),
        "gallery": gallery(),
        "signals": signals(),
        "importance": [
            {"feature": name, **figure(value, 0.012)}
            for name, value in (("image", 0.161), ("diameter_mm", 0.083), ("age", 0.041), ("sex", 0.006))
        ],
        "cases": cases(),
        "curves": curves(),
        "limits": [
            {
                "en": "Two hospitals and one camera: other cameras have not been tried.",
                "zh": "仅来自两家医院、一种拍摄设备，尚未在其他设备上验证。",
            }
        ],
        **provenance(),
    }
