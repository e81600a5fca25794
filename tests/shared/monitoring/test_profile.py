import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BundleError
from shared.monitoring.comparison import compare
from shared.monitoring.findings import Alarms, settled
from shared.monitoring.profile import Column, Profile

SECRET = "zq-secret"


def columns(rows: int, seed: int, secret: str = SECRET) -> dict[str, Column]:
    rng = np.random.default_rng(seed)
    amount = np.where(rng.random(rows) < 0.1, np.nan, rng.lognormal(size=rows))
    channel = pd.Categorical(rng.choice(["web", "shop", "fax"], rows, p=[0.6, 0.35, 0.05]))
    card = pd.Categorical([f"{secret}-{key}" for key in rng.integers(0, 50, rows)])
    kinds = {"amount": ("number", amount), "channel": ("category", channel), "card": ("key", card)}
    return {name: Column(*each) for name, each in kinds.items()}


@given(st.integers(60, 3000), st.integers(0, 99))
def test_the_profile_of_a_table_against_itself_is_steady(rows, seed):
    found = columns(rows, seed)
    profile = Profile.learn(found)
    sketch = profile.sketch({name: column.cells for name, column in found.items()})
    states = {each.state for each in settled(compare(profile, sketch), Alarms())}
    assert states <= {"steady", "few"}


@given(st.integers(0, 500), st.integers(0, 99))
def test_a_profile_comes_back_from_json_as_it_was(rows, seed):
    profile = Profile.learn(columns(rows, seed))
    again = Profile.from_dict(json.loads(json.dumps(profile.to_dict(), allow_nan=False)))
    assert again == profile and again.mark == profile.mark


@given(st.text("αβγδ一二三四", min_size=3, max_size=9), st.integers(0, 9))
def test_no_key_is_in_a_profile_or_a_sketch(secret, seed):
    found = columns(2000, seed, secret)
    profile = Profile.learn(found)
    sketch = profile.sketch({name: column.cells for name, column in found.items()})
    kept = json.dumps([profile.to_dict(), sketch.to_dict()], ensure_ascii=False)
    assert secret not in kept and "web" in kept


def test_a_profile_of_a_hundred_columns_is_small():
    rng = np.random.default_rng(0)
    numbers = {f"number {at}": Column("number", rng.lognormal(size=2000)) for at in range(60)}
    values = [f"a value of some length {at}" for at in range(200)]
    texts = {f"text {at}": Column("category", rng.choice(values, 2000)) for at in range(40)}
    assert len(json.dumps(Profile.learn(numbers | texts).to_dict())) < 100_000


def test_tall_columns_are_counted_as_short_ones_are():
    rng = np.random.default_rng(0)
    tall = {f"n{at}": Column("number", rng.normal(size=60_000)) for at in range(3)}
    profile = Profile.learn(tall)
    assert all(profile.bins[name] == Profile.learn({name: each}).bins[name] for name, each in tall.items())


@pytest.mark.parametrize(
    ("state", "said"),
    [({"format": 99, "columns": {}}, "format 99"), ({"format": 1}, "damaged"), ([], "damaged")],
)
def test_a_profile_that_cannot_be_read_says_what_to_do(state, said):
    with pytest.raises(BundleError, match=said) as error:
        Profile.from_dict(state)
    assert "again" in str(error.value).lower()
