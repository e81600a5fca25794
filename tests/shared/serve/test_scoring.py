import base64
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.errors import ContractError
from shared.serve.csv_rows import stacked
from shared.serve.problems import Problem
from shared.serve.questions import Question

BUNDLES = Path(__file__).resolve().parents[2] / "fixtures" / "bundles"
TABLES = ("finance_fraud", "healthcare_diagnosis", "retail_demand")
each_table = pytest.mark.parametrize("solution", TABLES)


def rows_of(solution, **read):
    return pd.read_csv(BUNDLES / solution / "rows.csv", **read)


def as_texts(solution):
    return rows_of(solution, dtype=str, keep_default_na=False).to_dict("records")


def as_numbers(solution):
    keys = {"item": str, "store": str} if solution == "retail_demand" else {}
    frame = rows_of(solution, dtype=keys).astype(object)
    return frame.where(frame.notna(), None).to_dict("records")


def expected(served, path=None, frame=None):
    """What `Pipeline.predict` answers to a file, or to rows that were written to one."""
    pipeline = served.service.scoring.pipeline
    table = pipeline.check(pipeline.read(path, pipeline.mapping.format, predict=True), predict=True)
    return pipeline.predict(table, range(table.own))


def equal(got, wanted):
    """To the bit: floats are compared as they are."""
    frame = pd.DataFrame(got)
    assert list(frame) == list(wanted)
    for name in wanted:
        mine, other = frame[name], wanted[name]
        if other.dtype.kind == "M":
            other = other.dt.strftime("%Y-%m-%d")
        if other.dtype.kind == "f":
            assert mine.to_numpy(np.float64).tobytes() == other.to_numpy().tobytes(), name
        else:
            assert mine.tolist() == other.tolist(), name


@each_table
@pytest.mark.parametrize("rows", [as_texts, as_numbers])
def test_json_rows_are_answered_as_pipeline_predict_answers_the_file_to_the_bit(services, solution, rows):
    served = services(solution)
    reply = served.predict({"rows": rows(solution)})
    assert reply.status_code == 200, reply.text
    equal(reply.json()["answers"], expected(served, BUNDLES / solution / "rows.csv"))


@each_table
def test_a_csv_is_answered_as_pipeline_predict_answers_the_file_to_the_bit(services, solution):
    served, path = services(solution), BUNDLES / solution / "rows.csv"
    reply = served.predict(path.read_bytes(), headers={"content-type": "text/csv"})
    assert reply.status_code == 200, reply.text
    equal(reply.json()["answers"], expected(served, path))


@each_table
def test_an_answer_as_csv_is_what_verticals_predict_writes(services, solution):
    served, path = services(solution), BUNDLES / solution / "rows.csv"
    headers = {"content-type": "text/csv", "accept": "text/csv"}
    reply = served.predict(path.read_bytes(), headers=headers)
    assert reply.headers["content-type"].startswith("text/csv")
    assert reply.text == expected(served, path).to_csv(index=False)


def photos():
    return sorted((BUNDLES / "manufacturing_defects" / "rows").iterdir())


def photo_rows():
    return [
        {"image": {"name": path.name, "base64": base64.b64encode(path.read_bytes()).decode()}}
        for path in photos()
    ]


def test_photos_in_json_in_a_form_and_in_a_zip_are_answered_as_the_folder_is(services, tmp_path):
    import shutil

    served = services("manufacturing_defects")
    wanted = expected(served, BUNDLES / "manufacturing_defects" / "rows")
    equal(served.predict({"rows": photo_rows()}).json()["answers"], wanted)
    files = [("files", (path.name, path.read_bytes())) for path in photos()]
    equal(served.ask("POST", "/v1/predict", files=files).json()["answers"], wanted)
    archive = shutil.make_archive(tmp_path / "photos", "zip", BUNDLES / "manufacturing_defects" / "rows")
    files = [("files", ("photos.zip", Path(archive).read_bytes()))]
    equal(served.ask("POST", "/v1/predict", files=files).json()["answers"], wanted)


def test_rows_of_a_form_find_the_photos_that_came_with_them(services):
    served = services("manufacturing_defects")
    first = photos()[0]
    reply = served.ask(
        "POST",
        "/v1/predict",
        data={"rows": json.dumps([{"image": first.name}])},
        files=[("files", (first.name, first.read_bytes()))],
    )
    assert [each["image"] for each in reply.json()["answers"]] == [first.name]


def test_a_signal_may_be_one_list_or_one_column_a_sample(services):
    served, rows = services("healthcare_diagnosis"), as_texts("healthcare_diagnosis")
    samples = [name for name in rows[0] if name[0] == "t" and name[1:].isdigit()]
    listed = []
    for row in rows:
        cells = {name: cell for name, cell in row.items() if name not in samples}
        listed.append(cells | {"signal": [float(row[name]) for name in samples if row[name] != ""]})
    equal(
        served.predict({"rows": listed}).json()["answers"],
        expected(served, BUNDLES / "healthcare_diagnosis" / "rows.csv"),
    )


def test_a_csv_with_other_separators_decimals_and_encoding_is_answered_alike(services):
    served = services("finance_fraud")
    frame = rows_of("finance_fraud")
    content = frame.rename(columns=str).to_csv(index=False, sep=";", decimal=",").encode("utf-16")
    reply = served.predict(content, headers={"content-type": "text/csv"})
    equal(reply.json()["answers"], expected(served, BUNDLES / "finance_fraud" / "rows.csv"))


