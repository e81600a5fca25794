import json

import pytest

from shared.contract import Mapping, Wide
from shared.serve.examples import examples_of, moment
from shared.serve.fields import fields_of

SOLUTIONS = ("finance_fraud", "healthcare_diagnosis", "retail_demand", "manufacturing_defects")
KINDS = {
    "finance_fraud": "binary",
    "healthcare_diagnosis": "diagnosis",
    "retail_demand": "forecast",
    "manufacturing_defects": "image",
}
each_solution = pytest.mark.parametrize("solution", SOLUTIONS)


@each_solution
def test_the_example_is_accepted_and_answered(services, solution):
    served = services(solution)
    example = served.ask("GET", "/v1/model").json()["example"]
    reply = served.predict(example)
    assert reply.status_code == 200, reply.text
    assert reply.json()["answers"]


@each_solution
def test_a_model_tells_what_a_page_needs(services, solution):
    told = services(solution).ask("GET", "/v1/model").json()
    assert told["kind"] == KINDS[solution] and len(told["version"]) == 12
    assert set(told["title"]) == set(told["task"]) == {"en", "zh"}
    assert told["limits"] == {"rows": 10_000, "bytes": 20_000_000, "seconds": 30.0}
    assert told["reasons"] is (solution in ("finance_fraud", "healthcare_diagnosis"))
    assert told["history"] == ("rows" if solution in ("finance_fraud", "retail_demand") else None)
    wanted = {"name", "role", "kind", "required", "description", "unit", "low", "high", "choices", "example"}
    assert all(set(each) == wanted for each in told["fields"])
    assert all(each["description"]["en"] and each["description"]["zh"] for each in told["fields"])


@each_solution
def test_a_row_without_a_required_field_is_refused_and_without_others_is_not(services, solution):
    served = services(solution)
    told = served.ask("GET", "/v1/model").json()
    names = set(told["example"]["rows"][0])
    for field in told["fields"]:
        if field["name"] not in names or field["kind"] == "photo":
            continue
        if KINDS[solution] == "forecast" and field["role"] == "quantity":
            continue  # of which a forecast is made
        rows = [
            {name: cell for name, cell in row.items() if name != field["name"]}
            for row in told["example"]["rows"]
        ]
        reply = served.predict({"rows": rows})
        assert reply.status_code == (422 if field["required"] else 200), (field["name"], reply.text)


def test_what_is_private_has_an_invented_example_and_no_known_values(services):
    fields = {
        each["name"]: each
        for each in services("healthcare_diagnosis").ask("GET", "/v1/model").json()["fields"]
    }
    assert fields["patient"]["example"] == "patient 1" and fields["patient"]["choices"] == []
    assert fields["sex"]["choices"] == ["male", "female"]
    assert fields["age"]["unit"] == "years" and fields["age"]["high"] == 120


def test_every_decision_has_words_in_both_languages(services):
    for solution in SOLUTIONS:
        served = services(solution)
        told = served.ask("GET", "/v1/model").json()
        answers = served.predict(told["example"]).json()["answers"]
        assert {each["decision"] for each in answers if "decision" in each} <= set(told["decisions"])
        assert all(set(words) == {"en", "zh"} for words in told["decisions"].values())


def test_thresholds_are_those_of_the_bundle(services):
    served = services("finance_fraud")
    assert served.ask("GET", "/v1/model").json()["thresholds"] == served.service.scoring.content["decision"]


def test_examples_of_customers_who_write_otherwise_are_accepted_too():
    from shared.contract import check
    from verticals.finance import FraudPipeline

    mapping = Mapping.from_dict(
        {
            "columns": {"time": "Zeit", "amount": "Betrag", "label": "Betrug"},
            "numeric": ["Alter"],
            "categorical": ["Land"],
            "numbers": {"Alter": {"unit": "Jahre", "low": 18, "high": 110}},
            "format": {"date_format": "%d.%m.%Y %H:%M", "decimal": ","},
        }
    )
    pipeline = FraudPipeline(None, mapping)
    pipeline.state = {"numbers": {}, "categories": {"Land": ["AT", "DE"]}}
    rows = examples_of(pipeline)[1]
    assert rows == [{"Zeit": "06.01.2025 12:00", "Betrag": 1.0, "Alter": 64.0, "Land": "AT"}]
    from shared.serve.rows import raw_of
    from shared.serve.uploads import Uploads

    roles = [role for role in pipeline.roles if role.name in mapping.columns]
    raw = raw_of(rows, mapping, [role.name for role in roles], Uploads())
    assert len(check(raw, roles, mapping, solution="finance.fraud", predict=True)) == 1


def test_a_wide_table_asks_for_its_series_and_takes_its_steps():
    from verticals.retail import DemandPipeline

    mapping = Mapping(wide=Wide(id="sku", values="V*", origin="2025-01-01", frequency="D"))
    pipeline = DemandPipeline(None, mapping)
    assert [each.name for each in fields_of(pipeline)] == ["sku"]
    row = examples_of(pipeline)[1][0]
    assert row["sku"] == "sku 1" and row["V1"] == 1 and len(row) > 20


def test_a_model_is_plain_json(services):
    for solution in SOLUTIONS:
        json.dumps(services(solution).service.model.to_dict(), allow_nan=False)


def test_moments_are_written_as_numbers_where_the_customer_does():
    from datetime import datetime

    from shared.contract import Format

    assert moment(datetime(1970, 1, 2), Format(time_unit="s")) == 86_400
