import threading
import time

import pytest

from shared.errors import BundleError

BODY = b'{"rows": []}'


def together(served, number):
    """Status of so many requests at once, each with the time it took."""
    found = []

    def ask():
        began = time.perf_counter()
        reply = served.predict(BODY)
        found.append((reply.status_code, time.perf_counter() - began, reply))

    threads = [threading.Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_a_full_queue_is_429_at_once_with_the_time_to_come_again(idle, monkeypatch):
    monkeypatch.setattr("shared.serve.settings.os.cpu_count", lambda: 1)
    served = idle(queue=2)
    served.service.seconds = 2.0
    found = together(served, 8)
    refused = [each for each in found if each[0] == 429]
    assert sorted(each[0] for each in found) == [200] * 3 + [429] * 5
    assert all(seconds < 1.5 and "retry-after" in reply.headers for _, seconds, reply in refused)
    assert together(served, 1)[0][0] == 200


def test_an_answer_that_takes_too_long_is_503_and_keeps_its_place_until_it_ends(idle, monkeypatch):
    monkeypatch.setattr("shared.serve.settings.os.cpu_count", lambda: 1)
    served = idle(max_seconds=0.5, queue=1)
    served.service.seconds = 3.0
    began = time.perf_counter()
    reply = served.predict(BODY)
    assert reply.status_code == 503 and "0.5 seconds" in reply.json()["detail"]
    assert time.perf_counter() - began < 2.5
    assert served.service._pending == 1
    served.until(lambda: served.service._pending == 0)


def test_one_who_waited_too_long_is_not_scored_any_more(idle, monkeypatch):
    monkeypatch.setattr("shared.serve.settings.os.cpu_count", lambda: 1)
    served = idle(max_seconds=0.5, queue=5)
    served.service.seconds = 2.0
    assert {each[0] for each in together(served, 3)} == {503}
    served.until(lambda: served.service._pending == 0)


def test_a_bundle_that_cannot_be_loaded_is_told_and_answers_503(start, bundle_copy):
    model = bundle_copy / "model.keras"
    model.write_bytes(model.read_bytes()[:-100])
    served = start(bundle_copy)
    assert isinstance(served.service.failure, BundleError)
    assert served.ask("GET", "/readyz").status_code == 503
    reply = served.predict(BODY)
    assert reply.status_code == 503 and "could not be loaded" in reply.json()["detail"]
    assert served.ask("GET", "/healthz").status_code == 200


@pytest.mark.parametrize("solution", ["finance_fraud"])
def test_the_first_request_finds_all_compiled(services, solution):
    served = services(solution)
    began = time.perf_counter()
    served.predict({"rows": served.service.model.rows, "reasons": 3})
    assert time.perf_counter() - began < 3.0
    assert not served.logged("defect")
