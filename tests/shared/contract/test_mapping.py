"""Settings of a table: what of numbers, arrays, signals and labels is refused, and why."""

import json

import pytest
from pydantic import ValidationError

from shared.contract import Arrays, Format, Mapping, Number, SignalColumns

PARTS = {"train": "train", "valid": "val", "test": "test"}


def refusal(Kind, **values):
    with pytest.raises(ValidationError) as caught:
        Kind(**values)
    (error,) = caught.value.errors()
    return error["msg"]


def test_everything_new_survives_json():
    mapping = Mapping(
        numbers={"bmi": Number(unit="kg/m2", low=10, high=80, missing=[2.0, -9], outside="missing")},
        groups=["sex"],
        signal=SignalColumns(columns="t*", rate=125),
        format=Format(arrays=Arrays(parts=PARTS, columns={"image": "{part}_images"})),
    )
    assert Mapping.from_dict(json.loads(json.dumps(mapping.to_dict()))) == mapping


def test_a_range_upside_down_is_refused():
    assert refusal(Number, low=80, high=10) == "low = 80 is above high = 10"
    assert Number(low=3, high=3).low == 3


@pytest.mark.parametrize(
    "text",
    ["{part}_images", "{part}[:, 0]", "{part}[:, 1:]", "{part}[:,1:5]", "my {part} array", "a/{part}[:, :7]"],
)
def test_names_of_arrays_with_columns_behind_them_are_expressions(text):
    assert Arrays(parts=PARTS, columns={"label": text}).columns == {"label": text}


@pytest.mark.parametrize(
    "text", ["", " ", "x[0]", "x[:, -1]", "x[:, 1:2:3]", "x[:, 0", "{x}", "x[:, 0]y", "x{"]
)
def test_anything_else_is_no_expression(text):
    assert refusal(Arrays, columns={"label": text}) == (
        f"columns.label: found `{text}`, expected the name of an array, also with [:, 0] or [:, 1:5] behind it"
    )


def test_a_part_stands_in_an_expression_exactly_where_parts_are_given():
    assert refusal(Arrays, columns={"label": "{part}_labels"}).endswith("has {part} without `parts`")
    message = refusal(Arrays, parts=PARTS, columns={"label": "labels"})
    assert message.endswith("`labels` has no {part}: every part would hold the same rows")
    assert Arrays(columns={"label": "labels"}).parts == {}


def test_two_parts_of_one_name_would_hold_the_same_rows():
    message = refusal(Arrays, parts={"train": "a", "test": "a"}, columns={"label": "{part}"})
    assert message == "parts: two have one name, and would hold the same rows"


def test_unknown_parts_and_no_columns_are_refused():
    assert "'train', 'valid' or 'test'" in refusal(Arrays, parts={"tset": "a"}, columns={"x": "{part}"})
    assert "at least 1 item" in refusal(Arrays, columns={})


@pytest.mark.parametrize(
    ("classes", "hole"), [([0, 2], 2 - 1), ([1], 0), ([0, 1, 1, 3], 2), ([0, 10**9], 1), ([1, 2], 0)]
)
def test_a_hole_in_the_classes_is_named(classes, hole):
    labels = {f"text {at}": number for at, number in enumerate(classes)}
    wanted = f"class {hole} is missing: number the classes 0, 1, 2, ... without holes"
    assert refusal(Mapping, labels=labels) == wanted


@pytest.mark.parametrize("labels", [{}, {"a": 0}, {"a": 1, "b": 0}, {"a": 0, "b": 1, "c": 1, "d": 2}])
def test_classes_without_holes_pass_in_any_order_and_with_several_texts(labels):
    assert Mapping(labels=labels).labels == labels
