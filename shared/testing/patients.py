"""Promises of pipelines on patients: only training rows teach, anything missing is answered, no name is kept."""

import copy
import fnmatch
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from shared.contract import NUMERIC
from shared.diagnostic import NEGATIVE, POSITIVE, REFER, DiagnosticPipeline, PatientFeatures
from shared.patients.photos import PatientPhotos
from shared.signals.signals import Signals
from shared.testing.causal import equal_rows
from shared.testing.learnt import check_inputs_are_finite, check_order_is_kept
from shared.testing.patient_parts import (
    check_every_row_judges_once,
    check_given_parts_are_kept,
    check_patients_are_apart,
)
from shared.testing.patient_trial import FILES, PatientTrial, filled, refusal
from shared.testing.trial import KEY

MODALITIES = ("photo", "signal", "table")


def check_bad_files_are_refused_by_row(trial: PatientTrial) -> None:
    """Files that lack or hold nothing are refused all at once, by their rows; no name of a file is told."""
    for role in FILES.values():
        column = trial.column(role)
        if column not in trial.frame:
            continue
        frame, mark = trial.unlabelled, KEY.format(role=role, number="")
        rows = frame.index[filled(frame[column])][:2]
        (Path(trial.files.name) / f"{mark}empty.png").write_bytes(b"")
        for row, name in zip(rows, (f"{mark}lacks.png", f"{mark}empty.png")):
            frame.loc[row, column] = str(Path(trial.files.name) / name)
        error = refusal(trial, frame, predict=True)
        for row in rows:
            assert f"row {row + 1}" in error, f"the error does not name row {row + 1}: {error}"
        assert mark not in error, f"the error tells the name of a file, which may name a person: {error}"


def check_only_training_patients_teach(trial: PatientTrial) -> None:
    """What is learnt is plain JSON, and comes from training rows alone: table, photos and signals."""
    pipeline, features, train = trial.pipeline, trial.prepared.features, trial.split.train
    text = json.dumps(pipeline.state, allow_nan=False)
    assert json.loads(text) == pipeline.state, "the learnt state changes when it is saved"
    changed = _others_changed(features, np.setdiff1d(np.arange(len(trial.table)), train))
    again = pipeline.learn(changed, train, pipeline.label(trial.table)[train])
    assert json.dumps(again) == text, "what is learnt depends on rows that do not train"


def check_seed_and_training_rows_decide(trial: PatientTrial) -> None:
    """One seed gives one network, one calibration and one protocol, whatever the rows that judge hold."""
    twin, test = trial.twin(), trial.split.test
    frame, rng = trial.table.frame.copy(), np.random.default_rng(4)
    frame["label"] = _put(frame["label"].to_numpy(), test, rng.permutation(frame["label"].to_numpy()[test]))
    for name in frame:
        if name.startswith(NUMERIC):
            frame[name] = _put(frame[name].to_numpy(), test, 12345.0)
    twin.fit(replace(trial.table, frame=frame), trial.split)
    for mine, other in zip(trial.pipeline.model.get_weights(), twin.model.get_weights(), strict=True):
        assert np.array_equal(mine, other), "a second fit, with other test rows, gives different weights"
    mine, other = ({**each.learnt(), "history": None} for each in (trial.pipeline, twin))
    for name in mine:
        same = json.dumps(mine[name]) == json.dumps(other[name])
        assert same, f"a second fit, with other test rows, gives another `{name}`"


def check_features_do_not_depend_on_order(trial: PatientTrial) -> None:
    """Features and inputs of a patient are the same wherever the row stands."""
    order = np.random.default_rng(1).permutation(len(trial.table))
    equal_rows(trial, trial.table.take(order), order, "features depend on the order of the rows")


def check_any_patient_is_answered(trial: PatientTrial) -> None:
    """Rows without a diagnosis, one alone, unseen categories, and whatever modality is missing."""
    plain, pipeline = trial.unlabelled, trial.pipeline
    unseen = plain.copy()
    for name in [*pipeline.mapping.categorical, *(trial.column(role) for role in ("patient", "site"))]:
        if name in unseen:
            unseen[name] = [f"never seen {number}" for number in range(len(unseen))]
    tried = {"rows without labels": plain, "a single row": plain.tail(1), "unseen categories": unseen}
    nothing = plain
    for modality in MODALITIES:
        tried[f"rows without a {modality}"] = _without(trial, plain, modality)
        nothing = _without(trial, nothing, modality)
    tried["rows with nothing at all"] = nothing
    for what, frame in tried.items():
        _well_formed(trial, trial.scored(frame, _taking_equal_rows(pipeline)), len(frame), what)


