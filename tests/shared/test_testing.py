"""`check_pipeline` notices each promise that a pipeline breaks."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from pydantic import BaseModel, Field

from shared import contract
from shared.binary import Prepared
from shared.config import Settings
from shared.encoding import Features
from shared.history import History, seconds
from shared.inputs import Inputs
from shared.splits import Split
from shared.testing import causal, check_pipeline, declared, learnt, saved, served, tiny_config
from shared.testing.trial import Trial
from verticals.finance import FraudPipeline


@pytest.fixture(scope="module")
def trial() -> Trial:
    frame, mapping = FraudPipeline.sample(**FraudPipeline.small)
    return Trial.begin(FraudPipeline, tiny_config(FraudPipeline), mapping, frame)


def broken(trial: Trial, cls: type, **changed) -> Trial:
    """The trial of a fitted pipeline that is of another class from now on."""
    pipeline = copy.copy(trial.pipeline)
    pipeline.__class__ = cls
    pipeline.__dict__.update(changed)
    features = pipeline.features(trial.table)
    prepared = Prepared(trial.table, features, pipeline.encode(features, trial.table))
    return replace(trial, pipeline=pipeline, prepared=prepared)


def adding(value):
    """A pipeline with one more feature, made of the table."""

    class More(FraudPipeline):
        def features(self, table):
            found = super().features(table)
            return Features({**found.numbers, "more": value(table).astype(np.float32)}, found.categories)

    return More


def next_amount(table):
    return np.append(table.frame["amount"].to_numpy()[1:], 0)


def mean_amount(table):
    return np.full(len(table), table.frame["amount"].mean())


def own_label(table):
    return table.frame["label"].to_numpy()


def young_labels(table):
    frame = table.frame
    return History(frame["terminal"].cat.codes.to_numpy(), seconds(frame["time"])).total(
        frame["label"], delay=3600
    )


def row_number(table):
    return np.arange(len(table)).astype(float)


def test_the_fraud_pipeline_breaks_none_of_them(trial):
    for check in (
        causal.check_the_future_is_not_read, causal.check_young_labels_are_not_read,
        causal.check_order_does_not_matter, learnt.check_only_training_rows_teach,
        learnt.check_order_is_kept, declared.check_faults_are_named,
    ):  # fmt: skip
        check(trial)


@pytest.mark.parametrize("value", [next_amount, mean_amount], ids=lambda f: f.__name__)
def test_a_feature_that_reads_the_future_is_noticed(trial, value):
    with pytest.raises(AssertionError, match=r"come[s]? after them.*`more`"):
        causal.check_the_future_is_not_read(broken(trial, adding(value)))


@pytest.mark.parametrize("value", [own_label, young_labels], ids=lambda f: f.__name__)
def test_a_feature_that_reads_a_label_too_early_is_noticed(trial, value):
    with pytest.raises(AssertionError, match="label.*`more`"):
        causal.check_young_labels_are_not_read(broken(trial, adding(value)))


def test_a_feature_that_reads_its_own_label_is_noticed_without_a_label_delay(trial):
    config = trial.pipeline.config.model_copy(update={"label_delay": 0})
    with pytest.raises(AssertionError, match="its own label"):
        causal.check_young_labels_are_not_read(broken(trial, adding(own_label), config=config))


def test_a_feature_that_depends_on_the_order_is_noticed(trial):
    with pytest.raises(AssertionError, match="order of the rows.*`more`"):
        causal.check_order_does_not_matter(broken(trial, adding(row_number)))


@pytest.mark.parametrize("move", ["overlap", "no delay"])
def test_parts_that_touch_are_noticed(trial, move):
    class Touching(FraudPipeline):
        def splits(self, table):
            split = super().splits(table)[0]
            test = np.append(split.train[:1], split.test) if move == "overlap" else split.test
            between = np.arange(split.train.max() + 1, split.test.min())
            train = split.train if move == "overlap" else np.append(split.train, between)
            return [Split("time", train, split.valid[:0], test, split.detail)]

    with pytest.raises(AssertionError, match="two parts|between training and test"):
        causal.check_parts_are_apart(broken(trial, Touching))


def test_learning_from_test_rows_is_noticed(trial):
    class Greedy(FraudPipeline):
        def learn(self, features, rows, label):
            state = super().learn(features, rows, label)
            return state | {"mean": float(np.mean(features.numbers["amount"]))}

    greedy = broken(trial, Greedy)
    greedy.pipeline.state = greedy.pipeline.state | {"mean": float(trial.table.frame["amount"].mean())}
    with pytest.raises(AssertionError, match="rows that do not train"):
        learnt.check_only_training_rows_teach(greedy)


def test_a_state_that_json_changes_is_noticed(trial):
    odd = broken(trial, FraudPipeline, state=trial.pipeline.state | {"pair": (1, 2)})
    with pytest.raises(AssertionError, match="not plain JSON"):
        learnt.check_only_training_rows_teach(odd)


def test_inputs_that_are_no_numbers_are_noticed(trial):
    number = trial.prepared.inputs.arrays["number"].copy()
    number[17, 3] = np.nan
    odd = replace(trial, prepared=replace(trial.prepared, inputs=Inputs({"number": number})))
    with pytest.raises(AssertionError, match="`number` holds NaN"):
        learnt.check_inputs_are_finite(odd)


def test_a_network_without_a_seed_is_noticed(trial):
    class Unseeded(FraudPipeline):
        def build(self, inputs, label):
            import keras

            keras.utils.set_random_seed(int.from_bytes(np.random.default_rng().bytes(3)))
            return super().build(inputs, label)

    with pytest.raises(AssertionError, match="different weights"):
        learnt.check_seed_decides(broken(trial, Unseeded))


def test_answers_in_another_order_are_noticed(trial):
    class Sorted(FraudPipeline):
        def answers(self, table, rows, scores):
            return super().answers(table, rows, np.sort(scores))

    with pytest.raises(AssertionError, match="order of the file"):
        learnt.check_order_is_kept(broken(trial, Sorted))


def test_a_model_that_reads_roles_it_was_not_fitted_on_is_noticed(trial):
    class Curious(FraudPipeline):
        def check(self, raw, *, predict=False):
            return contract.check(raw, self.roles, self.mapping, solution=self.name, predict=predict)

    with pytest.raises(AssertionError, match="fitted without `card` reads it"):
        learnt.check_optional_roles_may_lack(broken(trial, Curious))


def test_scores_that_are_no_numbers_are_noticed(trial):
    class Blank(FraudPipeline):
        def answers(self, table, rows, scores):
            return super().answers(table, rows, scores * np.nan)

    with pytest.raises(AssertionError, match="without labels: a score is no number"):
        learnt.check_anything_can_be_scored(broken(trial, Blank))


def test_a_key_in_the_bundle_is_noticed(trial):
    state = trial.pipeline.state | {"cards": trial.table.frame["card"].cat.categories[:2].tolist()}
    with pytest.raises(AssertionError, match=r"bundle\.json holds values of a key"):
        saved.check_saved_is_loaded(broken(trial, FraudPipeline, state=state), fresh_process=False)


def test_what_is_not_in_the_bundle_is_noticed(trial):
    class Forgetful(FraudPipeline):
        factor = 1.0

        def decode(self, raw):
            return super().decode(raw) * self.factor

    with pytest.raises(AssertionError, match="answers after loading"):
        saved.check_saved_is_loaded(broken(trial, Forgetful, factor=0.5), fresh_process=False)


def test_a_table_without_rows_that_is_taken_is_noticed(trial):
    class Tolerant(FraudPipeline):
        def check(self, raw, *, predict=False):
            return trial.table if not len(raw) else super().check(raw, predict=predict)

    with pytest.raises(AssertionError, match="without rows is not refused"):
        declared.check_faults_are_named(broken(trial, Tolerant))


class Unremembered(FraudPipeline):
    """Reads of other cards' pasts what a service does not keep."""

    def columns(self, table):
        if getattr(table.frame, "memory", None) is None:
            return super().columns(table)
        memory, table.frame.memory = table.frame.memory, None
        try:
            return super().columns(table)
        finally:
            table.frame.memory = memory


