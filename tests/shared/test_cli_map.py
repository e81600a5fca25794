"""`verticals map`: what it proposes for real tables, and that `check` takes the file as it is."""

import os
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

DATA = Path(os.environ.get("VERTICALS_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("VERTICALS_DATA"), reason="VERTICALS_DATA is not set")

HANDBOOK = "finance/fraud_handbook_simulated/transactions.parquet"
CREDITCARD = "finance/creditcard_ulb_subset/creditcard_subset.csv.gz"
RETAIL_2009 = "retail/uci_online_retail/online_retail_II_2009_2010.parquet"
RETAIL_2010 = "retail/uci_online_retail/online_retail_2010_2011.parquet"
STROKE = "healthcare/stroke/stroke.csv.gz"
SHOPPERS = "retail/online_shoppers/online_shoppers_intention.csv.gz"

WANTED = {
    HANDBOOK: ("finance.fraud", {"time": "TX_DATETIME", "amount": "TX_AMOUNT", "label": "TX_FRAUD",
                                 "card": "CUSTOMER_ID", "terminal": "TERMINAL_ID"}),
    CREDITCARD: ("finance.fraud", {"time": "Time", "amount": "Amount", "label": "Class"}),
    RETAIL_2009: ("retail.demand", {"date": "InvoiceDate", "quantity": "Quantity", "item": "StockCode",
                                    "status": "Invoice"}),
    RETAIL_2010: ("retail.demand", {"date": "InvoiceDate", "quantity": "Quantity", "item": "Description"}),
    STROKE: ("healthcare.diagnosis", {"label": "stroke", "patient": "id"}),
    SHOPPERS: ("healthcare.diagnosis", {"label": "Revenue"}),
}  # fmt: skip

CHINESE = {
    HANDBOOK: {
        "TRANSACTION_ID": "交易编号", "TX_DATETIME": "交易时间", "CUSTOMER_ID": "客户编号",
        "TERMINAL_ID": "终端编号", "TX_AMOUNT": "交易金额", "TX_TIME_SECONDS": "交易秒数",
        "TX_TIME_DAYS": "交易天数", "TX_FRAUD": "是否欺诈", "TX_FRAUD_SCENARIO": "欺诈场景",
        "TX_DURING_WEEKEND": "周末交易", "TX_DURING_NIGHT": "夜间交易",
    },
    CREDITCARD: {"Time": "时间", "Amount": "金额", "Class": "类别", "src": "来源"}
    | {f"V{at}": f"特征{at}" for at in range(1, 29)},
    RETAIL_2009: {
        "Invoice": "发票号", "StockCode": "商品编码", "Description": "商品描述", "Quantity": "数量",
        "InvoiceDate": "发票日期", "Price": "单价", "Customer ID": "客户编号", "Country": "国家",
    },
    RETAIL_2010: {
        "Description": "商品描述", "Quantity": "数量", "InvoiceDate": "发票日期", "UnitPrice": "单价",
        "CustomerID": "客户编号", "Country": "国家",
    },
    STROKE: {
        "id": "编号", "gender": "性别", "age": "年龄", "hypertension": "高血压", "heart_disease": "心脏病",
        "ever_married": "婚姻状况", "work_type": "工作类型", "Residence_type": "居住地类型",
        "avg_glucose_level": "平均血糖", "bmi": "体质指数", "smoking_status": "吸烟状况", "stroke": "中风",
    },
    SHOPPERS: {
        "Administrative": "管理页数", "Administrative_Duration": "管理页时长", "Informational": "信息页数",
        "Informational_Duration": "信息页时长", "ProductRelated": "产品页数",
        "ProductRelated_Duration": "产品页时长", "BounceRates": "跳出率", "ExitRates": "退出率",
        "PageValues": "页面价值", "SpecialDay": "特殊日", "Month": "月份", "OperatingSystems": "操作系统",
        "Browser": "浏览器", "Region": "地区", "TrafficType": "流量类型", "VisitorType": "访客类型",
        "Weekend": "周末", "Revenue": "是否购买",
    },
}  # fmt: skip


def mapped(command, place, *arguments):
    """The written file, and how the command ended."""
    out = place / "made.toml"
    outcome = command("map", *arguments, "--out", out)
    return (tomllib.loads(out.read_text("utf-8")) if out.exists() else None), outcome


def checks(command, place, solution, data):
    outcome = command("check", solution, data, "--config", place / "made.toml")
    assert outcome.code == 0, outcome.err
    return outcome


def translated(name, place) -> Path:
    """A table with Chinese headers, beside the original. Every name must have a translation, but for the book's
    own features."""
    words = CHINESE[name]
    if name.endswith(".parquet"):
        table = pq.read_table(DATA / name)
        table = table.select([column for column in table.column_names if column in words])
        target = place / "table.parquet"
        pq.write_table(table.rename_columns([words[column] for column in table.column_names]), target)
        return target
    frame = pd.read_csv(DATA / name, dtype=str, keep_default_na=False)
    assert set(frame.columns) == set(words)
    target = place / "table.csv"
    frame.rename(columns=words).to_csv(target, index=False, encoding="gb18030")
    return target


@needs_data
@pytest.mark.parametrize("name", WANTED, ids=lambda name: name.split("/")[1] + name[-12:-8])
def test_the_roles_of_real_tables_come_out_right_and_check_takes_the_file(command, tmp_path, name):
    solution, columns = WANTED[name]
    made, outcome = mapped(command, tmp_path, solution, DATA / name)
    assert outcome.code == 0, outcome.err
    assert made["columns"] == columns
    checks(command, tmp_path, solution, DATA / name)


@needs_data
@pytest.mark.parametrize("name", WANTED, ids=lambda name: name.split("/")[1] + name[-12:-8])
def test_they_come_out_right_with_chinese_headers(command, tmp_path, name):
    solution, columns = WANTED[name]
    data = translated(name, tmp_path)
    made, outcome = mapped(command, tmp_path, solution, data, "--lang", "zh")
    assert outcome.code == 0, outcome.err
    assert made["columns"] == {role: CHINESE[name][column] for role, column in columns.items()}
    checks(command, tmp_path, solution, data)


@needs_data
def test_the_solution_is_guessed_where_it_is_left_out(command, tmp_path):
    for name in (CREDITCARD, RETAIL_2010, STROKE):
        (tmp_path / name.split("/")[1]).mkdir()
        made, outcome = mapped(command, tmp_path / name.split("/")[1], DATA / name)
        assert outcome.code == 0, outcome.err
        assert made["solution"] == WANTED[name][0]


@needs_data
def test_what_the_handbook_knows_afterwards_and_what_runs_with_time_is_no_feature(command, tmp_path):
    made, outcome = mapped(command, tmp_path, "finance.fraud", DATA / HANDBOOK)
    used = {*made["features"]["numeric"], *made["features"]["categorical"]}
    assert not used & {"TX_FRAUD_SCENARIO", "TRANSACTION_ID", "TX_TIME_SECONDS", "TX_TIME_DAYS"}
    assert "TX_DURING_NIGHT" in used
    assert "1 set aside" in outcome.out


@needs_data
def test_the_column_that_tells_where_the_card_payments_were_taken_from_is_no_feature(command, tmp_path):
    made, _ = mapped(command, tmp_path, "finance.fraud", DATA / CREDITCARD)
    assert made["features"] == {"numeric": [f"V{at}" for at in range(1, 29)], "categorical": []}


@needs_data
def test_codes_and_units_of_the_stroke_table_are_found(command, tmp_path):
    made, _ = mapped(command, tmp_path, "healthcare.diagnosis", DATA / STROKE)
    assert made["numbers"]["bmi"]["missing"] == [2]
    assert made["numbers"]["avg_glucose_level"]["unit"] == "mg/dL"
    assert {"gender", "work_type", "smoking_status"} <= set(made["features"]["categorical"])


# -- tables made here


@pytest.fixture
def sales(tmp_path) -> pd.DataFrame:
    """400 days of three items."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2023-01-02", periods=400).repeat(3)
    return pd.DataFrame({"day": days.strftime("%d/%m/%Y"), "sku": ["a", "b", "c"] * 400,
                         "qty": rng.poisson(5, 1200)})  # fmt: skip


@pytest.fixture
def patients() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(20, 90, 300)
    sick = rng.random(300) < 1 / (1 + np.exp(-(age - 60) / 8))
    return pd.DataFrame({"patient_id": np.arange(300) + 1000, "age": age, "temp": rng.normal(37, 0.5, 300).round(1),
                         "diagnosis": np.where(sick, "阳性", "阴性")})  # fmt: skip


def test_the_built_in_payments_map_and_check(command, tmp_path, payments):
    data = tmp_path / "payments.csv"
    payments.to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "finance.fraud", data)
    assert outcome.code == 0, outcome.err
    names = {"time": "time", "amount": "amount", "label": "fraud", "card": "card", "terminal": "terminal"}
    assert made["columns"] == names
    checks(command, tmp_path, "finance.fraud", data)


def test_day_first_dates_that_only_their_order_tells_are_read_so(command, tmp_path, sales):
    data = tmp_path / "sales.csv"
    sales[sales["day"].str[:2].astype(int) <= 12].to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "retail.demand", data)
    assert outcome.code == 0, outcome.err
    assert made["format"]["date_format"] == "%d/%m/%Y"
    checks(command, tmp_path, "retail.demand", data)


def test_a_total_at_the_end_is_left_out(command, tmp_path, sales):
    data = tmp_path / "sales.csv"
    sales.to_csv(data, index=False)
    with data.open("a") as file:
        file.write(f"Total,,{sales['qty'].sum()}\n")
    made, outcome = mapped(command, tmp_path, "retail.demand", data)
    assert outcome.code == 0, outcome.err
    assert made["format"]["total_row"] == "drop" and "total" in outcome.out
    checks(command, tmp_path, "retail.demand", data)


def test_decimal_commas_with_points_for_thousands_are_settled(command, tmp_path, payments):
    frame = payments.copy()
    frame["limit"] = [f"{1 + at % 9}.{at % 1000:03d}" for at in range(len(frame))]
    frame["amount"] = [f"{value:.2f}".replace(".", ",") for value in frame["amount"]]
    data = tmp_path / "zahlungen.csv"
    frame.to_csv(data, index=False, sep=";")
    made, outcome = mapped(command, tmp_path, "finance.fraud", data)
    assert outcome.code == 0, outcome.err
    assert made["format"]["decimal"] == ","
    checks(command, tmp_path, "finance.fraud", data)


def test_texts_for_not_known_among_numbers_are_written_under_missing(command, tmp_path, patients):
    patients["temp"] = patients["temp"].astype(str)
    patients.loc[[5, 9], "temp"] = "不详"
    data = tmp_path / "clinic.csv"
    patients.to_csv(data, index=False, encoding="gb18030")
    made, outcome = mapped(command, tmp_path, "healthcare.diagnosis", data)
    assert outcome.code == 0, outcome.err
    assert made["format"]["missing"] == ["不详"]
    assert made["labels"] == {"阴性": 0, "阳性": 1}
    assert made["numbers"]["temp"]["unit"] == "°C"
    checks(command, tmp_path, "healthcare.diagnosis", data)


def test_a_column_with_words_among_its_numbers_is_left_out_with_its_row(command, tmp_path, patients):
    patients["dose"] = patients["age"].astype(str)
    patients.loc[7, "dose"] = "see letter"
    data = tmp_path / "clinic.csv"
    patients.to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "healthcare.diagnosis", data)
    assert outcome.code == 0, outcome.err
    assert "dose" not in made["features"]["numeric"]
    text = (tmp_path / "made.toml").read_text("utf-8")
    assert '"dose": 1 of the cells looked at are no numbers, the first in row 8' in text
    assert "see letter" not in text + outcome.out


def test_a_leak_is_set_aside(command, tmp_path, patients):
    patients["ward_code"] = np.where(patients["diagnosis"] == "阳性", 7.5, 2.5)
    data = tmp_path / "clinic.csv"
    patients.to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "healthcare.diagnosis", data)
    assert outcome.code == 0, outcome.err
    assert "ward_code" not in made["features"]["numeric"] + made["features"]["categorical"]
    assert "1 set aside" in outcome.out


def test_two_candidates_for_one_role_are_a_doubt_that_a_decision_ends(command, tmp_path, payments):
    frame = payments.rename(columns={"time": "booking_date"})
    frame["value_date"] = frame["booking_date"]
    data = tmp_path / "payments.csv"
    frame.to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "finance.fraud", data)
    assert outcome.code == 0, outcome.err
    assert "DOUBTFUL" in outcome.out and made["columns"]["time"] == "booking_date"
    (tmp_path / "made.toml").unlink()
    made, outcome = mapped(command, tmp_path, "finance.fraud", data, "--column", "time=value_date")
    assert made["columns"]["time"] == "value_date" and "DOUBTFUL" not in outcome.out


def test_constant_empty_and_unnamed_columns_are_not_used(command, tmp_path, patients):
    patients.insert(0, "Unnamed: 0", np.arange(300))
    patients["clinic_version"], patients["blank"] = "v1", ""
    data = tmp_path / "clinic.csv"
    patients.to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "healthcare.diagnosis", data)
    assert outcome.code == 0, outcome.err
    used = {*made["features"]["numeric"], *made["features"]["categorical"]}
    assert used == {"age", "temp"}


def test_unlabelled_rows_of_payments_are_named_after_the_file_is_written(command, tmp_path, payments):
    frame = payments.astype({"fraud": object})
    frame.loc[41, "fraud"] = ""
    data = tmp_path / "payments.csv"
    frame.to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "finance.fraud", data)
    assert outcome.code == 2 and "row 42" in outcome.err and "`fraud`" in outcome.err
    assert made["columns"]["label"] == "fraud"


def test_a_wide_table_is_mapped_by_its_dates(command, tmp_path):
    rng = np.random.default_rng(0)
    weeks = pd.date_range("2022-01-03", periods=120, freq="W-MON").strftime("%Y-%m-%d")
    frame = pd.DataFrame(rng.poisson(9, (5, 120)), columns=weeks)
    frame.insert(0, "article", [f"sku {at}" for at in range(5)])
    data = tmp_path / "wide.csv"
    frame.to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "retail.demand", data)
    assert outcome.code == 0, outcome.err
    assert made["wide"] == {"id": "article", "values": "202*"}
    checks(command, tmp_path, "retail.demand", data)


def test_columns_of_samples_are_a_signal(command, tmp_path):
    rng = np.random.default_rng(0)
    wave = np.cumsum(rng.normal(size=(60, 40)), axis=1).round(3)
    frame = pd.DataFrame(wave, columns=[f"t{at}" for at in range(40)])
    frame.insert(0, "class", rng.integers(0, 3, 60))
    data = tmp_path / "beats.csv"
    frame.to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "healthcare.diagnosis", data)
    assert outcome.code == 0, outcome.err
    assert made["signal"] == {"columns": "t*"} and made["labels"] == {"0": 0, "1": 1, "2": 2}
    checks(command, tmp_path, "healthcare.diagnosis", data)


def test_a_manifest_of_photos_is_mapped_with_the_name_of_its_good_class(command, tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    rows = []
    for at in range(60):
        Image.fromarray(rng.integers(0, 255, (40, 40), np.uint8)).save(tmp_path / f"{at}.png")
        rows.append(
            {"picture": f"{at}.png", "verdict": "sound" if at % 3 else "crack", "serial": f"p{at // 2}"}
        )
    data = tmp_path / "manifest.csv"
    pd.DataFrame(rows).to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "manufacturing.defects", data, "--column", "label=verdict")
    assert outcome.code == 0, outcome.err
    assert made["columns"] == {"image": "picture", "label": "verdict", "part": "serial"}
    assert made["settings"]["good"] == ["sound"]
    checks(command, tmp_path, "manufacturing.defects", data)


def test_a_file_that_is_there_is_not_written_over(command, tmp_path, patients):
    data, out = tmp_path / "clinic.csv", tmp_path / "made.toml"
    patients.to_csv(data, index=False)
    out.write_text("mine")
    outcome = command("map", "healthcare.diagnosis", data, "--out", out)
    assert outcome.code == 2 and "exists" in outcome.err and out.read_text() == "mine"


def test_a_table_of_nothing_known_says_which_role_is_missing(command, tmp_path):
    data = tmp_path / "other.csv"
    pd.DataFrame({"p": ["a b", "c d", "g h"], "q": ["e", "f", "g"]}).to_csv(data, index=False)
    made, outcome = mapped(command, tmp_path, "finance.fraud", data)
    assert outcome.code == 2 and "role `time`" in outcome.err and "--column time=" in outcome.err
    assert made["columns"] == {}


def test_a_misspelt_decision_is_refused_with_the_nearest_name(command, tmp_path, patients):
    data = tmp_path / "clinic.csv"
    patients.to_csv(data, index=False)
    outcome = command(
        "map", "healthcare.diagnosis", data, "--column", "lable=diagnosis", "--out", tmp_path / "a"
    )
    assert outcome.code == 2 and "`label`" in outcome.err


def test_a_person_is_asked_about_what_is_doubtful(tmp_path, patients, monkeypatch):
    from shared.cli_map import map_table
    from verticals.healthcare import DiagnosisPipeline

    patients["second_opinion"] = patients["diagnosis"]
    frame = patients.rename(columns={"diagnosis": "finding"})
    data = tmp_path / "clinic.csv"
    frame.to_csv(data, index=False)
    asked = []
    answers = iter(["no such", "finding"])
    monkeypatch.setattr(
        "rich.console.Console.input", lambda self, text, **_: asked.append(text) or next(answers)
    )
    known = {"healthcare.diagnosis": lambda: DiagnosisPipeline}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        out = map_table(known, data, solution="healthcare.diagnosis", out=None, ask=True)
    assert len(asked) == 2 and "label" in asked[0]
    assert tomllib.loads((tmp_path / out).read_text("utf-8"))["columns"]["label"] == "finding"