def check_probabilities_sum_to_one(trial: PatientTrial) -> None:
    """Each class has a probability in [0, 1]; together they are 1, and the risk is 1 less that of the first."""
    p = trial.pipeline.probability(trial.prepared)
    assert p.shape == (len(trial.table), len(trial.pipeline.names)), f"probabilities of shape {p.shape}"
    assert ((p >= 0) & (p <= 1)).all(), "a probability lies outside [0, 1]"
    assert np.allclose(p.sum(axis=1), 1), "the probabilities of a row do not sum to 1"
    assert np.array_equal(trial.pipeline.scores(trial.prepared), 1 - p[:, 0]), "the risk is another one"


def check_optional_roles_of_patients_may_lack(trial: PatientTrial) -> None:
    """A table that has only labels and features is learnt from; roles that come later are not read."""
    pipeline = trial.pipeline
    lacking = [
        role.name for role in pipeline.roles if not role.required and trial.column(role.name) in trial.frame
    ]
    columns = {name: other for name, other in pipeline.mapping.columns.items() if name not in lacking}
    mapping = pipeline.mapping.model_copy(update={"columns": columns})
    names = {trial.column(name): name for name in lacking}
    frame = trial.frame.drop(columns=list(names))
    if not names or not (mapping.numeric or mapping.categorical or mapping.signal):
        return
    plain = PatientTrial.begin(type(pipeline), pipeline.config, mapping, frame)
    without = plain.scored(plain.unlabelled)
    _well_formed(plain, without, len(frame), f"rows without {', '.join(names)}")
    assert plain.scored(trial.unlabelled.rename(columns=names)).equals(without), (
        f"a model that was fitted without {', '.join(lacking)} reads them when they come to predict"
    )


def _others_changed(features: PatientFeatures, other: np.ndarray) -> PatientFeatures:
    """All that the rows `other` hold, made into something else."""
    photos, signals = features.photos, features.signals
    if photos is not None:
        mine, facts = photos.index[other][photos.index[other] >= 0], copy.copy(photos.facts)
        facts.channels = _put(np.asarray(facts.channels), mine, 4 - np.asarray(facts.channels)[mine])
        facts.depth = _put(np.asarray(facts.depth), mine, 24 - np.asarray(facts.depth)[mine])
        photos = PatientPhotos(photos.photos, facts, photos.index)
    if signals is not None:
        longer, changed = (
            np.full((3 * int(signals.lengths.max()), signals.channels), 1e3),
            set(other.tolist()),
        )
        signals = Signals([longer if row in changed else each for row, each in enumerate(signals)])
    return PatientFeatures(
        {name: _put(values, other, 12345.0) for name, values in features.numbers.items()},
        {name: _put(values, other, None) for name, values in features.categories.items()},
        photos,
        signals,
    )


def _put(values, rows: np.ndarray, value):
    changed = values.copy()
    if isinstance(changed, pd.Series):
        changed.iloc[rows] = value
    else:
        changed[rows] = value
    return changed


def _without(trial: PatientTrial, frame: pd.DataFrame, modality: str) -> pd.DataFrame:
    """The frame with empty cells where a modality was."""
    mapping, changed = trial.pipeline.mapping, frame.copy()
    if modality == "table":
        empty = [*mapping.numeric, *mapping.categorical]
    elif modality == "signal" and mapping.signal is not None:
        empty = fnmatch.filter(frame.columns, mapping.signal.columns)
    else:
        empty = [trial.column(FILES[modality])]
    for name in empty:
        if name in changed:
            changed[name] = np.nan if changed[name].dtype.kind in "fiu" else None
    return changed


def _taking_equal_rows(pipeline: DiagnosticPipeline) -> DiagnosticPipeline:
    """Rows that miss all that told them apart are equal, which is a fault elsewhere."""
    taking, format = copy.copy(pipeline), pipeline.mapping.format.model_copy(update={"duplicates": "keep"})
    taking.mapping = pipeline.mapping.model_copy(update={"format": format})
    return taking


def _well_formed(trial: PatientTrial, answers: pd.DataFrame, rows: int, what: str) -> None:
    names = trial.pipeline.names
    words = {POSITIVE, NEGATIVE, REFER} if len(names) == 2 else {*names, REFER}
    assert len(answers) == rows, f"{what}: {len(answers)} answers to {rows} rows"
    assert answers["score"].between(0, 1).all(), f"{what}: a risk is no number in [0, 1]"
    assert answers["decision"].isin(words).all(), f"{what}: a row has no decision"
    assert answers["class"].isin(names).all(), f"{what}: a row has no class"
    if len(names) > 2:
        p = answers[[f"p_{name}" for name in names]]
        assert np.allclose(p.sum(axis=1), 1), f"{what}: the probabilities of a row do not sum to 1"


PATIENT_PROMISES = (
    check_patients_are_apart,
    check_every_row_judges_once,
    check_given_parts_are_kept,
    check_bad_files_are_refused_by_row,
    check_only_training_patients_teach,
    check_features_do_not_depend_on_order,
    check_inputs_are_finite,
    check_probabilities_sum_to_one,
    check_seed_and_training_rows_decide,
    check_any_patient_is_answered,
    check_order_is_kept,
    check_optional_roles_of_patients_may_lack,
)
