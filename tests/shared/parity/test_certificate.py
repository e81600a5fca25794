"""All routes give the same answers, and a route that does not is found out."""

import json
from pathlib import Path

import pandas as pd
import pytest

from shared.errors import BundleError, ConfigError, ContractError, MissingExtraError
from shared.export import export
from shared.parity import ROUTES, Answered, Route, certificate, certify

KEPT = Path(__file__).parents[2] / "fixtures" / "bundles"
FRAUD = KEPT / "finance_fraud"


def certified(place, out, **settings):
    return certify(place / "bundle", next(place.glob("rows*")), out, **settings)


@pytest.fixture
def route(monkeypatch):
    """Adds a route that answers what `change` makes of the right answers."""

    def add(change, **settings):
        monkeypatch.setitem(
            ROUTES, "tampered", Route(lambda job: change(job.asked.answers(job.pipeline)), **settings)
        )
        return ["tampered"]

    return add


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.parent.name for path in KEPT.glob("*/bundle")))
def test_all_routes_of_all_solutions_agree(name, tmp_path):
    found = certified(KEPT / name, tmp_path)
    assert found["passed"], found["routes"]
    assert [route["name"] for route in found["routes"]] == list(ROUTES)
    assert [route["state"] for route in found["routes"]] == ["reference", *["equal"] * (len(ROUTES) - 1)]
    assert all(route["largest"] <= 1e-5 and not route["flips"] for route in found["routes"][1:])
    assert json.loads((tmp_path / "parity.json").read_text("utf-8")) == found
    assert {path.name for path in tmp_path.iterdir()} == {"parity.json", "parity.html"}


def test_a_certificate_says_which_rows_which_parts_and_which_versions_it_rests_on(tmp_path):
    found = certified(FRAUD, tmp_path, routes=["onnx"])
    rows = found["rows"]
    assert (rows["customer"], rows["enough"], rows["file"]) == (60, False, "rows.csv")
    assert sum(each["rows"] for each in rows["altered"]) + 60 == rows["answers"] == found["routes"][1]["rows"]
    assert (
        set(found["parts"]["bundle"]) == {"model.keras", "bundle.json"} and len(found["parts"]["data"]) == 64
    )
    assert set(found["routes"][1]["parts"]) == {"model.onnx"}
    assert found["versions"]["now"]["onnxruntime"] and found["versions"]["saved with"]["keras"]


def test_a_score_that_is_a_little_off_fails(route, tmp_path):
    names = route(lambda answers: Answered(answers.assign(score=answers["score"] + 2e-5)))
    found = certified(FRAUD, tmp_path, routes=names)
    assert not found["passed"] and found["routes"][1]["state"] == "different"
    assert found["routes"][1]["column"] == "score" and found["routes"][1]["flips"] == 0


def test_one_decision_that_is_another_fails(route, tmp_path):
    def flipped(answers: pd.DataFrame):
        answers.loc[5, "decision"] = "block" if answers.loc[5, "decision"] == "pass" else "pass"
        return Answered(answers)

    found = certified(FRAUD, tmp_path, routes=route(flipped))
    assert not found["passed"] and found["routes"][1]["flips"] == 1 and found["routes"][1]["largest"] == 0


def refuses(answers):
    raise BundleError("LiteRT has no operator Erf")


@pytest.mark.parametrize(("demanded", "state"), [(True, "failed"), (False, "not possible")])
def test_a_route_that_is_not_possible_fails_where_it_is_demanded(route, tmp_path, demanded, state):
    found = certified(FRAUD, tmp_path, routes=route(refuses, demanded=demanded))
    assert found["passed"] is not demanded and found["routes"][1]["state"] == state
    assert found["routes"][1]["notes"] == ["LiteRT has no operator Erf"]


def test_a_package_that_lacks_ends_it_and_nothing_is_written(route, tmp_path):
    def lacks(answers):
        raise MissingExtraError("onnxruntime", extra="export", purpose="running ONNX")

    with pytest.raises(MissingExtraError):
        certified(FRAUD, tmp_path / "out", routes=route(lacks))
    assert not (tmp_path / "out").exists()


def test_an_export_that_was_delivered_is_a_route_too(tmp_path):
    export(FRAUD / "bundle", "onnx", tmp_path / "exact")
    export(FRAUD / "bundle", "onnx", tmp_path / "coarse", variant="int8")
    names = [str(tmp_path / name) for name in ("exact", "coarse")]
    found = certified(FRAUD, tmp_path / "out", routes=names)
    assert [route["state"] for route in found["routes"]] == ["reference", "equal", "different"]


def test_an_export_that_was_changed_fails(tmp_path):
    export(FRAUD / "bundle", "onnx", tmp_path / "onnx")
    with open(tmp_path / "onnx" / "model.onnx", "ab") as file:
        file.write(b"\0")
    found = certified(FRAUD, tmp_path / "out", routes=[str(tmp_path / "onnx")])
    assert found["routes"][1]["state"] == "failed" and "SHA-256 differs" in found["routes"][1]["notes"][0]


def test_what_is_not_known_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(certificate.bundle, "load", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(ConfigError, match="no route `onxn`; expected fresh_process") as caught:
        certified(FRAUD, tmp_path / "out", routes=["onxn"], lang="fr")
    assert len(caught.value.faults) == 2


def test_rows_that_do_not_fit_are_refused(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ContractError, match="does not fit `finance.fraud`"):
        certify(FRAUD / "bundle", tmp_path / "rows.csv", tmp_path / "out")


def test_more_rows_than_asked_for_are_taken_evenly(tmp_path):
    found = certified(FRAUD, tmp_path, routes=["saved_model"], most=10)
    assert found["rows"]["customer"] == 10
