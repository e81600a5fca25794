from pathlib import Path

import pandas as pd
import pytest

from shared.contract import Mapping, Role
from shared.contract.tables import raw_table
from shared.notebook import show_table
from shared.pipeline import Pipeline


class Clinic(Pipeline):
    name = "clinic"
    Config = type("Config", (), {})
    roles = (
        Role(name="label", kind="label"),
        Role(name="patient", kind="key", private=True, required=False),
        Role(name="image", kind="category", required=False),
        Role(name="time", kind="time", required=False),
    )

    def label(self, table):
        return table.frame["label"].to_numpy(float)


FRAME = pd.DataFrame(
    {
        "label": ["ill", "well", "ill"],
        "patient": ["Ada Lovelace", "Bo Li", "Cy Twombly"],
        "image": [str(Path.home() / "photos" / "a.png")] * 3,
        "time": pd.to_datetime(["2024-01-02", "2024-01-03", "2024-02-01"]),
        **{f"x{number}": [1.5, 2.5, 3.5] for number in range(9)},
    }
)
NAMED = {name: name for name in ("label", "patient", "image", "time")}


@pytest.fixture()
def shown():
    clinic = Clinic(
        mapping=Mapping(
            columns=NAMED, numeric=[f"x{number}" for number in range(9)], labels={"well": 0, "ill": 1}
        )
    )
    table = clinic.check(raw_table(FRAME, "patients.csv"))
    return lambda **options: show_table(clinic, table, **options)


def everything(outputs):
    return "\n".join([*(part.html for part in outputs), repr(outputs)])


def test_who_someone_is_is_not_shown_but_said_to_be_hidden(shown):
    found = everything(shown())
    assert not any(name in found for name in FRAME["patient"])
    assert "they tell who it is: patient." in found


def test_of_a_path_only_the_last_two_names_are_shown(shown):
    found = everything(shown())
    assert "photos/a.png" in found and str(Path.home()) not in found


def test_labels_are_shown_in_the_customers_words(shown):
    assert "1 | ill | photos/a.png | 2024-01-02 | 1.5" in repr(shown())


def test_wide_tables_are_cut_and_say_so(shown):
    assert "Further columns in use: 4." in repr(shown())


def test_the_summary_counts_rows_positives_and_days(shown):
    assert repr(shown()).startswith(
        "patients.csv: 3 rows, 13 columns in use; 2 of them positive (66.7 %); "
        "2 January 2024 to 1 February 2024."
    )
    assert "其中正例 2 行（66.7%）" in repr(shown(lang="zh"))


def test_only_so_many_rows_are_shown(shown):
    assert "\n2 | well" not in repr(shown(rows=1)) and "\n3 | ill" in repr(shown(rows=9))
