"""Three-way merge of sequences and texts, beside what git makes of the same."""

import random
import shutil
import subprocess
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloning.merge import Agreed, Conflict, Merged, has_markers, merge, merge_texts

few = st.lists(st.sampled_from("abcd"), max_size=12)
content = st.lists(st.sampled_from(["a", "b", "", "    c", "======="]), max_size=8)
texts = st.builds(
    lambda lines, end, last: end.join(lines) + (end if lines and last else ""),
    content,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
quick = settings(max_examples=150, deadline=None)


def agreed(pieces):
    """The merged items, if there is no conflict."""
    assert not [piece for piece in pieces if isinstance(piece, Conflict)]
    return [item for piece in pieces for item in piece.items]


def swapped(pieces):
    return [
        Conflict(piece.base, piece.theirs, piece.ours) if isinstance(piece, Conflict) else piece
        for piece in pieces
    ]


def text_of(lines):
    return "".join(f"{line}\n" for line in lines)


# -- what always holds


@quick
@given(few, few)
def test_a_change_of_one_side_is_taken(base, side):
    assert agreed(merge(base, base, side)) == side
    assert agreed(merge(base, side, base)) == side
    assert agreed(merge(base, side, side)) == side


@quick
@given(few, few, few)
def test_the_sides_can_be_swapped(base, ours, theirs):
    assert swapped(merge(base, ours, theirs)) == merge(base, theirs, ours)


@quick
@given(few, few, few)
def test_a_conflict_shares_neither_its_first_nor_its_last_item(base, ours, theirs):
    pieces = merge(base, ours, theirs)
    for piece in pieces:
        if isinstance(piece, Conflict):
            assert piece.ours != piece.theirs
            both = piece.ours and piece.theirs
            assert not both or (piece.ours[0] != piece.theirs[0] and piece.ours[-1] != piece.theirs[-1])
        else:
            assert piece.items
    assert not any(isinstance(one, Agreed) and isinstance(two, Agreed) for one, two in pairwise(pieces))


@quick
@given(texts, texts, texts)
def test_no_line_that_either_side_added_is_lost(base, ours, theirs):
    result = Counter(merge_texts(base, ours, theirs).text.replace("\r\n", "\n").split("\n"))
    for side in (ours, theirs):
        added = Counter(side.replace("\r\n", "\n").split("\n")) - Counter(
            base.replace("\r\n", "\n").split("\n")
        )
        assert not set(added) - {""} - set(result)


@quick
@given(texts, texts, texts)
def test_merging_again_changes_nothing(base, ours, theirs):
    once = merge_texts(base, ours, theirs).text
    assert merge_texts(theirs, once, theirs) == Merged(once, [])


@quick
@given(texts, texts, texts)
def test_the_conflicts_are_where_the_markers_are(base, ours, theirs):
    merged = merge_texts(base, ours, theirs)
    lines = merged.text.replace("\r\n", "\n").split("\n")
    assert [lines[number - 1] for number in merged.conflicts] == ["<<<<<<< yours"] * len(merged.conflicts)
    assert has_markers(merged.text) == merged.conflicts
    assert not merged.conflicts or "\n>>>>>>> template" in merged.text.replace("\r\n", "\n")


@quick
@given(few, few, few, few, few, few)
def test_one_unchanged_line_that_stands_once_keeps_two_changes_apart(above, below, ours, theirs, head, tail):
    base = [*head, *above, "once", *below, *tail]
    mine = [*head, *ours, "once", *below, *tail]
    other = [*head, *above, "once", *theirs, *tail]
    assert agreed(merge(base, mine, other)) == [*head, *ours, "once", *theirs, *tail]


@st.composite
def regions(draw):
    """Parts of few lines between lines that stand once; each part changed by one side, with new lines."""
    base, ours, theirs, expected = [], [], [], []
    for number in range(draw(st.integers(2, 5))):
        part = draw(st.lists(st.sampled_from(["a", "b", ""]), max_size=4))
        changed = [line for line in part if draw(st.booleans())]
        changed.insert(draw(st.integers(0, len(changed))), f"new {number}")
        mine = draw(st.booleans())
        for whole, lines in (
            (base, part),
            (ours, changed if mine else part),
            (theirs, part if mine else changed),
            (expected, changed),
        ):
            whole += [*lines, f"once {number}"]
    return base, ours, theirs, expected


@quick
@given(regions())
def test_many_changes_of_both_sides_do_not_conflict_if_unchanged_lines_keep_them_apart(case):
    base, ours, theirs, expected = case
    assert agreed(merge(base, ours, theirs)) == expected


# -- conflicts


def test_changes_that_touch_conflict_and_one_line_between_them_is_enough():
    assert merge("abc", "Xbc", "aYc") == [Conflict(["a", "b"], ["X", "b"], ["a", "Y"]), Agreed(["c"])]
    assert agreed(merge("abc", "Xbc", "abY")) == ["X", "b", "Y"]
    assert isinstance(merge("ab", "a1b", "a2b")[1], Conflict)


def test_a_line_changed_by_one_side_and_taken_away_by_the_other_conflicts():
    assert merge("abc", "aXc", "ac") == [Agreed(["a"]), Conflict(["b"], ["X"], []), Agreed(["c"])]


def test_conflicts_with_few_lines_between_them_are_shown_as_one():
    three, four = list("pqr"), list("pqrs")
    assert len(merge(["a", *three, "b"], ["1", *three, "2"], ["3", *three, "4"])) == 1
    assert len(merge(["a", *four, "b"], ["1", *four, "2"], ["3", *four, "4"])) == 3


def test_equal_items_are_taken_from_ours():
    class Word(str):
        pass

    ours = [Word("a"), Word("new")]
    (piece,) = merge(["a"], ours, ["a", "new"])
    assert all(one is two for one, two in zip(piece.items, ours))


# -- texts


def test_markers_are_gits_and_name_the_sides():
    merged = merge_texts("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", ours_name="acme", theirs_name="0.3.0")
    assert merged.text == "a\n<<<<<<< acme\nX\n=======\nY\n>>>>>>> 0.3.0\nc\n"
    assert merged.conflicts == [2]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("a\nb\n", "a\nb", "x\na\nb\n", "x\na\nb"),
        ("a\nb\n", "x\na\nb\n", "a\nb", "x\na\nb"),
        ("a\nb", "a\nb\n", "x\na\nb", "x\na\nb\n"),
        ("a\nb", "x\nb", "a\nb\n", "x\nb\n"),
        ("a", "", "a", ""),
        ("", "", "a", "a"),
        ("", "a\n", "", "a\n"),
        ("a\n\nb\n", "a\n\n", "a\n\nb", "a\n\n"),
        ("a", "b", "c", "<<<<<<< yours\nb\n=======\nc\n>>>>>>> template\n"),
    ],
)
def test_the_last_line_ends_as_in_ours_unless_theirs_changed_it(base, ours, theirs, expected):
    assert merge_texts(base, ours, theirs).text == expected


