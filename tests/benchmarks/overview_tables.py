"""The tables of the main READMEs: one line a data set, and what one should see of the built-in sample."""

from dataclasses import dataclass

from demand_tables import DEMAND, M4_PUBLISHED
from diagnosis_tables import NAMES as DIAGNOSIS
from fraud_tables import BOOK, PUBLISHED
from fraud_tables import NAMES as FRAUD
from tables_text import figure, load, span, table

README = "verticals/{}/README.md"
DEFECTS = {"backbone_logistic": "frozen MobileNetV2 + LR", "hog_svm": "HOG + SVM"}
DEFECTS |= {"backbone_distance": "frozen MobileNetV2, neighbours"}
RIVALS = FRAUD | DEMAND | DEFECTS | DIAGNOSIS | {"gradient_boosting": "gradient boosting"}
CHINESE = {
    "random forest": "随机森林",
    "gradient boosting": "梯度提升",
    "logistic regression": "逻辑回归",
    "frozen MobileNetV2, neighbours": "冻结的 MobileNetV2，近邻",
    "linear probe (HOG and pixels)": "线性探针（HOG 与像素）",
    "nearest neighbour (DTW or Euclidean)": "最近邻（DTW 或欧氏距离）",
}


@dataclass(frozen=True)
class Line:
    """One data set.

    Args:
        solution: Its name.
        data: Name of the data, in English and Chinese.
        measure: What decides there, in English and Chinese.
        results: Results by model.
        metric: Name of the measure in the results.
        published: The best published figure, and whose, in English and Chinese.
        best: Which of two figures is the better one.
    """

    solution: str
    data: tuple[str, str]
    measure: tuple[str, str]
    results: dict
    metric: str
    published: tuple[str, str] = ("", "")
    best: object = max


def _fraud() -> list[Line]:
    found, measure = load("fraud_quality"), ("average precision", "平均精确率")
    book = max(ap for ap, *_ in PUBLISHED.values())
    return [
        Line(
            "finance.fraud",
            ("Fraud Detection Handbook (simulated)", "Fraud Detection Handbook（模拟）"),
            measure,
            found[BOOK.format(0)]["results"],
            "average_precision",
            (f"{book}, XGBoost, the book's chapter 7", f"{book}，XGBoost，原书第 7 章"),
        ),
        Line(
            "finance.fraud",
            ("real card payments (creditcard_ulb_subset), 5-fold", "真实交易（creditcard_ulb_subset），5 折"),
            measure,
            found["creditcard 5 folds seed 0"]["results"],
            "average_precision",
            (".914, gradient boosting", ".914，梯度提升"),
        ),
    ]


def _demand() -> list[Line]:
    found = load("demand_quality")
    hourly, weekly = M4_PUBLISHED["M4 winner (Smyl)"][2], M4_PUBLISHED["M4 second (FFORMA)"][5]
    published = {
        "hourly": (f"{hourly}, the winner of M4", f"{hourly}，M4 冠军"),
        "weekly": (f"{weekly}, the second of M4", f"{weekly}，M4 亚军"),
    }
    lines = [
        Line(
            "retail.demand",
            (f"M4 {name.title()}, official test part", f"M4 {name.title()}，官方测试集"),
            ("OWA (less is better)", "OWA（越小越好）"),
            found[f"m4_{name} seed 0"]["results"],
            "owa",
            text,
            min,
        )
        for name, text in published.items()
    ]
    shop = ("UCI Online Retail II, 500 items", "UCI Online Retail II，500 种商品")
    loss = ("weighted quantile loss (less is better)", "加权分位数损失（越小越好）")
    results = found["uci_2011 seed 0"]["results"]
    return [*lines, Line("retail.demand", shop, loss, results, "weighted_quantile_loss", best=min)]


def _defects() -> list[Line]:
    found = load("defects_quality")
    published = {
        "labelled classes": (".980, linear probe, the data's README", ".980，线性探针，数据自带说明"),
        "patchcore": (".979, PatchCore (WideResNet-50)", ".979，PatchCore（WideResNet-50）"),
    }
    data = {
        "labelled classes": ("magnetic tiles, labelled, 5-fold", "磁瓦，有标注，5 折"),
        "patchcore": ("magnetic tiles, good parts only", "磁瓦，仅用良品"),
    }
    return [
        Line("manufacturing.defects", data[case], ("AUROC", "AUROC"), found[case]["results"], "roc_auc", text)
        for case, text in published.items()
    ]


