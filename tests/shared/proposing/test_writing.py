"""A proposal as TOML."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from shared.contract import Role
from shared.proposing.draft import Draft
from shared.proposing.features import Feature
from shared.proposing.proposal import Choice
from shared.proposing.settings import Setting
from shared.proposing.writing import quoted, toml, value_of

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WHY = {"en": "so", "zh": "如此"}


@given(NAMES)
def test_any_text_is_read_back_as_it_was(text):
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == text


@given(
    st.recursive(
        NAMES | st.integers(-(2**40), 2**40) | st.booleans(), lambda inner: st.lists(inner, max_size=3)
    )
)
def test_any_value_is_read_back_as_it_was(value):
    assert tomllib.loads(f"x = {value_of(value)}")["x"] == value


@given(st.lists(NAMES, min_size=4, max_size=4, unique=True), st.sampled_from(["en", "zh"]))
def test_names_of_columns_cannot_break_the_file(names, lang):
    card, age, sex, note = names
    made = Draft(
        "finance.fraud",
        f"{note}.csv",
        [
            Choice(Role(name="card", kind="key"), card, 0.9, WHY, (note,)),
            Choice(Role(name="time", kind="time"), None, 0, WHY),
        ],
        features=[
            Feature(age, "numeric", {"en": note, "zh": note}),
            Feature(sex, "categorical", WHY),
            Feature(note, "ignored", WHY),
        ],
        groups=[sex],
        numbers={age: {"unit": "years", "low": 0, "high": 120, "missing": [-9.0]}},
        labels={note: 1},
        format={"missing": [note], "decimal": ","},
        settings={"good": Setting([note], {"en": note, "zh": note})},
        doubts=[{"en": note, "zh": note}],
    )  # fmt: skip
    read = tomllib.loads(toml(made, lang=lang, data=note, config=note))
    assert read["columns"] == {"card": card}
    assert read["features"] == {"numeric": [age], "categorical": [sex], "groups": [sex]}
    assert read["numbers"] == {age: {"unit": "years", "low": 0, "high": 120, "missing": [-9]}}
    assert read["labels"] == {note: 1} and read["format"] == {"missing": [note], "decimal": ","}
    assert read["settings"] == {"good": [note]}


def test_a_missing_role_that_is_required_is_said_to_be():
    role = Role(name="time", kind="time", description="moment", description_zh="时间")
    made = Draft("demo", "a.csv", [Choice(role, None, 0.0, WHY)])
    assert "REQUIRED" in toml(made) and "必需" in toml(made, lang="zh")
