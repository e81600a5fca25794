"""A service with a store looks back on what it was sent, on every road, and after a restart."""

import json

import numpy as np
import pandas as pd
import pytest

from shared.contract import raw_table
from verticals.finance import FraudPipeline

from .conftest import BUNDLES

FRAUD = BUNDLES / "finance_fraud" / "bundle"


@pytest.fixture(scope="module")
def payments():
    frame, _ = FraudPipeline.sample(cards=30, days=20, seed=7)
    return frame.reset_index(drop=True)


def records(frame, *, label=False):
    frame = frame.assign(time=frame["time"].astype(str))
    return json.loads(frame.drop(columns=[] if label else ["fraud"]).to_json(orient="records"))


def scores(reply):
    assert reply.status_code == 200, reply.text
    return np.array([answer["score"] for answer in reply.json()["answers"]])


def wanted(served, rows, before):
    pipeline = served.service.scoring.pipeline
    table = pipeline.check(raw_table(rows.drop(columns="fraud")), predict=True, earlier=raw_table(before))
    return pipeline.predict(table, range(len(rows)))["score"].to_numpy()


def send(served, frame):
    return served.ask("POST", "/v1/events", json={"rows": records(frame, label=True)})


def test_rows_are_answered_with_the_events_that_were_sent_on_every_road(start, payments, tmp_path):
    served = start(FRAUD, store=str(tmp_path / "store"), runtime="tensorflow")
    before, rows = payments.iloc[:-20], payments.iloc[-20:]
    assert send(served, before).json()["rows"] == len(before)
    assert send(served, before).json()["rows"] == 0
    expected = wanted(served, rows, before)
    by_json = served.predict({"rows": records(rows), "keep": False})
    csv = rows.drop(columns="fraud").to_csv(index=False).encode()
    by_csv = served.ask("POST", "/v1/predict?keep=false", content=csv, headers={"content-type": "text/csv"})
    odd = [row | {"amount": f"{row['amount']} EUR"} for row in records(rows)]
    by_contract = served.predict({"rows": odd, "keep": False})
    for reply in (by_json, by_csv, by_contract):
        np.testing.assert_allclose(scores(reply), expected, rtol=0, atol=1e-6)


def test_what_was_asked_is_looked_back_on_after_a_restart(start, payments, tmp_path):
    place = {"store": str(tmp_path / "store"), "runtime": "tensorflow"}
    first = start(FRAUD, **place)
    rows = payments.iloc[-40:]
    for _, row in rows.iloc[:-1].iterrows():
        scores(first.predict({"rows": records(rows.loc[[row.name]])}))
    again = start(FRAUD, **place)
    found = scores(again.predict({"rows": records(rows.iloc[-1:]), "keep": False}))
    expected = wanted(again, rows.iloc[1:], rows.iloc[:1].assign(fraud=None))[-1]
    np.testing.assert_allclose(found[-1], expected, rtol=0, atol=1e-6)


def test_a_request_with_its_own_history_does_not_look_into_the_store(start, payments, tmp_path):
    served = start(FRAUD, store=str(tmp_path / "store"), runtime="tensorflow")
    before, rows = payments.iloc[-80:-20], payments.iloc[-20:]
    assert send(served, payments.iloc[:-80]).status_code == 200
    reply = served.predict({"rows": records(rows), "history": records(before, label=True)})
    np.testing.assert_allclose(scores(reply), wanted(served, rows, before), rtol=0, atol=1e-6)


def test_rows_that_are_not_to_be_kept_are_not(start, payments, tmp_path):
    served = start(FRAUD, store=str(tmp_path / "store"))
    row = records(payments.iloc[-1:])
    scores(served.predict({"rows": row, "keep": False}))
    assert len(served.service.scoring.store.past) == 0
    scores(served.predict({"rows": row}))
    assert len(served.service.scoring.store.past) == 1


def test_history_of_a_file_is_looked_up_and_nothing_is_added_to_it(start, payments, tmp_path):
    before, rows = payments.iloc[:-20], payments.iloc[-20:]
    before.to_csv(tmp_path / "earlier.csv", index=False)
    served = start(FRAUD, history=str(tmp_path / "earlier.csv"), runtime="tensorflow")
    for _ in range(2):
        reply = served.predict({"rows": records(rows)})
        np.testing.assert_allclose(scores(reply), wanted(served, rows, before), rtol=0, atol=1e-6)
    assert len(served.service.scoring.store.past) == len(before)
    assert served.ask("POST", "/v1/events", json={"rows": records(rows)}).status_code == 404


def test_an_event_that_does_not_fit_is_refused_with_its_place(start, payments, tmp_path):
    served = start(FRAUD, store=str(tmp_path / "store"))
    row = records(payments.iloc[:1], label=True)[0]
    reply = served.ask("POST", "/v1/events", json={"rows": [row | {"amount": "much"}]})
    assert reply.status_code == 422
    assert reply.json()["faults"][0]["column"] == "amount" and len(served.service.scoring.store.past) == 0


def test_a_solution_without_keys_has_no_store(start, tmp_path):
    served = start(BUNDLES / "healthcare_diagnosis" / "bundle", store=str(tmp_path / "store"))
    assert served.service.state == "failed" and "--store" in str(served.service.failure)


def test_requests_that_come_at_once_are_answered_as_each_alone(start, payments):
    import asyncio

    import httpx

    served = start(FRAUD, runtime="tensorflow")
    rows = [records(payments.iloc[at : at + 2]) for at in range(0, 60, 2)]
    alone = [scores(served.predict({"rows": each})) for each in rows]

    async def all_at_once():
        transport = httpx.ASGITransport(served.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await asyncio.gather(*[client.post("/v1/predict", json={"rows": each}) for each in rows])

    found = served._do(all_at_once())
    np.testing.assert_allclose([scores(reply) for reply in found], alone, rtol=0, atol=1e-6)


def test_dates_that_the_columns_reader_knows_are_answered_too(start, payments):
    served = start(FRAUD)
    row = records(payments.iloc[-1:])[0]
    plain = scores(served.predict({"rows": [row]}))
    other = pd.Timestamp(row["time"]).strftime("%Y/%m/%d %H:%M:%S")
    assert scores(served.predict({"rows": [row | {"time": other}]})) == plain


def test_a_full_disk_costs_no_answer_and_is_told(start, payments, tmp_path):
    served = start(FRAUD, store=str(tmp_path / "store"))
    base = served.service.scoring.store.past._base
    base.execute(f"PRAGMA max_page_count = {base.execute('PRAGMA page_count').fetchone()[0]}")
    for at in range(0, 400, 50):
        assert len(scores(served.predict({"rows": records(payments.iloc[at : at + 50])}))) == 50
    assert [line["during"] for line in served.logged("defect")][:1] == ["store"]
    lines = served.ask("GET", "/metrics").text.splitlines()
    assert [float(line.split()[1]) > 0 for line in lines if line.startswith("verticals_not_kept_total ")] == [
        True
    ]
    reply = served.ask("POST", "/v1/events", json={"rows": records(payments.iloc[400:], label=True)})
    assert reply.status_code == 503 and "cannot be kept" in reply.json()["detail"]