def test_missing_and_unseen_cells_are_answered_as_in_a_file(services, tmp_path):
    served, rows = services("healthcare_diagnosis"), as_numbers("healthcare_diagnosis")[:4]
    rows[0]["sex"], rows[1]["crp"], rows[2]["smoker"] = "never seen before", None, None
    path = tmp_path / "rows.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    equal(served.predict({"rows": rows}).json()["answers"], expected(served, path))


def test_history_is_looked_back_on_and_not_answered(services):
    served, rows = services("finance_fraud"), as_texts("finance_fraud")
    card = rows[0]["card"]
    later = dict(rows[-1], card=card)
    alone = served.predict({"rows": [later]}).json()["answers"]
    behind = served.predict({"rows": [later], "history": rows[:-1]}).json()["answers"]
    pipeline = served.service.scoring.pipeline
    table = pipeline.check(pd.DataFrame([later]), predict=True, earlier=pd.DataFrame(rows[:-1]))
    assert len(behind) == 1 and behind[0]["score"] != alone[0]["score"]
    assert behind[0]["score"] == pipeline.predict(table, range(table.own))["score"][0]


def test_every_fault_of_the_rows_is_told_at_once_as_check_says_it(services):
    served = services("finance_fraud")
    rows = [{"time": "31/02/2024", "amount": "much", "card": "a", "terminal": "b"}]
    reply = served.predict({"rows": rows})
    with pytest.raises(ContractError) as caught:
        served.service.scoring.pipeline.check(pd.DataFrame(rows), predict=True)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert [each["text"] for each in reply.json()["faults"]] == [each.text for each in caught.value.faults]
    assert {each["column"] for each in reply.json()["faults"]} == {"time", "amount"}


def test_a_file_of_the_server_is_never_read_for_a_row(services):
    served = services("manufacturing_defects")
    there = photos()[0].resolve()
    for content in ({"rows": [{"image": str(there)}]}, f"image\n{there}\n".encode()):
        headers = {"content-type": "text/csv"} if isinstance(content, bytes) else None
        reply = served.predict(content, headers=headers) if headers else served.predict(content)
        assert reply.status_code == 422, reply.text


def test_heatmaps_are_png_and_only_where_they_are_asked_for(services):
    served = services("manufacturing_defects")
    plain = served.predict({"rows": photo_rows()[:1]}).json()["answers"][0]
    drawn = served.predict({"rows": photo_rows()[:1], "pictures": True}).json()["answers"][0]
    assert "heatmap" not in plain
    assert base64.b64decode(drawn.pop("heatmap")).startswith(b"\x89PNG") and drawn == plain


@pytest.mark.parametrize(
    "solution, asked",
    [("retail_demand", "reasons"), ("manufacturing_defects", "reasons"), ("finance_fraud", "pictures")],
)
def test_what_a_solution_has_not_is_a_fault_when_it_is_asked_for(services, solution, asked):
    served = services(solution)
    value = 3 if asked == "reasons" else True
    reply = served.predict({"rows": served.service.model.rows, asked: value})
    assert reply.status_code == 422 and f"`{asked}`" in reply.json()["faults"][0]["text"]


def test_more_rows_than_allowed_are_413(start):
    served = start(BUNDLES / "finance_fraud" / "bundle", max_rows=3)
    assert served.predict({"rows": as_texts("finance_fraud")[:3]}).status_code == 200
    assert served.predict({"rows": as_texts("finance_fraud")[:4]}).status_code == 413
    content = (BUNDLES / "finance_fraud" / "rows.csv").read_bytes()
    assert served.predict(content, headers={"content-type": "text/csv"}).status_code == 413


def test_earlier_rows_of_a_file_are_looked_back_on_by_every_request(start, services, tmp_path):
    rows = as_texts("finance_fraud")
    path = tmp_path / "earlier.csv"
    pd.DataFrame(rows[:-1]).to_csv(path, index=False)
    served = start(BUNDLES / "finance_fraud" / "bundle", history=str(path))
    later = dict(rows[-1], card=rows[0]["card"])
    sent = services("finance_fraud").predict({"rows": [later], "history": rows[:-1]})
    assert served.predict({"rows": [later]}).json()["answers"] == sent.json()["answers"]


def test_tables_of_texts_and_of_numbers_can_stand_below_each_other():
    import pyarrow as pa

    from shared.contract import RawTable

    one = RawTable(pa.table({"a": ["1", ""]}), "one")
    two = RawTable(pa.table({"a": [2.5], "b": [None]}), "two")
    assert stacked([one, two]).data.column("a").to_pylist() == ["1", "", "2.5"]


def test_reasons_for_many_rows_are_refused(services):
    scoring = services("finance_fraud").service.scoring
    rows = as_texts("finance_fraud")
    many = [dict(row, amount=str(number)) for number in range(3) for row in rows]
    with pytest.raises(Problem) as caught:
        scoring.answer(Question(rows=many, reasons=1))
    assert caught.value.status == 422


def test_onnx_runtime_decides_as_keras_does(start, services):
    served = start(BUNDLES / "finance_fraud" / "bundle", runtime="onnx")
    rows = {"rows": as_texts("finance_fraud")}
    mine, other = (each.predict(rows).json() for each in (served, services("finance_fraud")))
    assert mine["model"]["runtime"] == "onnx" and other["model"]["runtime"] == "tensorflow"
    assert [each["decision"] for each in mine["answers"]] == [each["decision"] for each in other["answers"]]
    scores = [[each["score"] for each in reply["answers"]] for reply in (mine, other)]
    assert np.allclose(*scores, rtol=1e-5)