def _diagnosis() -> list[Line]:
    found = load("diagnosis_quality")
    of = {
        "wisconsin": ("Wisconsin breast cancer, 5 x 5-fold", "Wisconsin 乳腺癌，5 次 5 折", "roc_auc"),
        "stroke": ("stroke, 5-fold", "中风，5 折", "roc_auc"),
        "pneumonia seed 0": ("PneumoniaMNIST, official test part", "PneumoniaMNIST，官方测试集", "roc_auc"),
        "ecg seed 0": ("ECG5000, official test part", "ECG5000，官方测试集", "accuracy"),
    }
    published = {
        "stroke": (".819, gradient boosting, the data's README", ".819，梯度提升，数据自带说明"),
        "pneumonia seed 0": (".991, Google AutoML", ".991，Google AutoML"),
        "ecg seed 0": (".935 to .947, ResNet / ROCKET", ".935 至 .947，ResNet / ROCKET"),
    }
    measures = {"roc_auc": ("AUC", "AUC"), "accuracy": ("accuracy", "准确率")}
    return [
        Line(
            "healthcare.diagnosis",
            (english, chinese),
            measures[metric],
            found[case]["results"],
            metric,
            published.get(case, ("", "")),
        )
        for case, (english, chinese, metric) in of.items()
    ]


def _rows(lang: int) -> list[list[str]]:
    """One row a data set; `lang` 0 is English, 1 Chinese."""
    rows, before = [], None
    for line in (*_fraud(), *_demand(), *_defects(), *_diagnosis()):
        values = {name: of[line.metric]["value"] for name, of in line.results.items() if name in RIVALS}
        # The blend is partly the model: it is no rival.
        rivals = {name: value for name, value in values.items() if name not in ("model", "blend")}
        best = line.best(rivals, key=rivals.__getitem__)
        link = f"[{line.solution}]({README.format(line.solution.replace('.', '/'))})"
        own = span(line.results["model"][line.metric])
        rival = f"{figure(rivals[best])}, {RIVALS[best]}"
        if lang:
            own = own.replace(" (", "（").replace(" to ", " 至 ").replace(")", "）")
            rival = f"{figure(rivals[best])}，{CHINESE.get(RIVALS[best], RIVALS[best])}"
        shown = "" if line.solution == before else link
        rows.append([shown, line.data[lang], line.measure[lang], own, rival, line.published[lang]])
        before = line.solution
    return rows


def overview() -> str:
    """All solutions, in English."""
    header = ["solution", "measured on", "measure", "this model (95 % interval)", "best rival", "published"]
    return table(header, _rows(0))


def overview_zh() -> str:
    """The same in Chinese."""
    header = ["方案", "数据", "指标", "本模型（95% 区间）", "最强对照方法", "已发表结果"]
    return table(header, _rows(1))


def demo() -> str:
    """What `make demo` prints at its end."""
    return _demo(
        "{train:,} payments train, {valid:,} choose the epoch and the thresholds, and {test:,} of the week after judge, "
        "{frauds} of them frauds: hence the wide intervals. Once installed it takes {seconds:.0f} s on two cores."
    )


def demo_zh() -> str:
    """The same, explained in Chinese."""
    return _demo(
        "训练用 {train:,} 笔交易，选择轮次与阈值用 {valid:,} 笔，其后一周的 {test:,} 笔用于评判，其中欺诈 {frauds} 笔，"
        "因此区间较宽。安装完成后，双核机器约需 {seconds:.0f} 秒。"
    )


def _demo(sentence: str) -> str:
    found, speed = load("demo"), load("fraud_speed")
    rows = {name: part["rows"] for name, part in found["parts"].items()}
    frauds = found["parts"]["test"]["positives"]
    said = sentence.format(**rows, frauds=frauds, seconds=speed["demo_seconds"])
    return f"```text\n{found['printed'].strip()}\n```\n\n{said}"


TABLES = {each.__name__: each for each in (overview, overview_zh, demo, demo_zh)}
