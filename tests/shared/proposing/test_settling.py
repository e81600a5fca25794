"""Proposals that are tried and mended."""

import numpy as np
import pandas as pd
import pytest

from shared.contract import Role, check, raw_table
from shared.proposing.draft import draft
from shared.proposing.settling import settle

ROLES = (
    Role(name="label", kind="label", missing=True, aliases=("sick",)),
    Role(name="price", kind="number", low=0, required=False, missing=True, unit="currency"),
)


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"sick": rng.integers(0, 2, 400), "age": rng.integers(20, 90, 400),
                         "price": rng.gamma(2, 20, 400).round(2)})  # fmt: skip


def settled(frame):
    raw = raw_table(frame)
    made = draft(raw, ROLES, solution="demo")
    return made, settle(made, raw, lambda each: check(raw, ROLES, each.mapping(), solution="demo"))


def test_a_proposal_that_fits_stays_as_it_is(frame):
    made, error = settled(frame)
    assert error is None and made.doubts == [] and "duplicates" not in made.format
    assert made.mapping().columns == {"label": "sick", "price": "price"}


def test_an_optional_role_with_a_cell_out_of_bounds_is_left_out_without_naming_the_cell(frame):
    frame.loc[7, "price"] = -12345.5
    made, error = settled(frame)
    assert error is None and made.mapping().columns["price"] == ["(left out)"]
    assert "row 8" in made.doubts[0]["en"] and "12345" not in made.doubts[0]["en"]


def test_equal_rows_are_kept_and_told(frame):
    made, error = settled(pd.concat([frame, frame.head(3)], ignore_index=True))
    assert error is None and made.format["duplicates"] == "keep"
    assert any("duplicates" in doubt["en"] for doubt in made.doubts)
    assert (
        "3 rows are equal to an earlier one in all columns, the first is row 401 (as row 1)"
        in made.doubts[0]["en"]
    )
    assert "首个为第 401 行（同第 1 行）" in made.doubts[0]["zh"]


def test_a_feature_that_cannot_be_read_in_a_row_not_looked_at_is_set_aside(frame):
    frame = pd.concat([frame] * 100, ignore_index=True)
    frame["age"] = frame["age"].astype(str)
    frame.loc[1, "age"] = "old"
    made, error = settled(frame)
    assert error is None and made.named("numeric") == []
    assert next(each for each in made.features if each.name == "age").why["en"] == "row 2 cannot be read so"


def test_faults_of_a_required_role_are_left_to_a_person(frame):
    frame["sick"] = frame["sick"].astype(str)
    frame.loc[4, "sick"] = "perhaps"
    raw = raw_table(frame)
    made = draft(raw, ROLES, solution="demo")
    made.labels = {"0": 0, "1": 1}
    error = settle(made, raw, lambda each: check(raw, ROLES, each.mapping(), solution="demo"))
    assert error is not None and "perhaps" in str(error)
