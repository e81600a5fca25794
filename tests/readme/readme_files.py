"""The files that the READMEs speak of, as a customer would deliver them: small, simulated, under names of their own."""

from pathlib import Path
from textwrap import dedent

import numpy as np
import pandas as pd

from shared.catalogue import load_catalogue
from shared.simulators.parts import write_parts
from shared.simulators.patients import simulate_patients
from shared.simulators.payments import simulate_payments
from shared.simulators.shops import simulate_shops

WEEK = pd.Timedelta(days=7)


def payments() -> pd.DataFrame:
    """Card payments with German dates and decimals, a column that gives frauds away, and one that says nothing."""
    size = {"cards": 90, "terminals": 180, "radius": 8.0, "days": 45, "seed": 2}
    found = simulate_payments(**size, compromised_terminals=0.3, compromised_cards=0.3)
    fraud = found["fraud"] == 1
    channel = np.random.default_rng(0).choice(["chip", "contactless", "online"], len(found))
    return pd.DataFrame(
        {
            "booking_no": found["transaction_id"] + 700_001,
            "tx_time": found["time"].dt.strftime("%d.%m.%Y %H:%M"),
            "amount_eur": found["amount"].map("{:.2f}".format).str.replace(".", ","),
            "card_no": found["card"],
            "merchant_id": found["terminal"],
            "channel": channel,
            "chargeback_date": (found["time"] + WEEK).dt.strftime("%d.%m.%Y").where(fraud, ""),
            "is_fraud": fraud.map({True: "yes", False: "no"}),
        }
    )


def sales(plan_days: int = 0) -> pd.DataFrame:
    """Daily sales of a small shop; with `plan_days`, rows ahead whose quantity is empty."""
    found = simulate_shops(items=4, stores=1, days=240, plan_days=plan_days, seed=1)
    names = {"date": "sales_date", "store": "shop_no", "item": "sku", "category": "family"}
    names |= {"quantity": "units_sold", "price": "unit_price", "promotion": "promo"}
    names |= {"holiday": "public_holiday", "stockout": "out_of_stock"}
    return found.rename(columns=names)


def patients(number: int = 160) -> pd.DataFrame:
    """Visits of patients of two hospitals, without their heartbeats."""
    found = simulate_patients(patients=number, seed=1, sites=2)
    found = found.loc[:, :"label"].rename(
        columns={"patient": "patient_id", "visit": "visit_date", "site": "hospital"}
    )
    found = found.rename(columns={"temperature": "temp_c", "crp": "crp_mg_l", "label": "diagnosis"})
    return found.assign(visit_date=found["visit_date"].dt.strftime("%Y-%m-%d"))


def write_payments(folder: Path, name: str = "payments.csv", today: str = "today.csv") -> None:
    """A table to learn from, and the last day's payments without their outcome."""
    found = payments()
    found.to_csv(folder / name, index=False, sep=";")
    found.drop(columns=["chargeback_date", "is_fraud"]).tail(40).to_csv(folder / today, index=False, sep=";")


def write_sales(folder: Path) -> None:
    """A table to learn from, and one that goes on with what is planned for the days ahead."""
    sales().to_csv(folder / "sales.csv", index=False)
    sales(plan_days=7).to_csv(folder / "sales_and_plan.csv", index=False)


def write_photos(folder: Path) -> None:
    """A folder of photos with one folder a class, and today's photos."""
    write_parts(folder / "parts", parts=56, defect_share=0.5, side=64, seed=1)
    write_parts(folder / "lately", parts=4, side=64, seed=2)
    (folder / "today").mkdir()
    for path in sorted((folder / "lately").rglob("*.png")):
        if "masks" not in path.parts:
            path.rename(folder / "today" / path.name)


def write_patients(folder: Path) -> None:
    """A table to learn from, and today's patients without a diagnosis."""
    found = patients()
    found.to_csv(folder / "patients.csv", index=False)
    found.drop(columns="diagnosis").tail(5).to_csv(folder / "today.csv", index=False)


def write_public(folder: Path) -> None:
    """A mirror of public data sets with stand-ins: a few simulated payments in the handbook's columns, empty series."""
    found = simulate_payments(cards=40, terminals=80, radius=10, days=20, start="2018-08-01", seed=1)
    names = {"time": "TX_DATETIME", "amount": "TX_AMOUNT", "fraud": "TX_FRAUD"}
    names |= {"card": "CUSTOMER_ID", "terminal": "TERMINAL_ID"}
    handbook = folder / "finance" / "fraud_handbook_simulated"
    handbook.mkdir(parents=True)
    found.rename(columns=names)[list(names.values())].to_parquet(handbook / "transactions.parquet")
    for dataset in load_catalogue().values():
        for file in dataset.files if dataset.name == "m4_hourly" else []:
            (folder / dataset.folder).mkdir(parents=True, exist_ok=True)
            (folder / dataset.folder / file.name).touch()


MAPPINGS = {
    "acme.toml": """
        solution = "finance.fraud"
        [columns]
        time = "tx_time"
        amount = "amount_eur"
        label = "is_fraud"
        card = "card_no"
        terminal = "merchant_id"
        [labels]
        "no" = 0
        "yes" = 1
        [settings]
        epochs = 1
    """,
    "shop.toml": """
        solution = "retail.demand"
        [columns]
        date = "sales_date"
        quantity = "units_sold"
        item = "sku"
        store = "shop_no"
        price = "unit_price"
        promotion = "promo"
        holiday = "public_holiday"
        stockout = "out_of_stock"
        [features]
        categorical = ["family"]
        [settings]
        epochs = 1
        members = 1
        horizon = 7
        lookback = 28
        origins = 1
        refit = false
        statistical_rivals = false
    """,
    "line3.toml": """
        solution = "manufacturing.defects"
        [settings]
        side = 32
        backbone = "residual"
        epochs = 1
        mask_epochs = 1
    """,
    "clinic.toml": """
        solution = "healthcare.diagnosis"
        [columns]
        patient = "patient_id"
        time = "visit_date"
        site = "hospital"
        label = "diagnosis"
        [features]
        numeric = ["age", "temp_c", "heart_rate", "crp_mg_l"]
        categorical = ["sex", "smoker"]
        groups = ["sex"]
        [labels]
        healthy = 0
        mild = 1
        severe = 2
        [settings]
        epochs = 1
        inner_folds = 2
    """,
}


def write_mapping(folder: Path, name: str) -> None:
    """A customer's TOML file whose network is trained in one pass."""
    (folder / name).write_text(dedent(MAPPINGS[name]).lstrip(), encoding="utf-8")


def write_wrong_payments(folder: Path) -> None:
    """Payments with a day that does not exist, and a mapping with a column that does not."""
    found = simulate_payments(cards=60, terminals=120, radius=9, days=30, seed=1)
    names = {"time": "TX_DATETIME", "amount": "TX_AMOUNT", "fraud": "TX_FRAUD", "transaction_id": "TX_ID"}
    found = found.rename(columns=names)[list(names.values())]
    found["TX_DATETIME"] = found["TX_DATETIME"].dt.strftime("%d/%m/%Y")
    found.loc[911, "TX_DATETIME"] = "31/02/2025"
    found.to_csv(folder / "payments.csv", index=False)
    mapping = '[columns]\ntime = "TX_DATETIME"\namount = "TX_AMT"\nlabel = "TX_FRAUD"\n'
    (folder / "acme.toml").write_text(mapping, encoding="utf-8")
