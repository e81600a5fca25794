"""The tables of `manufacturing.defects`, from its results; `tables.py` puts them into the READMEs."""

import json

from tables_text import figure, load, percent, span, table

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


def measured() -> str:
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


TABLES = {
    each.__name__: each for each in (defects_labelled, defects_good_only, defects_thresholds, defects_speed)
}
