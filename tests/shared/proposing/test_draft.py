"""A whole proposal."""

import numpy as np
import pandas as pd

from shared.contract import raw_table
from shared.proposing.draft import draft
from verticals.healthcare.diagnosis import DiagnosisPipeline
from verticals.retail.demand import DemandPipeline

RNG = np.random.default_rng(0)


def test_a_clinics_table_becomes_a_mapping_with_units_groups_and_labels():
    frame = pd.DataFrame({
        "病案号": np.arange(200) + 5000, "性别": RNG.choice(["男", "女"], 200), "年龄": RNG.integers(1, 95, 200),
        "体温": RNG.normal(37, 0.4, 200).round(1), "诊断": RNG.choice(["阴性", "阳性"], 200, p=[0.8, 0.2]),
    })  # fmt: skip
    mapping = draft(raw_table(frame), DiagnosisPipeline.roles, solution="healthcare.diagnosis").mapping()
    assert mapping.columns == {"label": "诊断", "patient": "病案号"}
    assert (mapping.numeric, mapping.categorical, sorted(mapping.groups)) == (
        ["年龄", "体温"], ["性别"], sorted(["年龄", "性别"]),
    )  # fmt: skip
    assert mapping.numbers["体温"].unit == "°C" and mapping.labels == {"阴性": 0, "阳性": 1}


def test_what_is_detected_by_the_check_is_not_written():
    frame = pd.DataFrame(
        {"day": pd.date_range("2024-01-01", periods=90).astype(str), "qty": RNG.poisson(5, 90)}
    )
    made = draft(raw_table(frame), DemandPipeline.roles, solution="retail.demand")
    assert made.format == {} and made.labels == {} and made.wide is None


def test_numbers_that_count_time_get_a_unit_and_a_made_up_origin_as_a_doubt():
    frame = pd.DataFrame({"time": np.sort(RNG.integers(0, 10**6, 300)), "qty": RNG.poisson(5, 300)})
    made = draft(raw_table(frame), DemandPipeline.roles, solution="retail.demand")
    assert made.format["time_unit"] == "s" and "made up" in made.doubts[0]["en"]


def test_steps_without_dates_get_an_origin_as_a_doubt():
    frame = pd.DataFrame(RNG.poisson(9, (6, 30)), columns=[f"w{at}" for at in range(30)])
    frame.insert(0, "sku", list("abcdef"))
    made = draft(raw_table(frame), DemandPipeline.roles, solution="retail.demand")
    assert made.mapping().wide.id == "sku" and made.wide["frequency"] and made.doubts
    assert not any(choice.doubtful for choice in made.choices)
