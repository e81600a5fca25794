"""What further columns are good for."""

import numpy as np
import pytest

from shared.proposing.features import Purpose, sorted_features
from shared.proposing.profile import Column

RNG = np.random.default_rng(0)
ROWS = 400


def number(name, values, **more):
    values = np.asarray(values, float)
    return Column(name, "number", ROWS, ROWS, len(np.unique(values)), numbers=values, **more)


def text(name, distinct, **more):
    return Column(name, "text", ROWS, ROWS, distinct, **more)


@pytest.mark.parametrize(
    ("column", "use", "word"),
    [
        (text("channel", 4), "categorical", "texts"),
        (number("region", RNG.integers(1, 9, ROWS)), "categorical", "codes"),
        (number("visits", RNG.integers(0, 9, ROWS)), "numeric", "whole"),
        (number("children", RNG.integers(0, 4, ROWS)), "numeric", "whole"),
        (number("grade", RNG.integers(0, 4, ROWS)), "categorical", "codes?"),
        (number("weight", RNG.normal(70, 9, ROWS)), "numeric", "decimals"),
        (number("smoker", RNG.integers(0, 2, ROWS)), "categorical", "two values"),
        (number("row", np.arange(ROWS), rising=True), "ignored", "runs with time"),
        (number("customer_id", RNG.permutation(ROWS)), "ignored", "identifier"),
        (text("letter", 390, spaces=12.0), "ignored", "free text"),
        (text("voucher", 399), "ignored", "identifier"),
        (text("merchant", 300), "ignored", "key"),
        (text("姓名", 40), "ignored", "who somebody is"),
        (text("chargeback_state", 3), "leak", "afterwards"),
        (number("治疗天数", RNG.integers(0, 30, ROWS)), "leak", "afterwards"),
        (text("version", 1), "ignored", "one value"),
        (Column("blank", "empty", ROWS, 0, 0), "ignored", "empty"),
        (Column("seen", "time", ROWS, ROWS, ROWS), "ignored", "date"),
        (text("", 4), "ignored", "no name"),
        (number("dose", RNG.normal(size=ROWS), odd=3, odd_row=17), "ignored", "row 17"),
    ],
)
def test_each_kind_of_column_is_sorted_with_its_reason(column, use, word):
    feature = sorted_features([column], Purpose())[0]
    assert feature.use == use and word in feature.why["en"] and feature.why["zh"]


def test_numbers_that_follow_the_time_are_the_time_again_in_any_order_of_rows():
    order = RNG.permutation(ROWS)
    when = Column("t", "time", ROWS, ROWS, ROWS, numbers=order * 3600.0)
    days = number("day_number", order // 24)
    other = number("mood", RNG.permutation(ROWS) // 24)
    uses = [each.use for each in sorted_features([days, other], Purpose(time=when))]
    assert uses == ["ignored", "numeric"]


def test_a_forecast_reads_only_numbers_that_are_known_ahead():
    columns = [number("discount_rate", RNG.random(ROWS)), number("visitors", RNG.integers(0, 99, ROWS))]
    uses = [each.use for each in sorted_features(columns, Purpose(series=True))]
    assert uses == ["numeric", "ignored"]


def test_equal_names_are_used_by_nobody():
    columns = [number("age", RNG.random(ROWS)), number("age", RNG.random(ROWS))]
    assert [each.use for each in sorted_features(columns, Purpose())] == ["ignored"]
