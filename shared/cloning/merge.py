"""Three versions of a file made one: the template's changes and the customer's, with conflicts marked like git's."""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.cloning.matching import matches, shared_ends

T = TypeVar("T", bound=Hashable)
Place = tuple[int, int, int]  # in base, in ours, in theirs
Sides = tuple[list[T], list[T], list[T]]

BYTE_ORDER_MARK = "\ufeff"
OURS, BETWEEN, THEIRS = "<" * 7, "=" * 7, ">" * 7
CLOSE = 3  # conflicts with no more unchanged items between them are shown as one, as git shows them


@dataclass(frozen=True)
class Agreed(Generic[T]):
    """Items that at most one side has changed, or both in the same way."""

    items: list[T]


@dataclass(frozen=True)
class Conflict(Generic[T]):
    """Items that both sides have changed, each in its way."""

    base: list[T]
    ours: list[T]
    theirs: list[T]


Piece = Agreed[T] | Conflict[T]


@dataclass(frozen=True)
class Merged:
    """A merged text, and the lines (from 1) at which its conflicts begin."""

    text: str
    conflicts: list[int]


def merge(base: Sequence[T], ours: Sequence[T], theirs: Sequence[T]) -> list[Piece[T]]:
    """What both sides made of `base`, as one sequence; where both changed the same, a conflict.

    Changes that touch each other conflict, as in git; one unchanged item between them is enough. A
    conflict is freed of the items that both sides share at its beginning and its end.

    Args:
        base: The version both sides began with.
        ours: One side. Equal items of both sides are taken from it.
        theirs: The other side.
    Reference:
        diff3: Khanna, Kunal & Pierce, 2007, "A formal investigation of diff3",
        https://doi.org/10.1007/978-3-540-77050-3_40
    Example:
        >>> merge("abcde", "aXcde", "abcdY")
        [Agreed(items=['a', 'X', 'c', 'd', 'Y'])]
        >>> merge("abc", "aXc", "aYc")
        [Agreed(items=['a']), Conflict(base=['b'], ours=['X'], theirs=['Y']), Agreed(items=['c'])]
    """
    sides = base, ours, theirs = list(base), list(ours), list(theirs)
    pieces: list[Piece[T]] = []
    agreed: list[T] = []
    done = 0
    for start, end in _joined(_changed(base, ours, theirs), sides):
        old, mine, other = _cut(sides, start, end)
        agreed += ours[done : start[1]]
        done = end[1]
        if not _conflicting(old, mine, other):
            agreed += other if mine == old else mine
            continue
        head, tail = shared_ends(mine, other)
        agreed += mine[:head]
        pieces += [Agreed(agreed)] if agreed else []
        pieces.append(Conflict(old, mine[head : len(mine) - tail], other[head : len(other) - tail]))
        agreed = mine[len(mine) - tail :]
    agreed += ours[done:]
    return pieces + ([Agreed(agreed)] if agreed else [])


def merge_texts(
    base: str, ours: str, theirs: str, *, ours_name: str = "yours", theirs_name: str = "template"
) -> Merged:
    r"""`merge` by lines; conflicts are marked like git's.

    Line ends (`\n`, `\r\n`) and a byte order mark are no differences: those of `ours` are written. The
    last line ends as in `ours`, unless `theirs` changed that. Where `theirs` brings nothing, `ours` comes
    back as it is.

    Args:
        base: The version both sides began with.
        ours: The customer's text.
        theirs: The template's new text.
        ours_name: Stands behind `<<<<<<<`.
        theirs_name: Stands behind `>>>>>>>`.
    Example:
        >>> merge_texts("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n")
        Merged(text='A\nb\nC\n', conflicts=[])
        >>> merge_texts("a\nb\n", "a\nB\n", "a\nx\n")
        Merged(text='a\n<<<<<<< yours\nB\n=======\nx\n>>>>>>> template\n', conflicts=[2])
    """
    before, mine, other = (_lines(text) for text in (base, ours, theirs))
    if other in (before, mine):
        return Merged(ours, [])
    lines: list[str] = []
    conflicts = []
    closed = ended = other[1] if mine[1] == before[1] else mine[1]
    for piece in merge(before[0], mine[0], other[0]):
        if isinstance(piece, Agreed):
            lines += piece.items
            closed = ended
            continue
        conflicts.append(len(lines) + 1)
        lines += [f"{OURS} {ours_name}", *piece.ours, BETWEEN, *piece.theirs, f"{THEIRS} {theirs_name}"]
        closed = True
    line_end = _line_end(ours, theirs, base)
    mark = BYTE_ORDER_MARK if ours.startswith(BYTE_ORDER_MARK) else ""
    return Merged(
        mark + line_end.join(lines) + (line_end if lines and (closed or not lines[-1]) else ""), conflicts
    )


def has_markers(text: str) -> list[int]:
    r"""Lines (from 1) at which conflicts begin that nobody has resolved yet.

    Only `<<<<<<<`, `=======` and `>>>>>>>` after each other are one: a line of `=======` may be a heading.

    Example:
        >>> has_markers("a\n<<<<<<< yours\nb\n=======\nc\n>>>>>>> template\n")
        [2]
        >>> has_markers("Heading\n=======\n")
        []
    """
    found, begun, parted = [], 0, False
    for number, line in enumerate(_lines(text)[0], 1):
        if re.match(f"{OURS}(\\s|$)", line):
            begun, parted = number, False
        elif line.rstrip() == BETWEEN:
            parted = begun > 0
        elif parted and re.match(f"{THEIRS}(\\s|$)", line):
            found.append(begun)
            begun, parted = 0, False
    return found


def _changed(base: list[T], ours: list[T], theirs: list[T]) -> Iterator[tuple[Place, Place]]:
    """Begin and end of each part that lies between two items which all three have."""
    in_ours, in_theirs = dict(matches(base, ours)), dict(matches(base, theirs))
    places = [(place, in_ours[place], in_theirs[place]) for place in in_ours if place in in_theirs]
    start = (0, 0, 0)
    for end in [*places, (len(base), len(ours), len(theirs))]:
        if end != start:
            yield start, end
        start = (end[0] + 1, end[1] + 1, end[2] + 1)


def _joined(parts: Iterable[tuple[Place, Place]], sides: Sides[T]) -> list[tuple[Place, Place]]:
    """The parts, where neighbouring conflicts that are `CLOSE` are one."""
    joined: list[tuple[Place, Place]] = []
    close = False
    for start, end in parts:
        conflicting = _conflicting(*_cut(sides, start, end))
        if joined and close and conflicting and start[0] - joined[-1][1][0] <= CLOSE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        close = conflicting
    return joined


def _cut(sides: Sides[T], start: Place, end: Place) -> Sides[T]:
    base, ours, theirs = (side[start[n] : end[n]] for n, side in enumerate(sides))
    return base, ours, theirs


def _conflicting(base: list[T], ours: list[T], theirs: list[T]) -> bool:
    return ours != theirs and ours != base and theirs != base


def _lines(text: str) -> tuple[list[str], bool]:
    """The lines of a text, and whether the last one is ended."""
    lines = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").split("\n")
    ended = lines[-1] == ""
    return (lines[:-1] if ended else lines), ended


def _line_end(*texts: str) -> str:
    """What ends most lines of the first text that has more than one."""
    text = next((text for text in texts if "\n" in text), "")
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"
