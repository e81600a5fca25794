"""`check_pipeline` notices each promise that a pipeline on patients breaks."""

import copy
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.errors import ContractError, Fault
from shared.patients.parts import patient_splits
from shared.signals.signals import learn_signals
from shared.simulators.patients import patients_mapping, simulate_patients, write_xrays
from shared.splits import Split, stratified_folds
from shared.testing import patient_parts, patients, saved
from shared.testing.patient_trial import PatientTrial
from verticals.healthcare import DiagnosisPipeline

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "patients_example.py"))
Guessing = EXAMPLE["guessing"](DiagnosisPipeline)


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xrays")
    table = write_xrays(folder, simulate_patients(patients=120, steps=12), side=16)
    return table.assign(image=[str(folder / name) if name else "" for name in table["image"]])


@pytest.fixture(scope="module")
def trial(visits):
    config = Guessing.Config(inner_folds=2, side=16, fewest=5)
    return PatientTrial.begin(Guessing, config, patients_mapping(), visits)


def broken(trial, cls, **changed):
    """The trial of a fitted pipeline that is of another class from now on."""
    pipeline = copy.copy(trial.pipeline)
    pipeline.__class__ = cls
    pipeline.__dict__.update(changed)
    return replace(trial, pipeline=pipeline)


def test_a_pipeline_that_guesses_breaks_none_that_do_not_ask_for_a_network(trial):
    for check in patients.PATIENT_PROMISES:
        if check.__name__ not in ("check_seed_and_training_rows_decide", "check_order_is_kept"):
            check(trial)


def test_names_of_patients_and_files_are_made_up_and_files_hold_what_they_held(trial, visits):
    assert not set(trial.frame["patient"]) & set(visits["patient"])
    assert trial.frame["patient"].nunique() == visits["patient"].nunique()
    shown = trial.frame["image"].notna()
    assert np.array_equal(shown, visits["image"] != "")
    for mine, given in zip(trial.frame["image"][shown][:9], visits["image"][shown][:9]):
        assert Path(mine).name.startswith("zqimagezq") and Path(mine).read_bytes() == Path(given).read_bytes()


def by_row(self, table):
    """Folds of rows, not of patients."""
    return stratified_folds(np.minimum(self.codes(table), 1), folds=5, valid_share=0.2)[
        : max(1, self.config.folds)
    ]


def one_twice(self, table):
    found = Guessing.splits(self, table)
    return [found[0], *found[:-1]]


def overlapping(self, table):
    return [replace(each, valid=each.train[:3]) for each in Guessing.splits(self, table)]


def with_unknown(self, table):
    """Teaches by rows that have no diagnosis, too."""
    (split, *_) = Guessing.splits(self, table)
    rows = np.setdiff1d(np.arange(len(table)), split.test)
    groups = self.groups(table)
    return [Split("all", rows[~np.isin(groups[rows], groups[split.test])], split.valid[:0], split.test)]


@pytest.mark.parametrize(
    ("splits", "words"),
    [(by_row, "a patient is on two sides"), (overlapping, "a row is in two parts")],
    ids=["rows", "overlap"],
)
def test_parts_that_share_rows_or_patients_are_noticed(trial, splits, words):
    odd = broken(trial, type("Odd", (Guessing,), {"splits": splits}))
    with pytest.raises(AssertionError, match=words):
        patient_parts.check_patients_are_apart(odd)


def test_a_row_without_a_diagnosis_in_a_part_is_noticed(trial):
    frame = trial.table.frame.copy()
    frame.loc[:5, "label"] = np.nan
    odd = replace(
        broken(trial, type("Odd", (Guessing,), {"splits": with_unknown})),
        table=replace(trial.table, frame=frame),
    )
    with pytest.raises(AssertionError, match="without a diagnosis"):
        patient_parts.check_patients_are_apart(odd)


def test_folds_in_which_a_row_judges_twice_or_that_never_change_are_noticed(trial):
    odd = broken(trial, type("Odd", (Guessing,), {"splits": one_twice}))
    with pytest.raises(AssertionError, match="judges twice"):
        patient_parts.check_every_row_judges_once(odd)

    def again(self, table):
        return 2 * Guessing.splits(self, table)[:3]

    with pytest.raises(AssertionError, match="as the first did"):
        patient_parts.check_every_row_judges_once(broken(trial, type("Odd", (Guessing,), {"splits": again})))


def test_given_parts_that_are_not_kept_are_noticed(trial):
    class Deaf(Guessing):
        def splits(self, table):
            settings = {"groups": self.groups(table), "time": None, "site": [None] * len(table)}
            return patient_splits(self.config, self.codes(table), repeats=1, inner=True, **settings)

    with pytest.raises(AssertionError, match="given test rows do not judge"):
        patient_parts.check_given_parts_are_kept(broken(trial, Deaf))


def test_a_patient_in_two_given_parts_who_is_not_refused_is_noticed(trial, monkeypatch):
    monkeypatch.setattr("shared.diagnostic_checks.faults_of", lambda pipeline, table: [])
    with pytest.raises(AssertionError, match="not refused"):
        patient_parts.check_given_parts_are_kept(trial)


@pytest.mark.parametrize("what", ["image", "patient"])
def test_an_error_that_tells_a_name_is_noticed(trial, what):
    class Talkative(Guessing):
        def check(self, raw, **more):
            try:
                return super().check(raw, **more)
            except ContractError as error:
                cell = next(cell for cell in raw.data.column(what).to_pylist() if cell)
                raise ContractError("no", [*error.faults, Fault(text=f"such as {cell}")]) from None

    promise = {
        "image": patients.check_bad_files_are_refused_by_row,
        "patient": patient_parts.check_given_parts_are_kept,
    }[what]
    with pytest.raises(AssertionError, match="tells"):
        promise(broken(trial, Talkative))


