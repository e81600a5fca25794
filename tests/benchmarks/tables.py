"""Writes the measured figures of tests/benchmarks/results into the READMEs and `measured.json` of the solutions.

`python tests/benchmarks/tables.py` rewrites what stands between the markers `<!-- measured:NAME -->` and
`<!-- /measured -->`; `--check` only says whether anything would change, and a test calls it.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import diagnosis_tables

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"
READMES = [
    "README.md",
    "README.zh.md",
    "verticals/finance/fraud/README.md",
    "verticals/retail/demand/README.md",
    "verticals/manufacturing/defects/README.md",
    "verticals/healthcare/diagnosis/README.md",
]
BOOK = "handbook 2018-08-08 seed {}"
NAMES = {
    "model": "**this model**",
    "blend": "blend of model and best tree",
    "random_forest": "random forest",
    "gradient_boosting": "gradient boosting",
    "logistic_regression": "logistic regression",
    "amount": "rank by amount",
}
PUBLISHED = {
    "book, XGBoost (ch. 3)": (".639", ".862", ".273"),
    "book, random forest (ch. 3)": (".658", ".867", ".287"),
    "book, XGBoost after model selection (ch. 7)": (".687", ".869", ".303"),
    "book, MLP after model selection (ch. 7)": (".675", ".876", ".303"),
}


def load(name: str) -> dict:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def figure(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1)


def span(entry: dict) -> str:
    return f"{figure(entry['value'])} ({figure(entry['low'])} to {figure(entry['high'])})"


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def handbook() -> str:
    found = load("fraud_quality")
    results = found[BOOK.format(0)]["results"]
    metrics = ["average_precision", "roc_auc", "card_precision_100", "expected_calibration_error"]
    rows = [[NAMES[name], *(span(results[name][metric]) for metric in metrics)] for name in NAMES]
    rows += [[name, figures[0], figures[1], figures[2], ""] for name, figures in PUBLISHED.items()]
    return table(["handbook, chapter 3 split", "AP", "AUC", "card precision@100", "ECE"], rows)


def seeds() -> str:
    found = load("fraud_quality")
    rows = []
    for name in NAMES:
        if name != "amount":
            values = [
                found[BOOK.format(seed)]["results"][name]["average_precision"]["value"] for seed in range(3)
            ]
            rows.append([NAMES[name], *map(figure, values), figure(sum(values) / len(values))])
    return table(["AP, same test rows", "seed 0", "seed 1", "seed 2", "mean"], rows)


def folds() -> str:
    later = load("fraud_quality")["later weeks"]
    rows = []
    for name in NAMES:
        ap, auc, cp = (later[key][name] for key in ("average_precision", "roc_auc", "card_precision_100"))
        against = later["average_precision, model minus rival"].get(name)
        gap = f"{against['mean']:+.3f} ({against['low']:+.3f} to {against['high']:+.3f})" if against else ""
        rows.append(
            [
                NAMES[name],
                f"{figure(ap['mean'])} ± {figure(ap['spread'])}",
                figure(auc["mean"]),
                figure(cp["mean"]),
                gap,
            ]
        )
    header = ["four later weeks", "AP, mean ± spread", "AUC", "card precision@100", "AP, model minus this"]
    return table(header, rows)


def creditcard() -> str:
    found = load("fraud_quality")
    results, again = (found[f"creditcard 5 folds seed {seed}"]["results"] for seed in range(2))
    metrics = ["average_precision", "roc_auc", "expected_calibration_error"]
    rows = [
        [NAMES[name], *(span(results[name][metric]) for metric in metrics)]
        + [figure(again[name][metric]["value"]) for metric in metrics[:2]]
        for name in NAMES
    ]
    rows.append(["published, gradient boosting", ".914", ".976", "", "", ""])
    return table(["creditcard_ulb_subset, 5-fold", "AP", "AUC", "ECE", "AP, seed 1", "AUC, seed 1"], rows)


def networks() -> str:
    found = load("fraud_networks")
    weeks = sorted({week for entries in found.values() for week in entries})
    rows = [
        [name, *(figure(entries[week]["average_precision"]) if week in entries else "" for week in weeks),
         f"{max(entry['seconds'] for entry in entries.values()):.0f}"]
        for name, entries in found.items()
    ]  # fmt: skip
    return table(["network (AP on earlier weeks)", *weeks, "seconds to fit, at most"], rows)


def speed() -> str:
    fraud, contract, training = load("fraud_speed"), load("contract_speed"), load("training_speed")
    features, stages = fraud["features"], fraud["run_stages"]
    rows = [
        ["features of 1,754,155 payments", f"first {features['features'][0]:.1f} s, again {min(features['features']):.1f} s, peak {features['peak_gb']:.1f} GB"],
        ["`run` on the book's split, rivals and report included", f"{fraud['run_seconds']:.0f} s"],
        ["of it: fit of the model / of the rivals", f"{stages['fit']['seconds']:.0f} s / {stages['rivals']['seconds']:.0f} s"],
        ["`run` on the built-in sample (`make demo` after installation)", f"{fraud['demo_seconds']:.0f} s"],
        ["`predict` from Parquet, start included", f"{fraud['predict']['rows_per_second']:,.0f} payments/s"],
        ["contract check, 1 M × 10, from CSV / Parquet", f"{contract['csv']['check_seconds']:.2f} s / {contract['parquet']['check_seconds']:.2f} s"],
        ["`verticals --help`", f"{fraud['help_seconds']:.2f} s"],
    ]  # fmt: skip
    for kind, entry in training["results"].items():
        rows.append(
            [
                f"`shared.training.fit` against a bare TensorFlow loop, {kind}",
                f"{entry['ratio']:.2f} of its speed",
            ]
        )
    return table(["two cores", "measured"], rows)


DEMAND = {
    "model": "**this model**",
    "gradient_boosting": "gradient boosting on lags",
    "auto_ets": "AutoETS",
    "auto_theta": "AutoTheta",
    "tsb": "TSB",
    "croston": "Croston (SBA)",
    "moving_average": "moving average",
    "seasonal_naive": "seasonal naive",
    "naive": "naive",
}
M4_PUBLISHED = {
    "M4 winner (Smyl)": ("9.33", "", ".440", "7.82", "", ".851"),
    "M4 second (FFORMA)": ("11.51", "", ".484", "7.63", "", ".796"),
    "M4 Theta": ("18.14", "", "1.006", "9.09", "", ".971"),
    "M4 Naive 2": ("18.38", "2.395", "1.000", "9.16", "2.777", "1.000"),
}


def demand_m4() -> str:
    found = load("demand_quality")
    sets = [found[f"{name} seed 0"]["results"] for name in ("m4_hourly", "m4_weekly")]
    rows = []
    for name, label in DEMAND.items():
        cells = []
        for results in sets:
            if name in results:
                smape, mase, owa = (results[name][metric] for metric in ("smape", "mase", "owa"))
                cells += [f"{smape['value']:.2f}", f"{mase['value']:.3f}", span(owa)]
            else:
                cells += ["", "", ""]
        rows.append([label, *cells])
    rows += [[name, *cells] for name, cells in M4_PUBLISHED.items()]
    return table(
        ["M4", *(f"{of} {metric}" for of in ("Hourly", "Weekly") for metric in ("sMAPE", "MASE", "OWA"))],
        rows,
    )


def _shop(key: str, title: str) -> str:
    results = load("demand_quality")[key]["results"]
    rows = []
    for name, label in DEMAND.items():
        if name in results:
            of = results[name]
            cost = f"{of['cost']['value']:,.0f} ({of['cost']['low']:,.0f} to {of['cost']['high']:,.0f})"
            cells = [span(of["weighted_quantile_loss"]), figure(of["mase"]["value"])]
            rows.append(
                [
                    label,
                    *cells,
                    f"{100 * of['coverage_80']['value']:.1f} %",
                    f"{100 * of['bias']['value']:+.1f} %",
                    cost,
                ]
            )
    return table(
        [title, "weighted quantile loss", "MASE", "80 % interval covers", "bias", "cost of the replay"], rows
    )


def demand_uci() -> str:
    return _shop("uci_2011 seed 0", "UCI 2010-11, 500 items, 3 x 4 weeks")


def demand_sample() -> str:
    return _shop("sample seed 0", "built-in sample (simulated), 3 x 28 days")


def demand_networks() -> str:
    found = load("demand_networks")
    sets = list(dict.fromkeys(key for by in found.values() for key in by))
    rows = [
        [
            name,
            *(f"{figure(by[key]['loss'])} ({by[key]['seconds']:.0f} s)" if key in by else "" for key in sets),
        ]
        for name, by in found.items()
    ]
    return table(["network, on origins before the test", *sets], rows)


def demand_speed() -> str:
    found, lines = load("demand_speed"), load("demand_aggregation")
    hourly, many = found["m4_hourly"], found["many"]
    rows = [
        ["M4 Hourly, check, fit and forecast", f"{hourly['fit_seconds'] + hourly['forecast_seconds']:.0f} s, peak {hourly['peak_gb']:.1f} GB"],
        [f"30,000 series x 28 days: load, read {many['rows'] // 28 * 180:,} rows, forecast, orders", f"{many['seconds']:.0f} s, peak {many['peak_gb']:.1f} GB"],
        [
            "1,000,000 sales lines (3 columns) to weekly series, reading and check included, CSV / Parquet",
            f"{lines['plain']['csv']['whole_seconds']:.1f} s / {lines['plain']['parquet']['whole_seconds']:.1f} s",
        ],
        [
            "the same with 7 columns, returns and promotions",
            f"{lines['rich']['csv']['whole_seconds']:.1f} s / {lines['rich']['parquet']['whole_seconds']:.1f} s",
        ],
        [
            "of these the sums alone",
            " / ".join(f"{lines[of][kind]['panel_seconds']:.2f} s" for of in ("plain", "rich") for kind in ("csv", "parquet")),
        ],
    ]  # fmt: skip
    return table(["two cores", "measured"], rows)


DEFECTS = {
    "model": "**this model**",
    "backbone_logistic": "logistic regression on a frozen MobileNetV2",
    "hog_svm": "HOG + SVM",
    "statistics_boosting": "gradient boosting on image statistics",
    "backbone_distance": "nearest neighbours on a frozen MobileNetV2",
    "statistics_forest": "isolation forest on image statistics",
    "prior": "share of defects alone",
}
DETECTORS = {
    "patchcore": "**PatchCore**",
    "patchcore seed 1": "PatchCore, other photos drawn",
    "patchcore seed 2": "PatchCore, other photos drawn again",
    "padim": "PaDiM",
    "draem": "DRAEM, no pretrained weights",
}


def defects_labelled() -> str:
    found = load("defects_quality")
    rows = []
    for case, title in {"labelled classes": "", "scratch": ", from scratch (first fold)"}.items():
        if case not in found:
            continue
        results, macro = found[case]["results"], found[case]["inspection"]["macro_f1"]
        for name, label in DEFECTS.items():
            if name in results and (case == "labelled classes" or name == "model"):
                of = results[name]
                cells = [span(of[metric]) for metric in ("roc_auc", "average_precision")]
                cells += [span(macro[name]), percent(of["escape_at_1_percent"])]
                pixel = found["labelled" if case == "labelled classes" else case]["inspection"]["pixel"]
                cells += [figure(pixel["roc_auc"]), figure(pixel["pro"])] if name == "model" else ["", ""]
                rows.append([label + title, *cells])
    rows.append(["published linear probe (the data's README)", ".980", ".955", ".888", "", "", ""])
    header = ["magnetic tile, 5-fold", "AUROC", "AP", "macro-F1, 6 classes", "escapes at 1 % false rejects"]
    header += ["pixel AUROC", "PRO"]
    return table(header, rows)


def percent(entry: dict) -> str:
    return f"{100 * entry['value']:.1f} % ({100 * entry['low']:.1f} to {100 * entry['high']:.1f})"


def defects_good_only() -> str:
    found = load("defects_quality")
    rows = []
    for case, label in DETECTORS.items():
        if case in found:
            of, pixel = found[case]["results"]["model"], found[case]["inspection"]["pixel"]
            cells = [span(of["roc_auc"]), span(of["average_precision"]), percent(of["escape_at_1_percent"])]
            rows.append([label, *cells, figure(pixel["roc_auc"]), figure(pixel["pro"])])
    for name, of in found["patchcore"]["results"].items():
        if name != "model":
            cells = [span(of["roc_auc"]), span(of["average_precision"]), percent(of["escape_at_1_percent"])]
            rows.append([DEFECTS[name], *cells, "", ""])
    rows.append(["published PatchCore (WideResNet-50)", ".979", "", "", "", ""])
    header = [
        "magnetic tile, good parts only",
        "AUROC",
        "AP",
        "escapes at 1 % false rejects",
        "pixel AUROC",
        "PRO",
    ]
    return table(header, rows)


def defects_thresholds() -> str:
    found = load("defects_quality")
    cases = {"labelled, 5-fold": "labelled classes", "good parts only (PatchCore)": "patchcore"}
    rows = [
        [title, *(percent(found[case]["inspection"][of]) for of in ("escape", "false_reject", "again"))]
        for title, case in cases.items()
    ]
    return table(
        ["at the thresholds chosen on validation photos", "escapes", "false rejects", "looked at again"], rows
    )


def defects_speed() -> str:
    quality, speed = load("defects_quality"), load("defects_speed")
    stages = quality["labelled"]["stages"]
    rows = [
        ["labelled, one fold: fit / with rivals and judging", f"{stages['fit']['seconds'] / 5:.0f} s / {quality['labelled']['seconds'] / 5:.0f} s"],
        ["good parts only: fit / the whole run (PatchCore)", f"{quality['patchcore']['stages']['fit']['seconds']:.0f} s / {quality['patchcore']['seconds']:.0f} s"],
    ]  # fmt: skip
    if speed:
        for mode, title in {"labelled": "labelled", "good_only": "PatchCore"}.items():
            of = speed[mode]
            rows.append(
                [f"inspection at 224 px from files, {title}", f"{of['photos_per_second']:.0f} photos/s, with the check of all files {of['photos_per_second_with_check']:.0f}; one photo {of['one_photo_ms']:.0f} ms"]
            )  # fmt: skip
        rows.append(
            [
                "training, encoder at rest: time lost where no photo is kept in memory (by default 1 GB is kept)",
                f"{100 * max(0.0, speed['waiting']['waiting_share']):.1f} %",
            ]
        )
    return table(["two cores", "measured"], rows)


TABLES: dict[str, Callable[[], str]] = {
    name: globals()[name]
    for name in (
        *("handbook", "seeds", "folds", "creditcard", "networks", "speed"),
        *("demand_m4", "demand_uci", "demand_sample", "demand_networks", "demand_speed"),
        *("defects_labelled", "defects_good_only", "defects_thresholds", "defects_speed"),
    )
} | diagnosis_tables.TABLES


def measured_demand() -> str:
    """`measured.json` of retail.demand."""
    found = load("demand_quality")
    lines = []
    for title, key in {"M4 Hourly": "m4_hourly seed 0", "M4 Weekly": "m4_weekly seed 0"}.items():
        owa = span(found[key]["results"]["model"]["owa"])
        best = {"M4 Hourly": "winner .440", "M4 Weekly": "best .796"}[title]
        lines.append({"data": title, "line": f"{title}, official test: OWA {owa}, published {best}"})
    for title, key in {
        "UCI 2010-11": "uci_2011 seed 0",
        "built-in sample (simulated)": "sample seed 0",
    }.items():
        results = found[key]["results"]
        loss = {
            name: of["weighted_quantile_loss"]["value"] for name, of in results.items() if name != "model"
        }
        best = min(loss, key=loss.__getitem__)
        mine = span(results["model"]["weighted_quantile_loss"])
        line = f"{title}: weighted quantile loss {mine}, best rival {figure(loss[best])} ({DEMAND[best]})"
        lines.append({"data": title, "line": line})
    return json.dumps(lines, indent=1) + "\n"


def measured_defects() -> str:
    """`measured.json` of manufacturing.defects."""
    found, lines = load("defects_quality"), []
    for title, case in {
        "magnetic tile, labelled, 5-fold": "labelled classes",
        "magnetic tile, good parts only": "patchcore",
    }.items():
        of = found[case]["results"]["model"]
        line = f"{title}: AUROC {span(of['roc_auc'])}, AP {span(of['average_precision'])}"
        lines.append({"data": title, "line": line})
    return json.dumps(lines, indent=1) + "\n"


def measured() -> str:
    """`measured.json` of finance.fraud: one line a data set, shown by `verticals list`."""
    found = load("fraud_quality")
    lines = []
    for title, key in {
        "handbook (simulated), book's split": BOOK.format(0),
        "creditcard_ulb_subset, 5-fold": "creditcard 5 folds seed 0",
    }.items():
        results = found[key]["results"]
        trees = {
            name: results[name]["average_precision"]["value"]
            for name in ("random_forest", "gradient_boosting")
        }
        best = max(trees, key=trees.__getitem__)
        line = f"{title}: AP {span(results['model']['average_precision'])}, best tree {figure(trees[best])}"
        lines.append({"data": title, "line": line})
    return json.dumps(lines, indent=1) + "\n"


def rewritten(text: str) -> str:
    def block(match: re.Match) -> str:
        return f"{match[1]}\n{TABLES[match[2]]()}\n{match[3]}"

    return re.sub(r"(<!-- measured:(\w+) -->)\n.*?(<!-- /measured -->)", block, text, flags=re.DOTALL)


def main(check: bool) -> int:
    wanted = {path: rewritten((ROOT / path).read_text(encoding="utf-8")) for path in READMES}
    wanted["verticals/finance/fraud/measured.json"] = measured()
    wanted["verticals/retail/demand/measured.json"] = measured_demand()
    wanted["verticals/manufacturing/defects/measured.json"] = measured_defects()
    wanted["verticals/healthcare/diagnosis/measured.json"] = diagnosis_tables.measured_diagnosis()
    stale = []
    for path, text in wanted.items():
        target = ROOT / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not check:
                target.write_text(text, encoding="utf-8")
    print(
        "\n".join(f"{'stale' if check else 'rewritten'}: {path}" for path in stale)
        or "all figures are current"
    )
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
