import numpy as np
import pandas as pd
import pytest

from shared.contract import Mapping, Role
from shared.contract.tables import raw_table
from shared.notebook import plot_by_class
from shared.notebook.classes import parting
from shared.pipeline import Pipeline


class Clinic(Pipeline):
    name = "clinic"
    Config = type("Config", (), {"class_names": ()})
    roles = (Role(name="label", kind="label", high=9),)


@pytest.fixture()
def table():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 300)
    return pd.DataFrame(
        {
            "label": np.where(label == 1, "ill", "well"),
            "told": label + 0.1 * rng.normal(size=300),
            "hinted": label + 2 * rng.normal(size=300),
            "nothing": rng.normal(size=300),
        }
    )


def shown(frame, **options):
    names = [name for name in frame if name != "label"]
    mapping = Mapping(columns={"label": "label"}, numeric=names, labels={"well": 0, "ill": 1})
    clinic = Clinic(mapping=mapping)
    return plot_by_class(clinic, clinic.check(raw_table(frame)), **options)


def test_the_columns_that_part_the_classes_most_come_first(table):
    svg = shown(table, most=2).parts[0].svg
    assert svg.index(">told<") < svg.index(">hinted<") and ">nothing<" not in svg


def test_classes_bear_the_customers_names(table):
    svg = shown(table).parts[0].svg
    assert ">ill<" in svg and ">well<" in svg


def test_a_class_of_very_few_is_not_drawn_since_its_patients_could_be_told_apart(table):
    table["label"] = "well"
    table.loc[:3, "label"] = "ill"
    svg = shown(table).parts[0].svg
    assert ">ill<" not in svg


def test_gaps_and_columns_without_values_do_no_harm(table):
    table.loc[::3, "told"] = np.nan
    table["empty"] = np.nan
    table.loc[0, "empty"] = 1.0
    assert shown(table, most=9).parts


def test_a_table_without_numbers_says_so(table):
    assert "no numeric columns" in repr(shown(table[["label"]].assign().drop_duplicates()))


def test_parting_is_symmetric_and_knows_no_order_of_the_classes():
    values = pd.Series([1.0, 2, 3, 4, 5])
    label = pd.Series([0.0, 1, 0, 1, 1])
    assert parting(values, label) == pytest.approx(parting(-values, label))
