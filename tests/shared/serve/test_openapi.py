import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

SOLUTIONS = ("finance_fraud", "healthcare_diagnosis", "retail_demand", "manufacturing_defects")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EACH = 30  # requests of each operation and solution; tests/benchmarks/serve_fuzz.py sends many more


@pytest.mark.parametrize("solution", SOLUTIONS)
def test_the_document_has_a_property_for_each_column_and_its_own_example_fits_it(services, solution):
    document = services(solution).ask("GET", "/openapi.json").json()
    question = document["components"]["schemas"]["Question"]
    fields = services(solution).service.model.fields
    row = question["properties"]["rows"]["items"]
    assert set(row["properties"]) == {each.name for each in fields}
    assert set(row["required"]) == {each.name for each in fields if each.required}
    assert question["properties"]["rows"]["maxItems"] == 10_000
    jsonschema.Draft202012Validator.check_schema(question)
    jsonschema.validate(question["example"], question)


def test_limits_and_units_are_in_the_document(services):
    document = services("healthcare_diagnosis").ask("GET", "/openapi.json").json()
    row = document["components"]["schemas"]["Question"]["properties"]["rows"]["items"]["properties"]
    assert "in years" in row["age"]["description"] and "up to 120" in row["age"]["description"]
    assert row["sex"]["x-known-values"] == ["male", "female"]


@pytest.mark.parametrize("solution", SOLUTIONS)
def test_requests_by_chance_get_what_the_document_says_and_never_a_traceback(services, solution):
    served = services(solution)
    seen = set()
    schema = schemathesis.openapi.from_asgi("/openapi.json", served.bare)
    for operation in (result.ok() for result in schema.get_all_operations()):

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EACH,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def asked(case):
            reply = case.call_and_validate(checks=CHECKS)
            assert "Traceback" not in reply.text and reply.status_code < 500
            seen.add(reply.status_code)

        asked()
    assert {200, 422} <= seen
    assert not served.logged("defect")
