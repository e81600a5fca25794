"""The tables of `healthcare.diagnosis`, from its results; `tables.py` puts them into the READMEs."""

import json
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
NAMES = {
    "model": "**this model**",
    "logistic_regression": "logistic regression",
    "random_forest": "random forest",
    "gradient_boosting": "gradient boosting",
    "nearest_neighbour": "nearest neighbour (DTW or Euclidean)",
    "linear_probe": "linear probe (HOG and pixels)",
    "prior": "prevalence only",
}
TITLES = {
    "wisconsin": "Wisconsin, 5 x 5-fold",
    "stroke": "stroke, 5-fold",
    "pneumonia seed 0": "PneumoniaMNIST, seed 0",
    "ecg seed 0": "ECG5000, seed 0",
}


def _load(name: str = "diagnosis_quality") -> dict:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _figure(value: float, digits: int = 3) -> str:
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if text.startswith("0.") else text


def _span(entry: dict, digits: int = 3) -> str:
    return f"{_figure(entry['value'], digits)} ({_figure(entry['low'], digits)} to {_figure(entry['high'], digits)})"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _models(case: str, title: str, metrics: dict[str, str], further: list[list[str]] = ()) -> str:
    results = _load().get(case, {}).get("results", {})
    rows = [
        [NAMES[name], *(_span(results[name][metric]) for metric in metrics)]
        for name in NAMES
        if name in results
    ]
    return _table([title, *metrics.values()], [*rows, *further])


def diagnosis_wisconsin() -> str:
    metrics = {
        "roc_auc": "AUC",
        "accuracy": "accuracy",
        "brier": "Brier",
        "expected_calibration_error": "ECE",
    }
    return _models("wisconsin", "Wisconsin breast cancer, 5 x 5-fold", metrics)


def diagnosis_stroke() -> str:
    metrics = {"roc_auc": "AUC", "average_precision": "AP", "brier": "Brier"}
    metrics["expected_calibration_error"] = "ECE"
    further = [["gradient boosting, the data's README", ".819", "", "", ""]]
    return _models("stroke", "stroke, 5-fold", metrics, further)


def _seeds(stem: str, title: str, metrics: dict[str, str], further: list[list[str]]) -> str:
    found = [entry for name, entry in sorted(_load().items()) if name.startswith(f"{stem} seed")]
    rows = []
    for name in NAMES:
        if not found or name not in found[0]["results"]:
            continue
        cells = []
        for metric in metrics:
            values = [entry["results"][name][metric]["value"] for entry in found]
            mean = sum(values) / len(values)
            cells.append(f"{_figure(mean)} ({', '.join(map(_figure, values))})")
        rows.append([NAMES[name], *cells])
    return _table([title, *metrics.values()], [*rows, *further])


def diagnosis_pneumonia() -> str:
    metrics = {"roc_auc": "AUC", "accuracy": "accuracy"}
    published = [
        ["published ResNet-18 (28)", ".944", ".854"],
        ["published ResNet-50 (224)", ".962", ".884"],
        ["published Google AutoML", ".991", ".946"],
    ]
    title = "PneumoniaMNIST, official test part: mean of three seeds"
    return _seeds("pneumonia", title, metrics, published)


def diagnosis_ecg() -> str:
    metrics = {"accuracy": "accuracy", "macro_f1": "macro-F1", "roc_auc": "AUC, any abnormal beat"}
    published = [
        ["published ResNet / ROCKET", ".935 to .947", "", ""],
        ["logistic regression, the data's README", ".939", "", ""],
    ]
    return _seeds("ecg", "ECG5000, 500 beats train, 4,499 judge: mean of three seeds", metrics, published)


def diagnosis_trust() -> str:
    found, rows = _load(), []
    for case, title in TITLES.items():
        if case not in found:
            continue
        trust = found[case]["trust"]
        sets, test = trust["sets"], trust["threshold"]["test"]
        referral = trust["referral"]
        rows.append(
            [
                title,
                _span(sets["split"]["coverage"]),
                _span(sets["per_class"]["coverage"]),
                f"{sets['split']['mean_size']:.2f}",
                _span(test["sensitivity"]),
                _span(test["specificity"]),
                f"{_span(referral['error_all'])} to {_span(referral['error_kept'])}",
            ]
        )
    header = ["", "sets at 90 %: hold the truth", "the same, class by class", "classes a set"]
    header += ["sensitivity (95 % demanded)", "specificity", "error of all, and of those not referred"]
    return _table(header, rows)


def _fall(entry: dict) -> str:
    """Two errors, and the second over the first."""
    return f"{_figure(entry['error_all'])} to {_figure(entry['error_kept'])} (x {_figure(entry['ratio'], 2)})"


def diagnosis_matched() -> str:
    found, rows = _load(), []
    for case, title in TITLES.items():
        if case not in found:
            continue
        plain = found[case]["least_certain_fifth"]
        cells = [_fall(plain)]
        cells += [_fall(each) for each in found[case]["matched"].values()]
        rows.append([title, *cells])
    levels = list(next(iter(found.values()))["matched"]) if found else []
    return _table(
        [
            "error without and with referral",
            "of the likeliest class",
            *(f"at sensitivity {each}" for each in levels),
        ],
        rows,
    )


def diagnosis_speed() -> str:
    speed, found = _load("diagnosis_speed"), _load()
    rows = [[name, f"{seconds:.1f} s"] for name, seconds in speed.get("seconds", {}).items()]
    if "pneumonia seed 0" in found:
        entry = found["pneumonia seed 0"]
        text = f"{entry['fit_seconds']:.0f} s, {entry['parameters']:,} parameters; the whole run {entry['seconds']:.0f} s"
        rows.append(["PneumoniaMNIST: training", text])
    return _table(["two cores", "measured"], rows)


def measured() -> str:
    """`measured.json` of healthcare.diagnosis."""
    found, lines = _load(), []
    for case, (title, metric, word) in {
        "wisconsin": ("Wisconsin breast cancer, 5 x 5-fold", "roc_auc", "AUC"),
        "stroke": ("stroke, 5-fold", "roc_auc", "AUC"),
        "pneumonia seed 0": ("PneumoniaMNIST, official test", "roc_auc", "AUC"),
        "ecg seed 0": ("ECG5000, official test", "accuracy", "accuracy"),
    }.items():
        if case not in found:
            continue
        results = found[case]["results"]
        rivals = {name: of[metric]["value"] for name, of in results.items() if name != "model"}
        best = max(rivals, key=rivals.__getitem__)
        line = f"{title}: {word} {_span(results['model'][metric])}, best rival {_figure(rivals[best])} ({NAMES[best]})"
        lines.append({"data": title, "line": line})
    return json.dumps(lines, indent=1) + "\n"


TABLES = {
    each.__name__: each
    for each in (
        *(diagnosis_wisconsin, diagnosis_stroke, diagnosis_pneumonia, diagnosis_ecg),
        *(diagnosis_trust, diagnosis_matched, diagnosis_speed),
    )
}
