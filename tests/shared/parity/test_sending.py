"""The asked rows as a client sends them."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.contract import Mapping, raw_table
from shared.errors import BundleError
from shared.parity.sending import asked_by, picked, sent_rows
from verticals.finance import FraudPipeline


def test_cells_are_sent_as_json_holds_them():
    frame = pd.DataFrame({
        "when": pd.to_datetime(["2025-01-31 08:15"]), "day": [date(2025, 1, 31)], "sum": [Decimal("1.50")],
        "rate": [np.nan], "count": [3], "text": ["x"],
    })  # fmt: skip
    (row,) = sent_rows(FraudPipeline(), raw_table(frame))
    assert row == {
        "when": "2025-01-31 08:15:00", "day": "2025-01-31", "sum": "1.50", "rate": None, "count": 3, "text": "x",
    }  # fmt: skip


def test_signals_and_photos_go_with_their_rows():
    raw = raw_table(pd.DataFrame({"image": ["a.png", None]}))
    raw.store = SimpleNamespace(read=lambda name: name.encode())
    raw.signals = [np.array([[1.0], [np.nan]]), None]
    pipeline = SimpleNamespace(mapping=Mapping(columns={"image": "image"}))
    first, second = sent_rows(pipeline, raw)
    assert first == {"image": {"name": "a.png", "base64": "YS5wbmc="}, "signal": [[1.0], [None]]}
    assert second == {"image": None, "signal": None}


def test_rows_and_earlier_ones_are_asked_at_once():
    asked = SimpleNamespace(
        raw=raw_table(pd.DataFrame({"a": [1, 2]})), earlier=raw_table(pd.DataFrame({"a": [0]}))
    )
    sent = []

    def ask(question):
        sent.append(question)
        return [{"row": row} for row in range(1, 3)]

    assert asked_by(ask, FraudPipeline(), asked) == [{"row": 1}, {"row": 2}]
    assert sent == [{"rows": [{"a": 1}, {"a": 2}], "history": [{"a": 0}]}]


def test_answers_are_picked_by_their_row():
    expected = pd.DataFrame({"row": [1, 3], "score": [0.1, 0.3]})
    answers = [{"row": row, "score": row / 10, "further": 0} for row in (1, 2, 3)]
    pd.testing.assert_frame_equal(picked(None, answers, expected), expected)


def test_an_answer_that_is_missing_is_a_fault():
    expected = pd.DataFrame({"row": [1, 3], "score": [0.1, 0.3]})
    with pytest.raises(BundleError, match="1 answers with the columns row, score; expected 2"):
        picked(None, [{"row": 1, "score": 0.1}], expected)
