import numpy as np
import pytest

from shared.cases import log_odds
from shared.inputs import Inputs
from shared.serve.examples import examples_of
from shared.serve.questions import Question
from shared.serve.reasons import tells_reasons, typical_row

TABLES = ("finance_fraud", "healthcare_diagnosis")


@pytest.mark.parametrize("solution", TABLES)
def test_effects_add_up_to_the_log_odds_of_the_row_less_those_of_the_typical_row(services, solution):
    from shared import training

    scoring = services(solution).service.scoring
    pipeline = scoring.pipeline
    rows = examples_of(pipeline)[1]
    question = Question(rows=rows, reasons=20)
    answered = scoring.by_contract(question)
    for quick, slow in zip(scoring.answer(question).reasons[0], answered.reasons[0], strict=True):
        assert quick["feature"] == slow["feature"] and np.isclose(quick["effect"], slow["effect"], atol=1e-9)
    table, everything = answered.table, []
    from shared.serve.reasons import reasons_of

    everything = reasons_of(pipeline, pipeline.prepare(table), np.array([0]), most=10_000)[0]
    arrays = pipeline.prepare(table).inputs.take(np.array([0]))

    def odds(given):
        return float(log_odds(pipeline.decode(training.predict(pipeline.model, Inputs(given))))[0])

    gap = odds(arrays) - odds(typical_row(arrays, pipeline.state))
    assert np.isclose(sum(each["effect"] for each in everything), gap, atol=1e-6)
    assert answered.reasons[0] == everything[:20]
    sizes = [abs(each["effect"]) for each in everything]
    assert sizes == sorted(sizes, reverse=True)


def test_reasons_have_texts_in_the_language_and_the_rows_own_values(services):
    served = services("finance_fraud")
    row = served.service.model.rows[0] | {"amount": 431.5}
    for lang, text in (("en", "Amount"), ("zh", "交易金额")):
        reply = served.predict({"rows": [row], "reasons": 20, "lang": lang}).json()["answers"][0]["reasons"]
        amount = next(each for each in reply if each["feature"] == "amount")
        assert amount["text"] == text and amount["value"] == 431.5


def test_reasons_are_the_same_each_time(services):
    served = services("finance_fraud")
    body = {"rows": served.service.model.rows, "reasons": 5}
    assert served.predict(body).json()["answers"] == served.predict(body).json()["answers"]


def test_a_signal_is_no_feature_of_the_table_and_stays_as_it_is(services):
    served = services("healthcare_diagnosis")
    reply = served.predict({"rows": served.service.model.rows, "reasons": 20}).json()["answers"][0]["reasons"]
    assert {each["feature"] for each in reply} == {"age", "temperature", "heart_rate", "crp", "sex", "smoker"}


def test_only_solutions_on_tables_have_reasons(services):
    told = {
        name: tells_reasons(services(name).service.scoring.pipeline) for name in (*TABLES, "retail_demand")
    }
    assert told == {"finance_fraud": True, "healthcare_diagnosis": True, "retail_demand": False}
    assert not tells_reasons(services("manufacturing_defects").service.scoring.pipeline)
