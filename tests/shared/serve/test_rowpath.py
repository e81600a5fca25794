"""The quick road answers as the contract's road does, with a store and without."""

import numpy as np
import pandas as pd
import pytest

from shared import bundle
from shared.contract import raw_table
from shared.contract.cells import Unread
from shared.light.frame import Frame
from shared.light.reader import read_rows
from shared.serve.past import Past
from shared.serve.rowpath import RowPath, Rows
from verticals.finance import FraudPipeline

BUNDLE = "tests/fixtures/bundles/finance_fraud/bundle"


@pytest.fixture(scope="module")
def pipeline():
    return bundle.load(BUNDLE)


@pytest.fixture(scope="module")
def frame():
    frame, _ = FraudPipeline.sample(cards=40, days=25, seed=5)
    return frame.reset_index(drop=True)


@pytest.fixture
def path(pipeline, tmp_path):
    plan = RowPath(pipeline).plan
    return RowPath(pipeline, Past(tmp_path, plan, pipeline.name))


def records(frame, *, label=False):
    frame = frame.assign(time=frame["time"].astype(str))
    return frame.drop(columns=[] if label else ["fraud"]).to_dict("records")


def expected(pipeline, frame, earlier=None):
    table = pipeline.check(
        raw_table(frame.drop(columns="fraud")),
        predict=True,
        earlier=None if earlier is None else raw_table(earlier),
    )
    return pipeline.predict(table, range(table.own))


def scores(answered):
    return np.array([answer["score"] for each in answered for answer in each.answers])


def test_rows_are_answered_as_a_table_is(pipeline, frame):
    rows, before = frame.tail(50), frame.iloc[-250:-50]
    asked = Rows(records(rows), records(before, label=True))
    (found,) = RowPath(pipeline).answer([asked])
    wanted = expected(pipeline, rows, before)
    np.testing.assert_allclose(scores([found]), wanted["score"], rtol=0, atol=1e-7)
    assert [answer["decision"] for answer in found.answers] == wanted["decision"].tolist()
    assert [answer["row"] for answer in found.answers] == list(range(1, 51))


def test_several_requests_at_once_are_answered_as_each_alone(pipeline, frame):
    path = RowPath(pipeline)
    asked = [Rows(records(frame.iloc[at : at + 3])) for at in range(0, 30, 3)]
    asked[4] = Rows(asked[4].rows, records(frame.iloc[-40:], label=True))
    alone = [path.answer([each])[0] for each in asked]
    np.testing.assert_allclose(scores(path.answer(asked)), scores(alone), rtol=0, atol=1e-7)


def test_rows_sent_one_by_one_to_a_store_are_answered_as_one_table(pipeline, frame, path):
    sent = frame.iloc[-400:]
    delay = pd.Timedelta(days=pipeline.config.label_delay)
    found, told = [], sent.iloc[:0]
    for at in range(len(sent)):
        row = sent.iloc[[at]]
        due = sent.iloc[:at][sent.iloc[:at]["time"] <= row["time"].iloc[0] - delay]
        if len(due) > len(told):
            path.remember(read_rows(records(due.iloc[len(told) :], label=True), path.plan, labels=True))
            told = due
        found += path.answer([Rows(records(row))])
    wanted = pipeline.predict(pipeline.check(raw_table(sent), predict=True))
    np.testing.assert_allclose(scores(found), wanted["score"], rtol=0, atol=1e-7)


def test_a_store_outlives_the_process_and_is_answered_from_like_the_table(pipeline, frame, tmp_path):
    plan = RowPath(pipeline).plan
    first = RowPath(pipeline, Past(tmp_path, plan, pipeline.name))
    before, rows = frame.iloc[:-60], frame.iloc[-60:]
    first.remember(first.frame_of(pipeline.check(raw_table(before))))
    first.past.close()
    again = RowPath(pipeline, Past(tmp_path, plan, pipeline.name))
    assert len(again.past) == len(before)
    asked = [Rows(records(rows), keep=False)]
    wanted = expected(pipeline, rows, before)["score"]
    np.testing.assert_allclose(scores(again.answer(asked)), wanted, rtol=0, atol=1e-7)
    assert len(again.past) == len(before)


def test_a_row_that_is_sent_twice_is_kept_once(path, frame):
    row = Rows(records(frame.iloc[[0]]))
    one, two = path.answer([row]), path.answer([row])
    assert len(path.past) == 1 and scores(one) == scores(two)


def test_rows_that_are_sent_again_do_not_count_twice(path, frame):
    rows = frame.iloc[:30].assign(card="c", terminal="t")
    asked = Rows(records(rows))
    first = path.answer([asked])
    np.testing.assert_array_equal(scores(path.answer([asked])), scores(first))
    together = path.answer([asked, asked])
    np.testing.assert_array_equal(scores(together), np.tile(scores(first), 2))


