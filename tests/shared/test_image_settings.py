"""Settings of photos: what is allowed, what is refused, and that each is described."""

import pytest
from pydantic import ValidationError

from shared.image_settings import ImageSettings


def test_the_defaults_are_valid_and_each_setting_is_described():
    assert ImageSettings().maps == ("stride16",)
    assert not [name for name, field in ImageSettings.model_fields.items() if not field.description]


def test_a_good_class_is_found_in_english_and_chinese():
    assert {"good", "ok", "良品", "合格"} <= set(ImageSettings().good)


def test_a_tile_smaller_than_the_square_is_refused():
    with pytest.raises(ValidationError, match="tile no smaller than side"):
        ImageSettings(side=224, tile=223)
    assert ImageSettings(side=224, tile=224).tile == 224


@pytest.mark.parametrize(
    "wrong",
    [
        {"side": 31},
        {"channels": 2},
        {"good": ()},
        {"maps": ()},
        {"fewest": 1},
        {"most_false_rejects": 0},
        {"most_escapes": 1},
        {"tile_overlap": 0.9},
        {"escape_cost": -1},
        {"look_again_cost": float("inf")},
        {"head_views": 3},
        {"rule": "guess"},
        {"no_such_setting": 1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_value_out_of_its_bounds_is_refused(wrong):
    with pytest.raises(ValidationError):
        ImageSettings(**wrong)
