"""Wide tables become rows; what is wrong with them is said by their own columns and rows."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.contract import Mapping, Role, Wide, check, joined, raw_table, read_table
from shared.contract.wide import melted
from shared.errors import ContractError

ROLES = [
    Role(name="date", kind="time"),
    Role(name="quantity", kind="number", missing=True),
    Role(name="item", kind="key"),
]
M4 = Path(os.environ.get("VERTICALS_DATA", "none")) / "retail" / "m4_hourly_weekly"


def read(frame, wide, **how):
    return check(raw_table(frame, "wide.csv"), ROLES, Mapping(wide=wide), solution="demo", **how)


def faults(frame, wide, **how):
    with pytest.raises(ContractError) as error:
        read(frame, wide, **how)
    return str(error.value)


FRAME = pd.DataFrame({"id": ["a", "00b"], "V1": ["1", "4"], "V2": ["2", ""], "V3": ["3", " "]})
ENDING = Wide(id="id", values="V*", origin="2024-01-10", frequency="D")


def long(table):
    return [
        (item, str(date)[:10], quantity)
        for item, date, quantity in zip(table.frame["item"], table.frame["date"], table.frame["quantity"])
    ]


def test_series_end_together():
    table = read(FRAME, ENDING)
    assert long(table) == [
        ("a", "2024-01-07", 1),
        ("a", "2024-01-08", 2),
        ("a", "2024-01-09", 3),
        ("00b", "2024-01-09", 4),
    ]
    assert table.rows.tolist() == [1, 1, 1, 2]


def test_series_start_together():
    wide = ENDING.model_copy(update={"align": "start"})
    assert [date for _, date, _ in long(read(FRAME, wide))] == [
        "2024-01-10",
        "2024-01-11",
        "2024-01-12",
        "2024-01-10",
    ]


def test_a_table_that_goes_on_starts_at_the_origin():
    assert [date for _, date, _ in long(read(FRAME, ENDING, continued=True))][::3] == ["2024-01-10"] * 2
    together = joined(read(FRAME, ENDING), read(FRAME, ENDING, continued=True))
    assert len(together) == 8 and not together.frame.duplicated(["item", "date"]).any()


def test_a_gap_within_a_series_keeps_its_place():
    frame = pd.DataFrame({"id": ["a"], "V1": ["1"], "V2": [""], "V3": ["3"]})
    assert [date[-2:] for _, date, _ in long(read(frame, ENDING))] == ["07", "09"]


def test_months_are_counted_as_months():
    wide = Wide(id="id", values="V*", origin="2024-03-01", frequency="M")
    assert [date for _, date, _ in long(read(FRAME, wide))][:3] == ["2023-12-01", "2024-01-01", "2024-02-01"]


def test_names_of_columns_may_be_dates():
    frame = pd.DataFrame({"id": ["a"], "2024-01-01": [1.0], "2024-01-08": [np.nan], "2024-01-15": [3.0]})
    assert long(read(frame, Wide(id="id", values="20*"))) == [("a", "2024-01-01", 1), ("a", "2024-01-15", 3)]


def test_other_columns_are_repeated():
    frame = FRAME.assign(region=["north", "south"])
    raw = melted(raw_table(frame), ENDING)
    assert raw.data.column("region").to_pylist() == ["north"] * 3 + ["south"]
    table = check(raw_table(frame), ROLES, Mapping(wide=ENDING, categorical=["region"]), solution="demo")
    assert table.frame["categorical/region"].tolist() == ["north"] * 3 + ["south"]


def test_a_wrong_cell_is_named_by_its_own_column_and_row():
    frame = FRAME.assign(V2=["x", "y"])
    assert "column `V2` (role `quantity`), row 1: `x` is no number (and 1 more)" in faults(frame, ENDING)


def test_faults_of_the_header_come_all_at_once():
    text = faults(
        FRAME, Wide(id="ID", values="X*", origin="2024-01-10", frequency="D", align="start"), continued=True
    )
    assert "wide.csv does not fit [wide] (3 faults)" in text
    assert "column `ID` is missing. Did you mean `id`?" in text
    assert "no column fits `X*`" in text and "a table that goes on" in text


def test_a_series_may_stand_only_once():
    text = faults(FRAME.assign(id=["a", "a"]), ENDING)
    assert "column `id`: `a` names several series, rows 1 and 2" in text


def test_names_that_are_no_dates_are_refused():
    assert "`V1` is no date" in faults(FRAME, Wide(id="id", values="V*"))


def test_origin_and_frequency_belong_together():
    with pytest.raises(ValueError, match="both or none"):
        Wide(id="id", origin="2024-01-01")
    with pytest.raises(ValueError, match="ISO 8601"):
        Wide(id="id", origin="1.2.2024", frequency="D")


def test_the_mapping_survives_json():
    mapping = Mapping(wide=ENDING)
    assert Mapping.from_dict(mapping.to_dict()) == mapping


@pytest.mark.skipif(not M4.is_dir(), reason="VERTICALS_DATA names no folder with retail/m4_hourly_weekly")
@pytest.mark.parametrize("name, rows, longest", [("Hourly", 353_500, 960), ("Weekly", 366_912, 2_597)])
def test_the_files_of_m4_are_read(name, rows, longest):
    wide = Wide(id="V1", values="V*", origin="2000-01-03", frequency=name[0])
    table = check(read_table(M4 / f"{name}-train.csv.gz"), ROLES, Mapping(wide=wide), solution="demo")
    assert len(table) == rows and table.frame.groupby("item", observed=True).size().max() == longest
    plain = pd.read_csv(M4 / f"{name}-train.csv.gz").set_index("V1")
    for item in plain.index[[0, 100, -1]]:
        assert (
            table.frame.loc[table.frame["item"] == item, "quantity"].tolist()
            == plain.loc[item].dropna().tolist()
        )
    ends = table.frame.groupby("item", observed=True)["date"].max()
    assert ends.min() == ends.max()
