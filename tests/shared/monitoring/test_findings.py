from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigError
from shared.monitoring.findings import Alarms, Finding, holm, settled


def finding(size: float, p: float, state: str = "steady") -> Finding:
    return Finding("amount", "psi", 0.0, size, size=size, limits=(0.1, 0.25), p=p, state=state)


@pytest.mark.parametrize(
    ("size", "p", "state"),
    [
        (0.05, 1e-12, "steady"),  # a trifle, however sure
        (0.9, 0.2, "steady"),  # chance, however large
        (0.2, 1e-6, "look"),
        (0.3, 1e-6, "act"),
    ],
)
def test_a_change_must_be_both_large_and_no_chance(size, p, state):
    assert settled([finding(size, p)], Alarms())[0].state == state


def test_what_is_sure_among_few_figures_is_not_among_many():
    one = [finding(0.3, 0.01)]
    many = one + [finding(0, 1.0)] * 9
    assert (settled(one, Alarms())[0].state, settled(many, Alarms())[0].state) == ("act", "steady")


def test_too_few_rows_stay_too_few():
    assert settled([finding(9.0, 1e-9, "few")], Alarms())[0].state == "few"


@given(st.lists(st.floats(0, 1), max_size=20))
def test_raised_chances_keep_their_order_and_never_fall(chances):
    raised = holm(chances)
    assert all(a <= b <= 1 for a, b in zip(chances, raised))
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    assert all(raised[a] <= raised[b] for a, b in pairwise(order))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("psy=0.1,0.2", "Did you mean `psi`"),
        ("psi=0.1", "two rising numbers"),
        ("psi=0.3,0.2", "two rising numbers"),
        ("psi=a,b", "two rising numbers"),
        ("false=2", "between 0 and 1"),
        ("nonsense", "there is no alarm"),
    ],
)
def test_an_alarm_that_does_not_fit_is_explained(text, said):
    with pytest.raises(ConfigError, match=said):
        Alarms.parse([text])
