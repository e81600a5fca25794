"""Files as a customer of each solution delivers them: names of columns, marks and dates of their own.

All are simulated. `write(solution, folder)` is what a test or benchmark calls; `SMALL` is for seconds, `FULL` is as
large as the built-in samples.
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from shared.simulators.parts import write_parts
from shared.simulators.patients import simulate_patients
from shared.simulators.payments import simulate_payments
from shared.simulators.shops import simulate_shops

FULL = {
    "finance.fraud": {"cards": 800, "days": 60},
    "retail.demand": {"items": 40, "stores": 3, "days": 760},
    "manufacturing.defects": {"parts": 600, "side": 192},
    "healthcare.diagnosis": {"patients": 2000},
}
SMALL = {
    "finance.fraud": {"cards": 60, "days": 40, "terminals": 200, "radius": 10, "compromised_cards": 0.3},
    "retail.demand": {"items": 6, "stores": 2, "days": 320},
    "manufacturing.defects": {"parts": 130, "side": 64},
    "healthcare.diagnosis": {"patients": 200},
}


def payments(folder: Path, **size) -> Path:
    """An export of SAP: names of fields, decimal commas, semicolons."""
    frame = simulate_payments(seed=1, **size)
    export = pd.DataFrame(
        {
            "BELNR": [f"49{at:08}" for at in range(len(frame))],
            "BUDAT": frame["time"].dt.strftime("%d.%m.%Y %H:%M:%S"),
            "KUNNR": frame["card"],
            "LIFNR": frame["terminal"],
            "WRBTR": [f"{amount:.2f}".replace(".", ",") for amount in frame["amount"]],
            "BETRUG": np.where(frame["fraud"] == 1, "ja", "nein"),
        }
    )
    export.to_csv(folder / "ZFI_ZAHLUNGEN.csv", sep=";", index=False)
    return folder / "ZFI_ZAHLUNGEN.csv"


def sales(folder: Path, **size) -> Path:
    """Chinese names in GBK."""
    words = {
        "date": "销售日期", "store": "门店编号", "item": "商品编码", "category": "品类", "quantity": "销量",
        "price": "单价", "promotion": "是否促销", "holiday": "节假日", "stockout": "缺货",
    }  # fmt: skip
    frame = simulate_shops(seed=1, **size)
    frame["date"] = pd.to_datetime(frame["date"]).dt.strftime("%Y年%m月%d日")
    frame.rename(columns=words).to_csv(folder / "销售明细.csv", index=False, encoding="gbk")
    return folder / "销售明细.csv"


def parts(folder: Path, **size) -> Path:
    """A folder of photos, one folder a class."""
    place = folder / "line_3"
    write_parts(place, seed=1, **size)
    shutil.rmtree(place / "masks")  # who delivers photos has none
    return place


def patients(folder: Path, **size) -> Path:
    """A clinic's list, Chinese, with a text for what is not known."""
    words = {
        "patient": "住院号", "visit": "就诊日期", "site": "院区", "sex": "性别", "age": "年龄", "temperature": "体温",
        "heart_rate": "心率", "crp": "C反应蛋白", "smoker": "吸烟", "label": "诊断",
    }  # fmt: skip
    frame = simulate_patients(seed=1, **size)[list(words)]
    told = {"healthy": "健康", "mild": "轻度", "severe": "重度"}
    frame = frame.assign(
        label=frame["label"].map(told),
        sex=frame["sex"].map({"female": "女", "male": "男"}),
        smoker=frame["smoker"].map({"yes": "是", "no": "否"}),
    )
    frame = frame.astype(object).where(frame.notna(), "不详")
    frame.rename(columns=words).to_csv(folder / "住院病人.csv", index=False, encoding="gb18030")
    return folder / "住院病人.csv"


WRITERS = {
    "finance.fraud": payments,
    "retail.demand": sales,
    "manufacturing.defects": parts,
    "healthcare.diagnosis": patients,
}


def write(solution: str, folder: Path, *, small: bool = False) -> Path:
    """Writes a customer's file of a solution, and gives its path."""
    return WRITERS[solution](folder, **(SMALL if small else FULL)[solution])
