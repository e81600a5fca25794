"""Steps of wide tables and samples of signals."""

import fnmatch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.proposing.layout import pattern_of, signal, wide
from shared.proposing.profile import Column

RNG = np.random.default_rng(0)


def number(name, values=None, rows=30):
    values = RNG.normal(size=rows) if values is None else values
    return Column(name, "number", rows, rows, len(np.unique(values)), numbers=values)


def test_counted_names_are_steps_and_the_first_column_their_id():
    columns = [Column("V1", "text", 30, 30, 30), *(number(f"V{at}") for at in range(2, 40))]
    found = wide(columns)
    assert found.section == {"id": "V1", "values": "V*"} and not found.dated and len(found.names) == 38


def test_names_that_are_dates_are_steps_also_beside_a_category():
    columns = [Column("sku", "text", 30, 30, 30), Column("category", "text", 30, 30, 3)]
    columns += [number(f"{day:02d}.03.2024") for day in range(1, 28)]
    found = wide(columns)
    assert found.dated and found.section == {"id": "sku", "values": "[0-9]*"}


def test_a_table_with_a_date_column_is_not_wide():
    columns = [Column("day", "time", 30, 30, 30), *(number(f"V{at}") for at in range(40))]
    assert wide(columns) is None


def test_neighbours_that_have_nothing_in_common_are_no_signal():
    assert signal([number(f"V{at}") for at in range(1, 29)]) is None
    wave = np.cumsum(RNG.normal(size=(30, 28)), axis=1)
    assert signal([number(f"V{at}", wave[:, at]) for at in range(28)]).section == {"columns": "V*"}


def test_a_run_that_is_short_is_no_signal():
    wave = np.cumsum(RNG.normal(size=(30, 6)), axis=1)
    assert signal([number(f"t{at}", wave[:, at]) for at in range(6)]) is None


@given(st.lists(st.text("abt[*?0123", min_size=1, max_size=6), min_size=2, max_size=8, unique=True))
def test_a_pattern_fits_the_names_and_no_other(names):
    names, others = names[: len(names) // 2], names[len(names) // 2 :]
    pattern = pattern_of(names, others)
    if pattern is not None:
        assert all(fnmatch.fnmatchcase(name, pattern) for name in names)
        assert not any(fnmatch.fnmatchcase(name, pattern) for name in others)