def test_a_checked_table_is_answered_with_what_the_store_holds(pipeline, path, frame):
    before, rows = frame.iloc[:-60], frame.iloc[-60:]
    path.remember(path.frame_of(pipeline.check(raw_table(before))))
    found = path.answered_table(
        pipeline.check(raw_table(rows.drop(columns="fraud")), predict=True), keep=False
    )
    wanted = expected(pipeline, rows, before)["score"]
    np.testing.assert_allclose(scores([found]), wanted, rtol=0, atol=1e-7)


def test_a_cell_that_is_not_plain_is_left_to_the_contract(path, frame):
    row = records(frame.iloc[[0]])[0]
    for change in ({"amount": "1.234,5"}, {"time": "31/12/2024 10:00"}, {"amount": None}, {"amount": True}):
        with pytest.raises(Unread):
            path.answer([Rows([row | change])])
    with pytest.raises(Unread, match="`amount`"):
        path.answer([Rows([{name: row[name] for name in row if name != "amount"}])])


def test_equal_rows_are_left_to_the_contract_which_refuses_them(path, frame):
    row = records(frame.iloc[[0]])[0]
    with pytest.raises(Unread, match="equal"):
        path.answer([Rows([row, dict(row)])])


def test_the_store_names_no_card(path, frame):
    path.answer([Rows(records(frame.iloc[:20]))])
    path.past._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.past.path.read_bytes()
    assert not [card for card in frame["card"].iloc[:20] if card.encode() in content]


def test_a_history_network_looks_back_on_what_the_store_remembers(tmp_path):
    frame, mapping = FraudPipeline.sample(**FraudPipeline.small)
    config = FraudPipeline.Config(network="fused", epochs=1, members=1, units=4, history=4)
    fitted = FraudPipeline(config, mapping)
    table = fitted.check(raw_table(frame))
    fitted.fit(table, fitted.splits(table)[-1])
    path = RowPath(fitted, Past(tmp_path, RowPath(fitted).plan, fitted.name))
    before, rows = frame.iloc[:-30], frame.iloc[-30:]
    path.remember(path.frame_of(fitted.check(raw_table(before))))
    found = scores(path.answer([Rows(records(rows))]))
    np.testing.assert_allclose(found, expected(fitted, rows, before)["score"], rtol=0, atol=1e-6)


def test_frames_are_taken_without_what_is_remembered():
    frame = Frame({"a": np.arange(3.0)}, apart=np.arange(3))
    assert frame.take(np.array([2]))["a"].tolist() == [2.0] and frame.take(np.array([2])).apart is None


def test_requests_of_one_key_are_answered_one_after_the_other(path, frame):
    one, two = (Rows(records(frame.iloc[[at]].assign(card="c", terminal="t")), keep=False) for at in (0, 200))
    alone = [path.answer([each])[0].answers[0]["score"] for each in (one, two)]
    together = [each.answers[0]["score"] for each in path.answer([one, two])]
    assert together == alone
    kept = [Rows(each.rows) for each in (one, two)]
    assert path.answer(kept)[1].answers[0]["score"] != alone[1]  # the first was kept, and is looked back on


def test_a_label_that_is_sent_with_a_row_is_read_as_the_contract_reads_it(pipeline, frame):
    rows = frame.tail(120).assign(card="c", terminal="t", fraud=np.arange(120) % 2)
    found = RowPath(pipeline).answer([Rows(records(rows, label=True))])
    wanted = pipeline.predict(pipeline.check(raw_table(rows), predict=True))["score"]
    np.testing.assert_allclose(scores(found), wanted, rtol=0, atol=1e-7)


def test_a_row_that_is_sent_again_keeps_the_label_that_is_known_by_now(pipeline, path, frame):
    first, last = frame.iloc[[0]].assign(terminal="t", fraud=1), frame.iloc[[-1]].assign(terminal="t")
    path.remember(read_rows(records(first, label=True), path.plan, labels=True))
    alone = scores(path.answer([Rows(records(last), keep=False)]))
    both = Rows(records(first) + records(last), keep=False)
    np.testing.assert_allclose(scores(path.answer([both]))[1], alone[0], rtol=0, atol=1e-9)


def test_what_one_process_remembers_another_knows(pipeline, frame, tmp_path):
    plan = RowPath(pipeline).plan
    one, other = (RowPath(pipeline, Past(tmp_path, plan, pipeline.name)) for _ in range(2))
    before, rows = frame.iloc[:-30], frame.iloc[-30:]
    one.remember(one.frame_of(pipeline.check(raw_table(before))))
    asked = [Rows(records(rows), keep=False)]
    np.testing.assert_array_equal(scores(other.answer(asked)), scores(one.answer(asked)))


def test_a_column_that_an_optional_role_lacks_is_missing_in_the_features(pipeline, frame):
    rows = frame.tail(5).drop(columns="terminal")
    table = pipeline.check(raw_table(rows.assign(terminal="t").drop(columns="fraud")), predict=True)
    table.frame = table.frame.drop(columns="terminal")
    assert np.isfinite(pipeline.predict(table)["score"]).all()