def test_line_ends_are_no_difference_and_those_of_ours_are_written():
    assert merge_texts("a\nb\nc\n", "a\r\nb\r\nX\r\n", "Y\nb\nc\n").text == "Y\r\nb\r\nX\r\n"
    assert merge_texts("a\r\nb\r\n", "a\nb\n", "a\r\nX\r\n").text == "a\nX\n"
    assert merge_texts("a\nb\nc\n", "a\r\nb\r\nc\n", "X\nb\nc\n").text == "X\r\nb\r\nc\r\n"  # of most lines
    assert merge_texts("", "", "a\r\nb\r\n").text == "a\r\nb\r\n"
    conflict = merge_texts("a\n", "X\r\n", "Y\n")
    assert conflict.text == "<<<<<<< yours\r\nX\r\n=======\r\nY\r\n>>>>>>> template\r\n"
    assert has_markers(conflict.text) == conflict.conflicts == [1]


def test_what_the_template_did_not_touch_stays_byte_for_byte():
    ours = "\ufeffa\r\nb\nc"
    assert merge_texts("a\nb\n", ours, "a\r\nb\r\n") == Merged(ours, [])
    assert merge_texts("a\n", ours, "a\nb\nc") == Merged(ours, [])


def test_a_byte_order_mark_is_kept_if_ours_has_one():
    assert merge_texts("a\nb\n", "\ufeffa\nb\n", "a\nX\n").text == "\ufeffa\nX\n"
    assert merge_texts("a\nb\n", "a\nb\n", "\ufeffa\nX\n").text == "a\nX\n"
    assert merge_texts("a\n", "\ufeffX\n", "Y\n").conflicts == [1]


