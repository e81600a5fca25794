"""Test rows, read once: every model beside every rival, each figure with its interval, and the verdict."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shared.decisions import PASS
from shared.intervals import Bootstrap, Estimate, bootstrap
from shared.metrics import (
    average_precision,
    brier,
    expected_calibration_error,
    log_loss,
    metric,
    precision_recall_curve,
    reliability_curve,
    roc_auc,
)

METRICS = {
    "average_precision": average_precision,
    "roc_auc": roc_auc,
    "expected_calibration_error": expected_calibration_error,
    "brier": brier,
    "log_loss": log_loss,
}
LOWER_IS_BETTER = {"expected_calibration_error", "brier", "log_loss", "cost"}
TRIVIAL = ("prior", "amount")


@metric
def total(y_true, y_pred):
    """The sum of `y_pred`: costs of rows, added up and bootstrapped like any metric."""
    values = np.asarray(y_pred, np.float64)
    return lambda weights: float(values.sum() if weights is None else values @ weights)


def by_fold(function, fold: np.ndarray):
    """The mean of a metric over folds, as a metric over the rows of all of them.

    Options that `functools.partial` bound to the metric, such as the day of each row, are cut with the rows.

    Example:
        >>> fold = np.array([0, 0, 1, 1])
        >>> by_fold(roc_auc, fold)(np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.9, 0.8]))
        0.5
    """
    numbers = np.unique(fold)
    if len(numbers) == 1:
        return function
    parts = [np.flatnonzero(fold == number) for number in numbers]
    function, options = (
        (function.func, function.keywords) if isinstance(function, functools.partial) else (function, {})
    )

    @metric
    def mean(y_true, y_pred):
        prepared = [
            function.prepare(
                y_true[rows],
                y_pred[rows],
                **{
                    key: value[rows] if np.shape(value) == fold.shape else value
                    for key, value in options.items()
                },
            )
            for rows in parts
        ]

        def of(weights):
            each = [f(None if weights is None else weights[rows]) for f, rows in zip(prepared, parts)]
            return float(np.mean(each))

        return of

    mean.biased = getattr(function, "biased", False)
    return mean


def judge(
    label: np.ndarray,
    scores: Mapping[str, np.ndarray],
    *,
    metrics: Mapping[str, Any] = METRICS,
    primary: str = "average_precision",
    groups: np.ndarray | None = None,
    fold: np.ndarray | None = None,
    seed: int = 0,
) -> tuple[dict[str, Any], Bootstrap]:
    """Metrics of all models on the same test rows and resamples, and what they say of `model`.

    Args:
        label: 0 or 1, `(test rows,)`.
        scores: Probability of each row by model name; the solution's own under `model`.
        metrics: By name, of `shared.metrics`.
        primary: The metric the verdict is drawn from.
        groups: Resampled whole (cards, patients); None: rows.
        fold: Number of the fold of each row; a metric is then the mean over the folds.
    Returns:
        The entries `results`, `differences`, `better`, `primary_metric`, `verdict` of metrics.json, and the
        resamples.
    """
    if fold is not None:
        metrics = {name: by_fold(function, fold) for name, function in metrics.items()}
    drawn = bootstrap(label, scores, metrics, groups=groups, seed=seed)
    results = {
        name: {metric: drawn.estimate(name, metric).to_dict() for metric in metrics} for name in scores
    }
    rivals = [name for name in scores if name != "model"]
    differences = {
        rival: {metric: drawn.difference("model", rival, metric).to_dict() for metric in metrics}
        for rival in rivals
    }
    better = {name: "lower" if name in LOWER_IS_BETTER else "higher" for name in metrics}
    return {
        "results": results,
        "differences": differences,
        "better": better,
        "primary_metric": primary,
        "verdict": verdict(drawn, rivals, primary, better[primary] == "higher"),
    }, drawn


NAMES = {
    "logistic_regression": ("the logistic regression", "逻辑回归"),
    "random_forest": ("the random forest", "随机森林"),
    "gradient_boosting": ("the gradient boosting tree model", "梯度提升树"),
    "prior": ("the share of positives alone", "先验概率"),
    "amount": ("ranking by amount", "按金额排序"),
    "blend": ("the blend", "混合模型"),
    "hog_svm": ("HOG with a support vector machine", "HOG + 支持向量机"),
    "backbone_logistic": ("logistic regression on a frozen backbone", "冻结骨干网络 + 逻辑回归"),
    "statistics_boosting": ("boosted trees on image statistics", "图像统计量 + 梯度提升树"),
    "statistics_forest": ("an isolation forest on image statistics", "图像统计量 + 孤立森林"),
    "backbone_distance": ("nearest neighbours on a frozen backbone", "冻结骨干网络 + 最近邻"),
    "nearest_neighbour": ("the nearest neighbour", "最近邻"),
    "linear_probe": ("the linear probe", "线性探针"),
    "average_precision": ("average precision", "平均精确率"),
    "accuracy": ("accuracy", "准确率"),
    "roc_auc": ("the area under the ROC curve", "ROC 曲线下面积"),
}


def verdict(drawn: Bootstrap, rivals: Sequence[str], primary: str, higher: bool) -> dict[str, Any]:
    """One sentence, in two languages, drawn from the paired interval against the best rival.

    The rival is the best one that is no blend (a blend contains the model). An interval above zero says: use the
    model; below: use the rival; one that holds zero: the rows cannot tell, and the simpler one is advised.
    """
    sign = 1 if higher else -1
    candidates = [name for name in rivals if name != "blend"]
    if not candidates:
        text = {
            "en": "No rival was measured beside this model, so there is no verdict.",
            "zh": "没有同时评估其他方法，因此不作结论。",
        }
        return {"choice": "undecided", "rival": None, "metric": primary, "difference": None, "sentence": text}
    rival = max(candidates, key=lambda name: sign * drawn.values[name][primary])
    difference = drawn.difference("model", rival, primary)
    low, high = sorted((sign * difference.low, sign * difference.high))
    choice = "model" if low > 0 else rival if high < 0 else "undecided"
    return {
        "choice": choice,
        "rival": rival,
        "metric": primary,
        "difference": difference.to_dict(),
        "sentence": _sentence(choice, rival, primary, difference, drawn),
    }


def _sentence(
    choice: str, rival: str, primary: str, difference: Estimate, drawn: Bootstrap
) -> dict[str, str]:
    rival_en, rival_zh = NAMES.get(rival, (rival, rival))
    metric_en, metric_zh = NAMES.get(primary, (primary, primary))
    mine, other = drawn.values["model"][primary], drawn.values[rival][primary]
    span = f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
    span_zh = f"{difference.value:+.3f}（{difference.low:+.3f} 至 {difference.high:+.3f}）"
    figures_en = f"{metric_en} {mine:.3f} against {other:.3f}, difference {span}"
    figures_zh = f"{metric_zh} {mine:.3f} 对 {other:.3f}，差值 {span_zh}"
    if choice == "model":
        en = f"Use the model: it beats {rival_en}, the best rival, on the test rows ({figures_en})."
        zh = f"建议采用本模型：在测试数据上优于最强的对照方法“{rival_zh}”（{figures_zh}）。"
    elif choice == "undecided":
        en = (
            f"These test rows cannot tell the model from {rival_en}, the best rival ({figures_en}): "
            "take whichever is cheaper to run and explain."
        )
        zh = f"测试数据不足以区分本模型与最强的对照方法“{rival_zh}”（{figures_zh}）：请选择运行和解释成本更低的一个。"
    else:
        en = f"Use {rival_en}, not the model: it is better on the test rows ({figures_en})."
        zh = f"建议采用“{rival_zh}”而不是本模型：它在测试数据上更好（{figures_zh}）。"
    return {"en": en, "zh": zh}


def curves(label: np.ndarray, scores: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The entries `precision_recall` and `calibration` of metrics.json's `curves`."""
    out: dict[str, Any] = {"precision_recall": {}, "calibration": {}}
    for name, score in scores.items():
        curve = precision_recall_curve(label, score)
        out["precision_recall"][name] = {"x": plain(curve["recall"]), "y": plain(curve["precision"])}
    curve = reliability_curve(label, scores["model"])
    out["calibration"]["model"] = {
        "x": plain(curve["predicted"]),
        "y": plain(curve["observed"]),
        "low": plain(curve["low"]),
        "high": plain(curve["high"]),
        "n": plain(curve["rows"]),
    }
    return out


