"""The tables of `finance.fraud`, and of the speed of what all solutions share; `tables.py` puts them into the READMEs."""

import json

from tables_text import figure, load, span, table

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


TABLES = {each.__name__: each for each in (handbook, seeds, folds, creditcard, networks, speed)}
