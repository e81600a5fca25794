"""Parts of patients: nobody stands on two sides, whatever the split, and every row judges once a round."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from shared.diagnostic_settings import DiagnosticSettings
from shared.errors import SplitError
from shared.patients.parts import (
    both_sides,
    given_parts,
    inner_folds,
    parts_faults,
    patient_splits,
    splits_of,
    strata,
)

START = np.datetime64("2024-01-01")


def clinic(seed, *, patients=60, unknown=0.1):
    """Visits of patients: class, patient, time and site of each; some have no class, some no site."""
    rng = np.random.default_rng(seed)
    who = np.sort(np.r_[np.arange(patients), rng.integers(0, patients, patients // 2)])
    code = rng.choice(3, len(who), p=[0.5, 0.3, 0.2])
    code[rng.random(len(who)) < unknown] = -1
    time = START + rng.integers(0, 300, len(who)) * np.timedelta64(1, "D")
    site = [None if rng.random() < 0.05 else f"S{patient % 3}" for patient in who]
    return code, who, time.astype("datetime64[us]"), site


def parted(clinic, *, repeats=1, inner=True, grouped=True, **changed):
    code, who, time, site = clinic
    given_ = {"groups": who if grouped else None, "time": time, "site": site}
    return patient_splits(DiagnosticSettings(seed=0, **changed), code, repeats=repeats, inner=inner, **given_)


def assert_apart(split, code, who):
    rows = np.concatenate(list(split.parts.values()))
    assert len(np.unique(rows)) == len(rows) and (code[rows] >= 0).all()
    sides = [set(who[part].tolist()) for part in split.parts.values()]
    assert not (sides[0] & sides[2] or sides[1] & sides[2] or sides[0] & sides[1])
    assert len(split.train) and len(split.test)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    split=st.sampled_from(["stratified", "time", "site"]),
    folds=st.integers(1, 4),
    inner=st.booleans(),
)
def test_no_patient_stands_on_two_sides_of_any_split(seed, split, folds, inner):
    visits = clinic(seed, patients=200)
    changed = {"split": split, "folds": 1 if split == "time" else folds}
    for each in parted(visits, inner=inner, **changed):
        assert_apart(each, visits[0], visits[1])
        assert (len(each.valid) == 0) == inner


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), folds=st.integers(2, 5), repeats=st.integers(1, 3), grouped=st.booleans()
)
def test_every_row_with_a_class_judges_exactly_once_a_round(seed, folds, repeats, grouped):
    visits = clinic(seed)
    found = parted(visits, repeats=repeats, folds=folds, split="stratified", grouped=grouped)
    assert len(found) == folds * repeats
    for turn in range(repeats):
        judged = np.concatenate([split.test for split in found[turn * folds : (turn + 1) * folds]])
        assert np.array_equal(np.sort(judged), np.flatnonzero(visits[0] >= 0))


def test_one_fold_is_a_fifth_and_rounds_are_drawn_anew_but_a_seed_repeats_them():
    visits = clinic(0, patients=100)
    one, again = (parted(visits, folds=1, repeats=2, split="stratified") for _ in range(2))
    assert len(one) == 2 and 0.15 < len(one[0].test) / (visits[0] >= 0).sum() < 0.25
    assert not np.array_equal(one[0].test, one[1].test)
    assert all(np.array_equal(a.test, b.test) for a, b in zip(one, again))


def test_classes_keep_their_shares_in_every_fold_where_rows_are_patients():
    code = np.repeat([0, 1, 2], [70, 20, 10])
    splits = parted((code, code, None, [None] * 100), folds=5, split="stratified", grouped=False)
    assert all(np.bincount(code[split.test]).tolist() == [14, 4, 2] for split in splits)


def test_each_site_judges_once_and_rows_without_a_site_do_neither():
    code, who, time, site = clinic(1)
    found = parted((code, who, time, site), split="site")
    assert [split.detail["site"] for split in found] == ["S0", "S1", "S2"]
    site = np.array(site, object)
    for split in found:
        assert set(site[split.test]) == {split.detail["site"]}
        assert split.detail["site"] not in site[split.train] and None not in site[split.train]


@pytest.mark.parametrize("site", [None, "one"])
def test_a_split_by_site_needs_two_sites(site):
    code = np.tile([0, 1], 10)
    with pytest.raises(SplitError, match="needs the role `site` with two sites"):
        parted((code, code, None, [site] * 20), split="site", grouped=False)


def test_a_site_with_one_class_is_refused_by_its_name():
    code, site = np.r_[np.tile([0, 1], 10), np.zeros(5, int)], ["big"] * 20 + ["small"] * 5
    with pytest.raises(SplitError, match="`big` judges, the other sites have 5 rows of one class"):
        parted((code, code, None, site), split="site", grouped=False)


def test_a_split_by_time_judges_later_days_only_and_no_one_who_taught():
    code, who, time, site = clinic(2, patients=120)
    (split,) = parted((code, who, time, site), split="time")
    assert time[split.train].max() < time[split.test].min()
    with pytest.raises(SplitError, match="time"):
        parted((code, who, None, site), split="time")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), folds=st.integers(2, 5), grouped=st.booleans())
def test_inner_folds_part_the_training_rows_and_keep_patients_together(seed, folds, grouped):
    code, who, _, _ = clinic(seed, unknown=0)
    rows = np.flatnonzero(who % 4 > 0)
    parts = inner_folds(rows, code, folds=folds, seed=1, groups=who if grouped else None)
    assert len(parts) == folds
    assert np.array_equal(np.sort(np.concatenate([held for _, held in parts])), rows)
    for fit, held in parts:
        assert np.array_equal(np.sort(np.r_[fit, held]), rows)
        assert not grouped or not set(who[fit]) & set(who[held])


def test_inner_folds_of_one_class_are_refused_with_the_way_out():
    with pytest.raises(SplitError, match="lower inner_folds"):
        inner_folds(np.arange(9), np.r_[np.zeros(8, int), 1], folds=5, seed=0)


def test_inner_folds_that_two_healthy_patients_cannot_fill_are_refused_so_too():
    code, who = np.r_[np.zeros(4, int), np.tile([0, 1], 10)], np.repeat(np.arange(12), 2)
    with pytest.raises(SplitError, match="needs 3 patients or more.*lower inner_folds"):
        inner_folds(np.arange(24), code, folds=3, seed=0, groups=who)


def test_a_class_with_fewer_patients_than_folds_counts_as_the_first():
    code = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert strata(code, 3).tolist() == code.tolist()
    assert strata(code, 3, np.array([0, 1, 2, 3, 4, 5, 6, 6, 6])).tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0]


def test_a_class_whose_patients_come_again_with_a_graver_one_does_not_stop_the_folds():
    who = np.repeat(np.arange(30), 2)
    code = np.zeros(60, int)
    code[:24:2], code[1:20:2] = 1, 2  # twelve patients have been mild, ten of them became severe
    splits = parted((code, who, None, [None] * 60), folds=5, split="stratified")
    assert np.array_equal(np.sort(np.concatenate([split.test for split in splits])), np.arange(60))
    for split in splits:
        assert_apart(split, code, who)


def test_given_parts_hold_and_a_validation_part_is_drawn_only_without_inner_folds():
    code, parts = np.tile([0, 1], 20), np.array(["train"] * 28 + ["test"] * 8 + [None] * 4, object)
    code[29] = -1
    for inner in (True, False):
        split = given_parts(parts, code, None, valid_share=0.25, inner=inner, seed=0)
        assert split.test.tolist() == [28, *range(30, 36)] and split.method == "given"
        assert len(split.valid) == (0 if inner else 8)
        assert sorted([*split.train, *split.valid]) == [*range(28), *range(36, 40)]
    parts[:6] = "valid"
    assert given_parts(parts, code, None, valid_share=0.25, inner=True, seed=0).valid.tolist() == [*range(6)]


def test_a_test_part_that_is_not_given_is_drawn_in_whole_patients():
    code, who = np.tile([0, 1], 30), np.repeat(np.arange(20), 3)
    parts = np.array(["valid"] * 12 + ["train"] * 48, object)
    split = given_parts(parts, code, who, valid_share=0.2, inner=False, seed=0)
    assert_apart(split, code, who)
    assert split.valid.tolist() == [*range(12)]


def test_a_given_part_of_one_class_is_refused_and_named():
    code = np.r_[np.tile([0, 1], 10), np.zeros(4, int)]
    with pytest.raises(SplitError, match="the test part has 4 rows of the first class alone"):
        given_parts(
            np.array(["train"] * 20 + ["test"] * 4, object), code, None, valid_share=0.2, inner=True, seed=0
        )


def test_a_patient_in_two_given_parts_is_a_fault_that_names_rows_and_nobody():
    parts = np.array(["train", "test", None, "test", "valid"], object)
    (fault,) = both_sides(parts, ["Smith", "Jones", "Smith", "Smith", None], np.arange(11, 16), "mrn")
    assert fault.row == 14 and fault.column == "mrn" and "row 11 (train) is in the test part" in fault.text
    assert "Smith" not in str(fault)
    assert both_sides(parts, ["a", "b", "a", "c", None], np.arange(5), "mrn") == []
    (fault,) = both_sides(parts, ["a", "a", None, "a", "a"], np.arange(1, 6), "mrn")
    assert "and 2 more rows" in fault.text


def test_words_that_are_no_part_are_faults_with_the_column():
    (fault,) = parts_faults(np.array(["train", "dev", None, "dev"], object), np.array([3, 4, 5, 6]), "subset")
    assert fault.row == 4 and fault.column == "subset" and "`dev`" in fault.text


def test_folds_of_patients_are_as_random_as_the_seed():
    visits = clinic(3, patients=200, unknown=0)
    dealt = []
    for seed in (0, 1):
        fold = np.empty(len(visits[0]), int)
        settings_ = DiagnosticSettings(seed=seed, folds=4, split="stratified")
        given_ = {"groups": visits[1], "time": None, "site": []}
        for number, split in enumerate(patient_splits(settings_, visits[0], repeats=1, inner=True, **given_)):
            fold[split.test] = number
        dealt.append(pd.Series(fold).groupby(visits[1]).first())
    assert abs(cohen_kappa_score(*dealt)) < 0.2


class Visits(SimpleNamespace):
    tested = False

    def __len__(self):
        return len(self.frame)


def test_parts_of_a_table_are_those_that_it_gives_else_those_that_are_set():
    code, who, time, site = clinic(0)
    frame = pd.DataFrame({"time": time, "site": site})
    for way in ("stratified", "time", "site"):
        (mine, expected) = (
            splits_of(Visits(frame=frame), DiagnosticSettings(split=way), code, who, repeats=1, inner=True),
            parted((code, who, time, site), split=way),
        )
        assert len(mine) == len(expected) > 0
        for one, other in zip(mine, expected):
            assert np.array_equal(one.test, other.test) and np.array_equal(one.train, other.train)
    given_ = np.where(who % 4 == 0, "test", "train")
    settings_ = DiagnosticSettings(split="site")
    (split,) = splits_of(
        Visits(frame=frame.assign(split=given_)), settings_, code, who, repeats=3, inner=False
    )
    assert split.method == "given" and len(split.valid)
    assert np.array_equal(split.test, np.flatnonzero((given_ == "test") & (code >= 0)))
