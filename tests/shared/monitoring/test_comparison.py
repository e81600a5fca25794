"""Among these: how often unchanged data raise an alarm, and how often changed data do."""

import numpy as np
import pandas as pd
import pytest

from shared.monitoring.comparison import compare
from shared.monitoring.findings import Alarms, settled
from shared.monitoring.profile import Column, Profile

VALUES = [f"v{at}" for at in range(40)]
TIMES = 400


def drawn(rng: np.random.Generator, rows: int, shift: float = 0.0) -> dict[str, Column]:
    """Numbers, one with holes and one with few values, and categories with a long tail."""
    holes = np.where(rng.random(rows) < 0.05, np.nan, rng.normal(size=rows))
    tail = np.minimum(rng.geometric(0.15, rows) - 1, len(VALUES) - 1)
    return {
        "amount": Column("number", rng.lognormal(shift, size=rows)),
        "holes": Column("number", holes),
        "count": Column("number", rng.poisson(0.3, rows).astype(float)),
        "tail": Column("category", pd.Categorical.from_codes(tail, VALUES)),
        "score": Column("number", rng.beta(0.3, 3, rows)),
    }


def states(profile: Profile, columns: dict[str, Column]) -> dict[tuple[str, str], str]:
    sketch = profile.sketch({name: column.cells for name, column in columns.items()})
    return {(each.name, each.figure): each.state for each in settled(compare(profile, sketch), Alarms())}


@pytest.mark.parametrize(("trained", "new"), [(300, 300), (3000, 150)])
def test_at_most_one_report_in_twenty_on_unchanged_data_raises_an_alarm(trained, new):
    rng = np.random.default_rng(trained)
    alarms = 0
    for _ in range(TIMES):
        found = states(Profile.learn(drawn(rng, trained)), drawn(rng, new))
        alarms += bool({"look", "act"} & set(found.values()))
    # What 5 % bring in 400 draws at most, in 99 of 100 cases.
    assert alarms <= 0.05 * TIMES + 2.33 * np.sqrt(0.05 * 0.95 * TIMES)


def test_a_shift_of_half_a_standard_deviation_is_nearly_always_found_and_named():
    rng = np.random.default_rng(7)
    profile, hits, strays = Profile.learn(drawn(rng, 3000)), 0, 0
    for _ in range(40):
        found = states(profile, drawn(rng, 500, shift=0.5))
        hits += found.pop(("amount", "psi")) in ("look", "act")
        strays += bool({"look", "act"} & set(found.values()))
    assert hits >= 38 and strays <= 4


def test_a_change_of_unit_is_to_act_on():
    rng = np.random.default_rng(0)
    columns = drawn(rng, 2000)
    profile = Profile.learn(columns)
    new = drawn(rng, 2000)
    new["amount"] = Column("number", new["amount"].cells * 100)
    assert states(profile, new)["amount", "psi"] == "act"


def test_values_that_were_never_seen_are_to_act_on():
    rng = np.random.default_rng(0)
    profile, new = Profile.learn(drawn(rng, 2000)), drawn(rng, 400)
    codes = new["tail"].cells.codes.copy()
    codes[:60] = 40
    new["tail"] = Column("category", pd.Categorical.from_codes(codes, [*VALUES, "moon"]))
    assert states(profile, new)["tail", "unseen"] == "act"


def test_a_source_that_stays_away_is_to_act_on():
    rng = np.random.default_rng(0)
    profile, new = Profile.learn(drawn(rng, 2000)), drawn(rng, 400)
    new["amount"].cells[:100] = np.nan
    assert states(profile, new)["amount", "missing"] == "act"


def test_a_trifle_in_a_huge_table_is_steady():
    rng = np.random.default_rng(0)
    profile = Profile.learn({"amount": Column("number", rng.normal(size=200_000))})
    found = states(profile, {"amount": Column("number", rng.normal(0.05, size=200_000))})
    assert set(found.values()) == {"steady"}


def test_fewer_than_thirty_rows_are_too_few():
    rng = np.random.default_rng(0)
    found = states(Profile.learn(drawn(rng, 500)), drawn(rng, 29, shift=9))
    assert set(found.values()) == {"few"}


def test_keys_that_repeat_more_often_are_found_without_their_values():
    rng = np.random.default_rng(0)
    many, few = (pd.Categorical(rng.integers(0, most, 8000).astype(str)) for most in (100_000, 300))
    profile = Profile.learn({"card": Column("key", many)})
    assert states(profile, {"card": Column("key", few)})["card", "distinct"] == "act"
    again = pd.Categorical(rng.integers(0, 100_000, 8000).astype(str))
    assert states(profile, {"card": Column("key", again)})["card", "distinct"] == "steady"