def test_rows_that_are_answered_otherwise_than_tables_are_noticed(trial):
    served.check_rows_are_answered_as_tables(trial)
    with pytest.raises(AssertionError, match=r"must go through `shared\.features\.remembered`"):
        served.check_rows_are_answered_as_tables(broken(trial, Unremembered))


def test_features_that_ask_for_a_data_frame_are_no_broken_promise(trial):
    class Framed(FraudPipeline):
        def columns(self, table):
            table.frame["amount"].to_numpy()
            return super().columns(table)

    served.check_rows_are_answered_as_tables(broken(trial, Framed))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"description": ""}, "no description"),
        ({"description_zh": "time"}, "no Chinese"),
        ({"name": "a b"}, "one word"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_role_that_is_not_described_is_noticed(changed, words):
    class Odd(FraudPipeline):
        roles = (replace(FraudPipeline.roles[0], **changed), *FraudPipeline.roles[1:])

    with pytest.raises(AssertionError, match=words):
        check_pipeline(Odd)


def test_a_label_that_is_asked_for_to_predict_is_noticed():
    class Odd(FraudPipeline):
        roles = tuple(replace(role, predict=True) for role in FraudPipeline.roles)

    with pytest.raises(AssertionError, match="must not be asked for"):
        check_pipeline(Odd)


def test_settings_without_words_or_open_to_misspelling_are_noticed():
    class Silent(Settings):
        epochs: int = 3

    class Open(BaseModel):
        epochs: int = Field(3, description="passes")

    for config, words in ((Silent, "`epochs` has no description"), (Open, "misspelt")):
        with pytest.raises(AssertionError, match=words):
            declared.check_settings(type("Odd", (FraudPipeline,), {"Config": config}))


def test_the_message_says_which_promise_was_broken():
    with pytest.raises(AssertionError, match="label") as caught:
        check_pipeline(adding(own_label), fresh_process=False)
    assert "read no label of their own row" in " ".join(caught.value.__notes__)