def folds(label: np.ndarray, fold: np.ndarray, scores: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """The entry `folds` of metrics.json, average precision of each fold by model: what the spread between them is."""
    rows = [fold == number for number in np.unique(fold)]
    return {
        name: [average_precision(label[each], score[each]) for each in rows] for name, score in scores.items()
    }


def slices(
    label: np.ndarray,
    score: np.ndarray,
    alert: np.ndarray,
    parts: Mapping[str, np.ndarray],
    *,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """The model on parts of the test rows, each figure with its interval.

    Args:
        alert: Whether each row is stopped (reviewed or blocked).
        parts: For each kind of slice, the slice's name of each row, `(test rows,)`.
    """
    out = []
    for kind, names in parts.items():
        for name in _in_order(names):
            rows = np.flatnonzero(np.asarray(names) == name)
            drawn = bootstrap(
                label[rows],
                {"model": score[rows]},
                {
                    "average_precision": average_precision,
                    "recall": _recall(alert[rows]),
                    "alert_share": _share(alert[rows]),
                },
                groups=None if groups is None else groups[rows],
                resamples=200,
                seed=seed,
            )
            out.append(
                {
                    "slice": kind,
                    "value": str(name),
                    "rows": len(rows),
                    "positives": int(label[rows].sum()),
                    "metrics": {key: value.to_dict() for key, value in drawn["model"].items()},
                }
            )
    return out


def _in_order(names) -> list:
    """The parts that occur: a Categorical's in the order of its categories, others as they come."""
    present = dict.fromkeys(np.asarray(names).tolist())
    return [name for name in getattr(names, "categories", present) if name in present]


def at_thresholds(
    label: np.ndarray, decisions: Mapping[str, np.ndarray], *, groups: np.ndarray | None = None, seed: int = 0
) -> dict[str, dict[str, dict[str, float]]]:
    """For each model at its own thresholds: share of the positives stopped, and share of all rows stopped."""
    out = {}
    for name, decision in decisions.items():
        stopped = decision != PASS
        metrics = {"recall": _recall(stopped), "alert_share": _share(stopped)}
        drawn = bootstrap(label, {name: stopped.astype(float)}, metrics, groups=groups, seed=seed)
        out[name] = {metric: value.to_dict() for metric, value in drawn[name].items()}
    return out


def _recall(alert: np.ndarray):
    @metric
    def recall(y_true, y_pred):
        hit, positive = (alert & (y_true > 0)).astype(float), (y_true > 0).astype(float)

        def of(weights):
            weights = np.ones(len(hit)) if weights is None else weights
            whole = positive @ weights
            return float(hit @ weights / whole) if whole else float("nan")

        return of

    return recall


def _share(alert: np.ndarray):
    @metric
    def share(y_true, y_pred):
        values = alert.astype(float)
        return lambda weights: float(
            values.mean() if weights is None else np.average(values, weights=weights)
        )

    return share


def plain(values) -> list:
    """A list that JSON can hold: six significant digits, None for what is not a number."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in np.asarray(values, np.float64)]
