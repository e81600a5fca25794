"""A made-up `metrics.json` of an inspection for the report's tests: shapes are true, figures are not."""

import base64
import io

import numpy as np

METHODS = {
    "model": (0.978, 0.042, 0.021),
    "backbone_logistic": (0.951, 0.113, 0.034),
    "statistics_boosting": (0.874, 0.296, 0.041),
    "hog_svm": (0.842, 0.365, 0.052),
    "prior": (0.163, 1.0, 0.004),
}
NAMES = ["good", "blowhole", "break", "crack", "fray", "uneven"]
COUNTS = [
    [186, 1, 0, 0, 0, 1],
    [1, 20, 0, 1, 0, 0],
    [0, 0, 17, 0, 0, 0],
    [2, 1, 0, 9, 0, 0],
    [0, 0, 0, 0, 6, 0],
    [1, 0, 0, 0, 1, 19],
]


def figure(value, width):
    value = float(value)
    return {"value": value, "low": max(value - width, 0.0), "high": min(value + width, 1.0)}


def counted(count, of, low, high):
    return {"value": count / of, "low": low, "high": high, "count": count, "of": of}


def shares(hits, rows):
    return [
        {"name": name, **figure(hit / of, 0.9 / of**0.5 / 2), "rows": int(of)}
        for name, hit, of in zip(NAMES, hits, rows)
    ]


def classes():
    counts = np.array(COUNTS)
    hits = np.diag(counts)
    return {
        "names": NAMES,
        "counts": COUNTS,
        "recall": shares(hits, counts.sum(axis=1)),
        "precision": shares(hits, counts.sum(axis=0)),
        "macro_f1": figure(0.917, 0.041),
        "accuracy": figure(0.9662, 0.021),
    }


def inspection():
    return {
        "mode": "labelled",
        "again_threshold": 0.214,
        "reject_threshold": 0.683,
        "rule": "false_rejects",
        "escape": counted(2, 78, 0.0031, 0.0896),
        "false_reject": counted(1, 188, 0.00013, 0.0293),
        "again": counted(9, 266, 0.0156, 0.0632),
        "at_one_percent": {name: figure(escape, 0.051) for name, (_, escape, _) in METHODS.items()},
        "macro_f1": {name: figure(f1, 0.04) for name, f1 in zip(METHODS, (0.917, 0.881, 0.702, 0.655))},
        "pixel": {
            "roc_auc": 0.964,
            "average_precision": 0.581,
            "pro": 0.872,
            "photos": 266,
            "regions": 91,
        },
    }


def jpeg(seed, *, warm=False):
    """A small grey photo with a scratch, or the same under a warm spot."""
    from PIL import Image

    rng, side = np.random.default_rng(seed), 96
    rows, columns = np.mgrid[:side, :side]
    grey = 120 + 30 * np.sin(columns / 9) + rng.normal(0, 6, (side, side))
    at = rng.integers(25, 70, 2)
    grey[(abs(rows - at[0] - (columns - at[1]) / 3) < 2) & (abs(columns - at[1]) < 18)] = 35
    pixels = np.repeat(grey[..., None], 3, axis=2)
    if warm:
        heat = np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / 200)[..., None]
        pixels = pixels * (1 - 0.6 * heat) + np.array([255, 60, 0]) * 0.6 * heat
    stream = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=80)
    return base64.b64encode(stream.getvalue()).decode()


def gallery():
    found = [
        ("right", "crack/exp4_num_2871.jpg", "crack", "reject", "crack", 0.982),
        ("right", "free/exp1_num_1103.jpg", "good", "accept", "good", 0.0041),
        ("right", "blowhole/exp2_num_0392.jpg", "blowhole", "reject", "blowhole", 0.913),
        ("wrong", "crack/exp6_num_3342.jpg", "crack", "accept", "good", 0.112),
        ("wrong", "free/油污_017.jpg", "good", "reject", "uneven", 0.741),
        ("doubtful", "uneven/exp3_num_0217.jpg", "uneven", "again", "uneven", 0.455),
    ]
    keys = ("kind", "name", "truth", "answer", "class", "score")
    return [
        dict(zip(keys, each), photo=jpeg(seed), overlay=jpeg(seed, warm=True), outline=each[2] != "good")
        for seed, each in enumerate(found)
    ]