def test_bad_files_that_are_taken_are_noticed(trial):
    class Blind(Guessing):
        def check(self, raw, *, predict=False, **more):
            return trial.table if predict else super().check(raw, **more)

    with pytest.raises(AssertionError, match="not refused"):
        patients.check_bad_files_are_refused_by_row(broken(trial, Blind))


def all_numbers(features, state):
    return state | {"mean": float(np.nanmean(features.numbers["age"]))}


def all_categories(features, state):
    return state | {"smokers": int((features.categories["smoker"].astype(object) == "yes").sum())}


def all_photos(features, state):
    return state | {"photo": features.photos.learn(np.arange(len(features.photos.index)), side=16)}


def all_signals(features, state):
    return state | {"signal": learn_signals(features.signals, np.arange(len(features.signals)))}


@pytest.mark.parametrize("learns", [all_numbers, all_categories, all_photos, all_signals])
def test_learning_from_rows_that_do_not_train_is_noticed(trial, learns):
    class Greedy(Guessing):
        def learn(self, features, rows, label):
            return learns(features, super().learn(features, rows, label))

    state = learns(trial.prepared.features, trial.pipeline.state)
    with pytest.raises(AssertionError, match="rows that do not train"):
        patients.check_only_training_patients_teach(broken(trial, Greedy, state=state))


def test_a_state_that_json_changes_is_noticed(trial):
    odd = broken(trial, Guessing, state=trial.pipeline.state | {"pair": (1, 2)})
    with pytest.raises(AssertionError, match="changes when it is saved"):
        patients.check_only_training_patients_teach(odd)


class Weighing(Guessing):
    """Its network is what it said of some rows."""

    def fit(self, table, split, **more):
        found = super().fit(table, split, **more)
        self.model = SimpleNamespace(get_weights=lambda: [self.logits[self.seen(split)]])
        return found

    def seen(self, split):
        return split.train


def fitted(trial, cls):
    return PatientTrial.begin(cls, trial.pipeline.config, trial.pipeline.mapping, trial.frame)


def test_one_seed_and_the_same_training_rows_are_enough(trial):
    patients.check_seed_and_training_rows_decide(fitted(trial, Weighing))


def test_a_network_that_hangs_on_test_rows_is_noticed(trial):
    class Peeping(Weighing):
        def seen(self, split):
            return split.test

    with pytest.raises(AssertionError, match="different weights"):
        patients.check_seed_and_training_rows_decide(fitted(trial, Peeping))


def test_a_protocol_that_hangs_on_test_rows_is_noticed(trial):
    class Peeping(Weighing):
        def fit(self, table, split, **more):
            found = super().fit(table, split, **more)
            p = self.probability(found, split.test)
            self.thresholds = self.protocol(table, split.test, p)
            return found

    with pytest.raises(AssertionError, match="another `decision`"):
        patients.check_seed_and_training_rows_decide(fitted(trial, Peeping))


def test_a_feature_that_depends_on_the_order_is_noticed(trial):
    class Numbered(Guessing):
        def features(self, table):
            found = super().features(table)
            found.numbers["age"] = np.arange(len(table)).astype(float)
            return found

    odd = broken(trial, Numbered)
    features = odd.pipeline.features(trial.table)
    inputs = odd.pipeline.encode(features, trial.table)
    odd = replace(odd, prepared=replace(trial.prepared, features=features, inputs=inputs))
    with pytest.raises(AssertionError, match="order of the rows.*`age`"):
        patients.check_features_do_not_depend_on_order(odd)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p * 0.9, "do not sum to 1"),
        (lambda p: p * [[3, -1, -1]] + [[-0.5, 0.7, 0.8]], "outside"),
        (lambda p: p[:, :2], "of shape"),
    ],
)
def test_probabilities_that_are_none_are_noticed(trial, change, words):
    class Odd(Guessing):
        def probability(self, prepared, rows=None):
            return change(super().probability(prepared, rows))

    with pytest.raises(AssertionError, match=words):
        patients.check_probabilities_sum_to_one(broken(trial, Odd))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"score": np.nan}, "no number"),
        ({"decision": None}, "no decision"),
        ({"class": "cured"}, "no class"),
        ({"p_mild": 0.9}, "do not sum to 1"),
    ],
    ids=["score", "decision", "class", "sum"],
)
def test_answers_that_are_none_are_noticed(trial, changed, words):
    class Blank(Guessing):
        def answers(self, table, rows, p):
            return super().answers(table, rows, p).assign(**changed)

    with pytest.raises(AssertionError, match=f"rows without labels: .*{words}"):
        patients.check_any_patient_is_answered(broken(trial, Blank))


def test_rows_without_a_modality_that_are_not_answered_are_noticed(trial):
    class Strict(Guessing):
        def predict(self, table, rows=None, **more):
            found = super().predict(table, rows, **more)
            return found[table.photos.present] if not table.photos.present.any() else found

    with pytest.raises(AssertionError, match="rows without a photo: 0 answers"):
        patients.check_any_patient_is_answered(broken(trial, Strict))


@pytest.mark.parametrize("role", ["patient", "image", "signal"])
def test_a_name_in_the_bundle_is_noticed(trial, tmp_path, role):
    answers = pd.DataFrame({"score": [0.5]})
    (tmp_path / "bundle.json").write_text('{"age": 50}', "utf-8")
    saved._holds_no_key(trial, tmp_path, answers)
    (tmp_path / "bundle.json").write_text(f'{{"name": "zq{role}zq7"}}', "utf-8")
    with pytest.raises(AssertionError, match=r"bundle\.json holds values of a key"):
        saved._holds_no_key(trial, tmp_path, answers)
