"""The longest common subsequence."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloning.matching import matches, shared_ends

lines = st.lists(st.sampled_from("abcd"), max_size=14)


def longest(first, second):
    """Its length, by the table of the textbook."""
    above = [0] * (len(second) + 1)
    for item in first:
        row = [0]
        for place, other in enumerate(second):
            row.append(above[place] + 1 if item == other else max(row[-1], above[place + 1]))
        above = row
    return above[-1]


@settings(max_examples=300, deadline=None)
@given(lines, lines)
def test_the_matches_are_common_in_order_and_as_many_as_there_can_be(first, second):
    pairs = matches(first, second)
    assert all(first[mine] == second[other] for mine, other in pairs)
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(pairs))
    assert len(pairs) == longest(first, second)


@settings(max_examples=100, deadline=None)
@given(lines, lines)
def test_shared_ends_never_overlap_and_cannot_be_longer(first, second):
    head, tail = shared_ends(first, second)
    assert head + tail <= min(len(first), len(second))
    assert first[:head] == second[:head] and first[len(first) - tail :] == second[len(second) - tail :]
    inner = first[head : len(first) - tail], second[head : len(second) - tail]
    assert not all(inner) or (inner[0][0] != inner[1][0] and inner[0][-1] != inner[1][-1])


def test_what_is_added_among_equal_lines_stands_at_their_end():
    assert matches("aab", "aaab") == [(0, 0), (1, 1), (2, 3)]
    assert matches("aaab", "aab") == [(0, 0), (1, 1), (3, 2)]
    assert matches("1kaab2", "3kaaab4") == [(1, 1), (2, 2), (3, 3), (4, 5)]
    assert matches("3kaaab4", "1kaab2") == [(1, 1), (2, 2), (3, 3), (5, 4)]
    assert matches("1kabcab2", "3kabcabcab4") == [(n, n) for n in range(1, 7)]
    assert matches("3kabcabcab4", "1kabcab2") == [(n, n) for n in range(1, 7)]


def test_anything_hashable_can_be_matched():
    assert matches([("code", 1), ("text", 2)], [("text", 2)]) == [(1, 0)]
    assert matches([], ["a"]) == matches(["a"], []) == []
