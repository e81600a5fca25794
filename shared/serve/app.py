"""The addresses of a service. `create` is what each worker calls; it reads its settings from the environment."""

import contextlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from shared.serve.answered import Answered
from shared.serve.bodies import read_body
from shared.serve.logs import Log, take_over
from shared.serve.observing import Observed
from shared.serve.problems import REFUSALS, Problem
from shared.serve.questions import JSON, Question, parse_json, question_of, read_question
from shared.serve.service import READY, Service
from shared.serve.settings import ServeSettings

PAGE = Path(__file__).with_name("page")
HTML = "index.html"
SMALL = 65_536  # bytes of JSON that are read at once, and answered together with others
STARTUP_FAILURE = 3  # the exit code by which uvicorn's parent process knows that no worker will ever start


def create() -> FastAPI:
    """The application of one worker, with the settings of the environment variable VERTICALS_SERVE."""
    settings = ServeSettings.from_environment()
    limit_threads(settings.threads)
    log = Log()
    take_over(log)
    service = Service(settings, log=log)
    started.append(service)
    return application(service, ended=_end)


started: list[Service] = []
"""The services of this process, for `shared.serve.server` to ask why one ended."""


def _end(service: Service) -> None:
    """Ends a worker whose bundle cannot be loaded: alone by the way of a shutdown, else so that its parent ends too."""
    if service.settings.workers > 1:
        os._exit(STARTUP_FAILURE)
    os.kill(os.getpid(), signal.SIGTERM)


def limit_threads(threads: int) -> None:
    """So many threads for each computation, unless the environment says otherwise; before any library is loaded."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    for name in (*names, "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, str(threads))


def application(service: Service, *, ended: Callable[[Service], None] = lambda service: None) -> FastAPI:
    """The addresses of a service that is not started yet.

    Args:
        ended: Called if the bundle cannot be loaded.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI):
        loading = service.start()
        loading.add_done_callback(lambda _: ended(service) if service.failure is not None else None)
        if service.settings.workers > 1:  # which share a socket: one that is not ready must not take requests
            await loading
        yield
        await service.stop()

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.service = service
    app.add_middleware(Observed, service=service)
    app.add_exception_handler(HTTPException, _plain_problem)
    for path, method, handler in (
        ("/v1/predict", "POST", _predict),
        ("/v1/events", "POST", _events),
        ("/v1/model", "GET", _model),
        ("/openapi.json", "GET", _openapi),
        ("/healthz", "GET", _healthz),
        ("/readyz", "GET", _readyz),
        ("/metrics", "GET", _metrics),
        ("/", "GET", _page),
    ):
        app.add_route(path, handler, methods=[method], include_in_schema=False)
    if PAGE.is_dir():
        app.mount("/static", StaticFiles(directory=PAGE), name="static")
    return app


async def _plain_problem(request: Request, error: HTTPException) -> Response:
    """What the router refuses: no such address, no such method."""
    service, seen = request.app.state.service, request.scope["state"]["seen"]
    texts = {404: "there is no such address", 405: "this address has another method"}
    problem = Problem(
        error.status_code, texts.get(error.status_code, str(error.detail)), headers=error.headers
    )
    return problem.response(seen["id"], service.settings.lang)


async def _predict(request: Request) -> Response:
    service, seen = request.app.state.service, request.scope["state"]["seen"]
    service.refuse_unless_ready()
    body = await _body(request, service)
    kind, query = request.headers.get("content-type", ""), dict(request.query_params)
    as_csv, lang = wants_csv(request.headers.get("accept", "")), service.settings.lang

    def read() -> Question:
        return read_question(kind, body, query, lang=lang)

    if len(body) <= SMALL and kind.startswith(JSON):
        try:
            question = read()
            lang = question.lang
            answered = await service.together(question)
        except REFUSALS as error:
            return _refusal(Problem.of(error), seen, lang)
        if answered is not None:
            return _reply(service, seen, answered, as_csv)
        return await service.run(lambda: _answer(service, seen, lambda: question, as_csv))
    return await service.run(lambda: _answer(service, seen, read, as_csv))


def wants_csv(accept: str) -> bool:
    """Whether a client asks for CSV, and not for JSON first.

    Example:
        >>> wants_csv("text/csv"), wants_csv("application/json, text/csv"), wants_csv("*/*")
        (True, False, False)
    """
    return "text/csv" in accept.partition(JSON)[0]


def _answer(service: Service, seen: dict, read: Callable[[], Question], as_csv: bool) -> Response:
    """A question to the reply, in one of the threads."""
    lang = service.settings.lang
    try:
        question = read()
        lang = question.lang
        answered = service.scoring.answer(question)
    except REFUSALS as error:
        return _refusal(Problem.of(error), seen, lang)
    return _reply(service, seen, answered, as_csv)


def _reply(service: Service, seen: dict, answered: Answered, as_csv: bool) -> Response:
    from shared.serve.replies import to_csv, to_json

    seen["rows"] = answered.rows
    if as_csv:
        reply = Response(to_csv(answered), media_type="text/csv; charset=utf-8")
    else:
        simulated = service.scoring.pipeline.mapping.simulated
        content = to_json(answered, request_id=seen["id"], model=service.model.brief, simulated=simulated)
        reply = Response(content, media_type=JSON)
    service.answered(answered)
    return reply


def _refusal(problem: Problem, seen: dict, lang: str) -> Response:
    seen["faults"] = len(problem.faults) or None
    return problem.response(seen["id"], lang)


async def _body(request: Request, service: Service) -> bytes:
    settings = service.settings
    with service.reading():
        return await read_body(request, most_bytes=settings.max_bytes, most_seconds=settings.max_seconds)


async def _events(request: Request) -> Response:
    """Earlier rows for the store."""
    service, seen = request.app.state.service, request.scope["state"]["seen"]
    service.refuse_unless_ready()
    if service.settings.store is None:
        raise Problem(404, "there is no store of earlier rows. Start the service with --store FOLDER")
    body = await _body(request, service)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Problem(415, f"expected {JSON}")

    def keep() -> Response:
        try:
            question = question_of(parse_json(body), {"lang": service.settings.lang})
            seen["rows"] = service.scoring.remember(question)
        except REFUSALS as error:
            return _refusal(Problem.of(error), seen, service.settings.lang)
        return JSONResponse({"request_id": seen["id"], "rows": seen["rows"]})

    return await service.run(keep)


async def _model(request: Request) -> Response:
    service = request.app.state.service
    service.refuse_unless_ready()
    content = json.dumps(service.model.to_dict(), ensure_ascii=False, default=str).encode("utf-8", "replace")
    return Response(content, media_type=JSON)


async def _openapi(request: Request) -> Response:
    service = request.app.state.service
    service.refuse_unless_ready()
    return JSONResponse(service.openapi)


async def _healthz(request: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def _readyz(request: Request) -> Response:
    state = request.app.state.service.state
    return JSONResponse({"status": state}, 200 if state == READY else 503)


async def _metrics(request: Request) -> Response:
    return Response(
        request.app.state.service.measures.text(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


async def _page(request: Request) -> Response:
    if not (PAGE / HTML).is_file():
        raise Problem(404, "this installation has no page. Ask /v1/model and /v1/predict")
    return FileResponse(PAGE / HTML)