def results():
    return {
        name: {
            "average_precision": figure(precision, 0.02),
            "roc_auc": figure((precision + 1) / 2, 0.012),
            "escape_at_1_percent": figure(escape, 0.05),
            "expected_calibration_error": figure(error, 0.006),
        }
        for name, (precision, escape, error) in METHODS.items()
    }


def differences():
    ours = METHODS["model"]
    return {
        name: {
            "average_precision": {
                "value": ours[0] - each[0],
                "low": ours[0] - each[0] - 0.02,
                "high": ours[0] - each[0] + 0.02,
            }
        }
        for name, each in METHODS.items()
        if name != "model"
    }


def provenance():
    parts = {name: {"rows": rows, "positives": bad} for name, rows, bad in zip(*PARTS)}
    return {
        "timing": {
            name: {"fit_seconds": 12.5 + place, "rows_per_second": 88.0} for place, name in enumerate(METHODS)
        },
        "stages": {
            name: {"seconds": 2.5 * n, "peak_mb": 900.0} for n, name in enumerate(("read", "fit", "score"), 1)
        },
        "data": {
            "source": "magnetic_tiles",
            "rows": 1330,
            "positives": 390,
            "sha256": "5ac1" * 16,
            "notes": ["3 photos are the same file twice", "2 张照片为 16 位灰度"],
            "columns": [
                {"name": "image", "role": "image", "kind": "text", "missing": 0.0, "distinct": 1330},
                {"name": "label", "role": "label", "kind": "label", "missing": 0.0, "distinct": 6},
            ],
        },
        "split": {"method": "stratified", "detail": {"seed": 0}, "parts": parts},
        "seed": 0,
        "versions": {"keras": "3.15.1", "scikit-image": "0.25.2"},
        "config": {"backbone": "mobilenet_v2", "side": 224, "most_false_rejects": 0.01},
        "command": "verticals run manufacturing.defects --data tiles --out runs/acme",
        "calibration": {"method": "temperature", "parameters": {"temperature": 1.31}},
    }


PARTS = (("train", "valid", "test"), (798, 266, 266), (234, 78, 78))


def example() -> dict:
    """The whole dictionary."""
    return {
        "format": 1,
        "solution": "manufacturing.defects",
        "title": {"en": "Visual inspection of parts", "zh": "零件外观检测"},
        "task": "binary",
        "kind": "inspection",
        "simulated": True,
        "created": "2026-11-24T09:30:00",
        "primary_metric": "average_precision",
        "better": {
            "average_precision": "higher",
            "roc_auc": "higher",
            "escape_at_1_percent": "lower",
            "expected_calibration_error": "lower",
        },
        "results": results(),
        "differences": differences(),
        "verdict": {
            "choice": "model",
            "rival": "backbone_logistic",
            "metric": "average_precision",
            "difference": differences()["backbone_logistic"]["average_precision"],
            "sentence": {
                "en": "At 1 % false rejects this model lets 4.2 % of the defects escape, the best rival 11.3 %.",
                "zh": "在误判率 1% 的条件下，本模型漏检 4.2% 的缺陷，最好的对照方法漏检 11.3%。",
            },
        },
        "inspection": inspection(),
        "classes": classes(),
        "gallery": gallery(),
        "slices": [
            {
                "slice": "line",
                "value": value,
                "rows": rows,
                "positives": bad,
                "metrics": {"average_precision": figure(precision, 0.03)},
            }
            for value, rows, bad, precision in (("A", 140, 41, 0.981), ("B", 126, 37, 0.969))
        ],
        "curves": {
            "learning": {
                "epoch": [1, 2, 3, 4],
                "loss": [0.61, 0.33, 0.21, 0.17],
                "valid_loss": [0.52, 0.34, 0.29, 0.3],
                "best_epoch": 3,
            }
        },
        "limits": [
            {
                "en": "A new lamp, lens or material calls for new photos of good parts.",
                "zh": "更换光源、镜头或材料后，需要重新拍摄合格品照片并重新评估。",
            }
        ],
        **provenance(),
    }