def test_only_line_feeds_end_a_line():
    odd = "a\x0cb\u2028c\x85d\re\n"
    assert merge_texts(odd + "1\n2\n", odd + "1\n3\n", "0\n" + odd + "1\n2\n").text == "0\n" + odd + "1\n3\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Heading\n=======\ntext\n", []),
        ("<<<<<<< yours\na\n=======\nb\n", []),
        ("=======\n>>>>>>> template\n", []),
        ("<<<<<<<< eight\n=======\n>>>>>>>> eight\n", []),
        ("    <<<<<<< indented\n    =======\n    >>>>>>> indented\n", []),
        ("<<<<<<< yours\nHeading\n=======\n=======\n>>>>>>> template\n", [1]),
        ("<<<<<<< left over\n<<<<<<< yours\n=======\n>>>>>>> template", [2]),
        ("\ufeff<<<<<<<\n||||||| base\n=======\n>>>>>>>\na\n<<<<<<< x\n=======\n>>>>>>> y\n", [1, 6]),
    ],
)
def test_only_whole_conflicts_are_found(text, expected):
    assert has_markers(text) == expected


def test_a_long_file_that_shares_nothing_or_only_blank_lines_is_merged():
    base, ours, theirs = (
        [f"{name} {n}" if n % 3 else "" for n in range(3000)] for name in ("base", "ours", "theirs")
    )
    assert agreed(merge(base, ours, base)) == ours
    merged = merge_texts(text_of(base), text_of(ours), text_of(theirs))
    assert has_markers(merged.text) == merged.conflicts != []


# -- git

git = shutil.which("git")
beside_git = pytest.mark.skipif(git is None, reason="git is not installed: nothing to compare with")


def of_git(folder, *sides):
    """What git merges them to, and whether it finds a conflict."""
    for name, text in zip(("base", "ours", "theirs"), sides):
        (folder / name).write_bytes(text.encode())
    labels = ("-L", "yours", "-L", "base", "-L", "template")
    done = subprocess.run(
        [git, "merge-file", "-p", *labels, "ours", "base", "theirs"], cwd=folder, capture_output=True
    )
    assert 0 <= done.returncode < 128, done.stderr
    return done.stdout.decode(), done.returncode > 0


def changed(random_source, lines, alphabet):
    lines = list(lines)
    for _ in range(random_source.randint(0, 3)):
        place = random_source.randint(0, len(lines))
        new = [random_source.choice(alphabet) for _ in range(random_source.randint(0, 2))]
        lines[place : place + random_source.randint(0, 2)] = new
    return lines


@beside_git
@pytest.mark.parametrize(("letters", "agreeing"), [(3, 0.985), (26, 0.99)])
def test_git_finds_a_conflict_in_the_same_cases(letters, agreeing, tmp_path):
    source, same, cases = random.Random(letters), 0, 150
    alphabet = "abcdefghijklmnopqrstuvwxyz"[:letters]
    for _ in range(cases):
        base = [source.choice(alphabet) for _ in range(source.randint(0, 20))]
        sides = [text_of(lines) for lines in (base, *(changed(source, base, alphabet) for _ in range(2)))]
        text, conflict = of_git(tmp_path, *sides)
        merged = merge_texts(*sides)
        same += bool(merged.conflicts) == conflict and (conflict or merged.text == text)
    assert same >= agreeing * cases


@st.composite
def files(draw):
    """A file of lines that differ, as most of a file's do, and two versions of it with edits of each kind."""
    base = [f"line {n}" for n in range(draw(st.integers(0, 12)))]
    sides = []
    for _ in range(2):
        lines = list(base)
        for _ in range(draw(st.integers(0, 3))):
            place = draw(st.integers(0, len(lines)))
            new = draw(st.lists(st.sampled_from(["x", "y", "z"]), max_size=2, unique=True))
            lines[place : place + draw(st.integers(0, 2))] = new
        sides.append(lines)
    return [text_of(lines) for lines in (base, *sides)]


@beside_git
@settings(max_examples=100, deadline=None, derandomize=True)
@given(files())
def test_a_file_of_different_lines_is_merged_as_git_merges_it(tmp_path_factory, sides):
    text, conflict = of_git(tmp_path_factory.getbasetemp(), *sides)
    merged = merge_texts(*sides)
    assert bool(merged.conflicts) == conflict
    assert conflict or merged.text == text
