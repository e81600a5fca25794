"""What two sequences have in common, in order."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def matches(first: Sequence[T], second: Sequence[T]) -> list[tuple[int, int]]:
    """Places in `first` and `second` of a longest common subsequence.

    Where several fit, what is added or taken away stands as far back as it can, as git shows it: two
    sides that make the same change make it at the same place.

    Args:
        first: Of hashable items.
        second: The other sequence.
    Returns:
        Pairs of places, ascending in both.
    Reference:
        One row of the table of lengths is one integer: Hyyrö, 2004, "Bit-parallel LCS-length
        computation revisited".
    Example:
        >>> matches("abcd", "bxd")
        [(1, 0), (3, 2)]
    """
    head, tail = shared_ends(first, second)
    inner = _longest(first[head : len(first) - tail], second[head : len(second) - tail])
    ends = range(-tail, 0)
    pairs = [(place, place) for place in range(head)]
    pairs += [(head + mine, head + other) for mine, other in inner]
    pairs += [(len(first) + place, len(second) + place) for place in ends]
    before = (-1, -1)
    for number, (mine, other) in enumerate(pairs):
        # A gap on one side only, beginning with the item that follows it, can as well stand one further.
        if mine - before[0] == 1 and second[before[1] + 1] == first[mine]:
            other = before[1] + 1
        elif other - before[1] == 1 and first[before[0] + 1] == second[other]:
            mine = before[0] + 1
        before = pairs[number] = (mine, other)
    return pairs


def shared_ends(first: Sequence[T], second: Sequence[T]) -> tuple[int, int]:
    """How many items both have in common at the beginning, and how many of the rest at the end.

    Example:
        >>> shared_ends("abXYd", "abZd"), shared_ends("aa", "aaa")
        ((2, 1), (2, 0))
    """
    shortest = min(len(first), len(second))
    head = next((place for place in range(shortest) if first[place] != second[place]), shortest)
    rest = shortest - head
    tail = next((place for place in range(rest) if first[-1 - place] != second[-1 - place]), rest)
    return head, tail


def _longest(first: Sequence[T], second: Sequence[T]) -> list[tuple[int, int]]:
    """Both are read from their ends: the walk through the rows then goes forward."""
    places: dict[T, int] = {}
    for place, item in enumerate(reversed(first)):
        places[item] = places.get(item, 0) | 1 << place
    all_bits = (1 << len(first)) - 1
    row = all_bits  # bit i is 0: with one item more, i + 1 instead of i, the common sequence is longer
    rows = [row]
    for item in reversed(second):
        met = row & places.get(item, 0)
        row = ((row + met) | (row - met)) & all_bits
        rows.append(row)
    pairs = []
    mine, other = len(first), len(second)  # how much of each is still to be walked through
    while mine and other:
        if rows[other] >> (mine - 1) & 1:
            mine -= 1
        elif not rows[other - 1] >> (mine - 1) & 1:
            other -= 1
        else:
            pairs.append((len(first) - mine, len(second) - other))
            mine, other = mine - 1, other - 1
    return pairs
