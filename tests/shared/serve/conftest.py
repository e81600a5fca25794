"""A service inside the test's own process: its event loop runs in a thread, requests come by ASGI."""

import asyncio
import json
import shutil
import threading
import time
from pathlib import Path

import httpx
import pytest

from shared.serve.app import application
from shared.serve.keys import Keys
from shared.serve.logs import Log
from shared.serve.service import Service
from shared.serve.settings import ServeSettings

BUNDLES = Path(__file__).resolve().parents[2] / "fixtures" / "bundles"
SOLUTIONS = ("finance_fraud", "healthcare_diagnosis", "retail_demand", "manufacturing_defects")


class Served:
    """A started service, asked as a client asks one."""

    def __init__(self, service, lines):
        self.service, self.lines = service, lines
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.app = application(service)
        self._life = self.app.router.lifespan_context(self.app)
        self._do(self._life.__aenter__())

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def wait(self):
        """Until the bundle is loaded."""
        return self.until(lambda: self.service.state != "starting")

    def until(self, done, seconds=120):
        """Waits for what happens in another thread."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "it took too long"
            time.sleep(0.02)
        return self

    def ask(self, method, path, **given):
        async def asked():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, **given)

        return self._do(asked())

    async def bare(self, scope, receive, send):
        """The application without its lifespan, for clients that would start and stop it themselves."""
        if scope["type"] != "lifespan":
            others = [each for each in scope["headers"] if each[0] not in (b"host", b"origin")]
            await self.app(scope | {"headers": [(b"host", b"localhost"), *others]}, receive, send)
            return
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})

    def predict(self, body, **given):
        if isinstance(body, bytes):
            given.setdefault("headers", {"content-type": "application/json"})
            return self.ask("POST", "/v1/predict", content=body, **given)
        return self.ask("POST", "/v1/predict", json=body, **given)

    def logged(self, event="request"):
        found = [json.loads(line) for line in self.lines]
        return [line for line in found if line["event"] == event]

    def stop(self):
        self._do(self._life.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="session")
def start():
    """Starts a service; all of them are stopped at the end."""
    running = []

    def started(folder, *, service=Service, keys=None, **settings):
        lines = []
        settings = ServeSettings(str(folder), **{"runtime": "tensorflow"} | settings)
        served = Served(service(settings, log=Log(lines.append), keys=keys or Keys({})), lines)
        running.append(served)
        return served.wait()

    yield started
    for served in running:
        served.stop()


@pytest.fixture(scope="session")
def services(start):
    """A service of each of the fixture bundles, started when it is first asked for."""
    found = {}

    def service(solution):
        if solution not in found:
            found[solution] = start(BUNDLES / solution / "bundle")
        return found[solution]

    return service


@pytest.fixture(scope="session")
def fraud(services):
    return services("finance_fraud")


class Idle(Service):
    """A service without a bundle: each answer takes as long as `seconds` says."""

    seconds = 0.0

    def _load(self):
        from types import SimpleNamespace

        import pandas as pd

        from shared.contract import Mapping
        from shared.serve.answered import Answered

        def answer(question):
            if isinstance(self.seconds, Exception):
                raise self.seconds
            time.sleep(self.seconds)
            return Answered(pd.DataFrame({"row": [1], "score": [0.5], "decision": ["pass"]}), [])

        pipeline = SimpleNamespace(mapping=Mapping())
        self.scoring = SimpleNamespace(
            answer=answer, asked=lambda question: None, store=None, pipeline=pipeline
        )
        self.model = SimpleNamespace(brief={"solution": "demo"}, to_dict=dict)


@pytest.fixture
def idle(start):
    """Starts a service that answers without a bundle."""
    return lambda **settings: start("nowhere", service=Idle, **settings)


@pytest.fixture
def bundle_copy(tmp_path):
    """A copy of the fraud bundle that may be damaged."""
    return Path(shutil.copytree(BUNDLES / "finance_fraud" / "bundle", tmp_path / "bundle"))
