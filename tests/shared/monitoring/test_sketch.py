import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BundleError
from shared.monitoring.bins import BLOCK
from shared.monitoring.profile import Column, Profile
from shared.monitoring.sketch import Sketch, load_folder, summed

ROWS = 4 * BLOCK
RNG = np.random.default_rng(0)
VALUES = {
    "amount": np.where(RNG.random(ROWS) < 0.1, np.nan, RNG.normal(size=ROWS)),
    "channel": pd.Categorical(RNG.choice(["web", "shop", "fax"], ROWS)),
    "card": pd.Categorical(RNG.integers(0, 500, ROWS).astype(str)),
}
KINDS = {"amount": "number", "channel": "category", "card": "key"}
PROFILE = Profile.learn({name: Column(KINDS[name], values) for name, values in VALUES.items()})


def part(start: int, stop: int, names=tuple(VALUES)) -> Sketch:
    return PROFILE.sketch({name: VALUES[name][start:stop] for name in names})


@given(st.lists(st.integers(0, ROWS), max_size=5))
def test_sketches_of_parts_add_up_to_the_sketch_of_all_rows(cuts):
    cuts = [0, *sorted(cuts), ROWS]
    names = ("amount", "channel")
    parts = [part(start, stop, names) for start, stop in pairwise(cuts)]
    assert summed(parts) == part(0, ROWS, names)


@given(st.lists(st.integers(0, 4), max_size=3))
def test_keys_add_up_too_where_parts_end_with_a_block(cuts):
    cuts = [0, *sorted(cut * BLOCK for cut in cuts), ROWS]
    assert summed(part(start, stop) for start, stop in pairwise(cuts)) == part(0, ROWS)


@given(st.integers(0, ROWS), st.integers(0, ROWS))
def test_a_sketch_comes_back_from_json_as_it_was(start, stop):
    sketch = part(min(start, stop), max(start, stop))
    assert Sketch.from_dict(json.loads(json.dumps(sketch.to_dict()))) == sketch


def test_a_folder_of_sketches_is_read_as_their_sum(tmp_path):
    part(0, 100).save(tmp_path / "a.json")
    part(100, ROWS).save(tmp_path / "b.json")
    (tmp_path / ".c.json.part").write_text("half")
    assert load_folder(tmp_path).rows == ROWS


def test_sketches_of_two_profiles_are_not_added():
    other = Profile.learn({"amount": Column("number", np.arange(50.0))})
    with pytest.raises(BundleError, match="two profiles"):
        part(0, 10) + other.sketch({"amount": np.arange(3.0)})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 9}', '{"format": 1, "profile": "a", "columns": 3}']
)
def test_a_damaged_sketch_is_named(tmp_path, text):
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(BundleError, match=r"broken\.json holds no sketch"):
        load_folder(tmp_path)


def test_an_empty_folder_says_what_was_expected(tmp_path):
    with pytest.raises(BundleError, match="holds no sketches"):
        load_folder(tmp_path)
