"""Around every request: its id, its key, its log line, its figures, and a plain answer to what nobody expected."""

import secrets
import time
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from shared.serve.keys import presented
from shared.serve.problems import Problem
from shared.serve.service import Service

PATHS = ("/", "/v1/predict", "/v1/model", "/v1/events", "/healthz", "/readyz", "/metrics", "/openapi.json")
OPEN = ("/", "/healthz", "/readyz")
STATIC = "/static/"
LOCAL = ("127.0.0.1", "localhost", "::1")
GONE = 499  # the client was gone before it was answered
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
}


class Observed:
    """An ASGI application with a log line for each request."""

    def __init__(self, app, service: Service):
        self.app, self.service = app, service

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        shown = path if path in PATHS else STATIC if path.startswith(STATIC) else "other"
        seen: dict[str, Any] = {"id": secrets.token_hex(8), "status": 0}
        scope.setdefault("state", {})["seen"] = seen
        began = time.perf_counter()
        try:
            await self._answer(scope, receive, _told(send, seen, static=shown == STATIC))
        finally:
            seconds = time.perf_counter() - began
            self.service.measures.request(shown, seen["status"], seconds)
            facts = {name: value for name, value in seen.items() if name != "id"}
            self.service.log("request", request_id=seen["id"], path=shown, seconds=round(seconds, 6), **facts)

    async def _answer(self, scope, receive, send) -> None:
        seen = scope["state"]["seen"]
        try:
            self._admit(scope, seen)
            await self.app(scope, receive, send)
        except ClientDisconnect:
            seen["status"] = GONE
        except Problem as problem:
            await problem.response(seen["id"], self.service.settings.lang)(scope, receive, send)
        except Exception as error:
            self.service.log.defect(error, request_id=seen["id"])
            if not seen["status"]:
                problem = Problem(
                    500, "this is a defect of the service, not of your request. Its log says where"
                )
                await problem.response(seen["id"], self.service.settings.lang)(scope, receive, send)

    def _admit(self, scope, seen: dict[str, Any]) -> None:
        path, service = scope["path"], self.service
        if not service.keys:
            _refuse_strangers(Headers(scope=scope), service.settings.host)
        if not service.keys or path in OPEN or path.startswith(STATIC):
            return
        if path == "/metrics" and service.settings.loopback:
            return
        key = presented(Headers(scope=scope))
        name = None if key is None else service.keys.name_of(key)
        if name is None:
            what = "the key is not known" if key else "there is none"
            text = f"{what}. Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
            raise Problem(401, text, headers={"WWW-Authenticate": "Bearer"})
        seen["key"] = name


def _refuse_strangers(headers: Headers, host: str) -> None:
    """Without keys a service is for this machine: no page of another site may ask it through a browser here.

    Raises:
        Problem: 403 if the request names another host, as after a name was bound anew, or comes from another site.
    """
    named = _name_of(headers.get("host", ""))
    if named not in (*LOCAL, host, "") or (
        "origin" in headers and _name_of(headers["origin"].partition("//")[2]) not in (*LOCAL, host)
    ):
        raise Problem(
            403, f"without API keys only {', '.join(LOCAL)} are answered. Start the service with --keys"
        )


def _name_of(address: str) -> str:
    """The name in `name:port`, `[::1]:port`."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0]


def _told(send, seen: dict[str, Any], *, static: bool):
    """`send`, with the request's id and what keeps a browser safe among the headers; its status is noted.

    Files of the page are asked for again only if they have changed; answers are never kept.
    """

    async def sending(message) -> None:
        if message["type"] == "http.response.start":
            seen["status"] = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = seen["id"]
            if static:
                headers["cache-control"] = "no-cache"
            for name, value in SAFE.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
