import asyncio
from types import SimpleNamespace

import pytest
import uvicorn

from shared.serve import connections
from shared.serve.connections import Connection
from shared.serve.settings import VARIABLE, ServeSettings


async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def served(talk, monkeypatch, **limits):
    """Gives `talk` a reader and a writer of a connection with short limits."""
    monkeypatch.setenv(VARIABLE, ServeSettings("nowhere").to_json())
    monkeypatch.setattr(Connection, "headers_seconds", limits.get("headers", 5.0))
    monkeypatch.setattr(connections, "body_seconds", lambda: limits.get("body", 5.0))
    config = uvicorn.Config(application, http=Connection, lifespan="off", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()
    made = []

    def protocol():
        made.append(Connection(config, state, {}))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    try:
        return await talk(SimpleNamespace(reader=reader, writer=writer, made=made))
    finally:
        writer.close()
        server.close()


async def ends(reader):
    """Whether the other side closes soon."""
    try:
        async with asyncio.timeout(2):
            while await reader.read(1000):
                pass
        return True
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_request_that_never_arrives_is_closed(monkeypatch, sent):
    async def talk(open):
        open.writer.write(sent)
        return await ends(open.reader)

    assert asyncio.run(served(talk, monkeypatch, headers=0.2))


def test_a_body_that_goes_on_after_its_answer_is_closed(monkeypatch):
    async def talk(open):
        open.writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n{")
        assert (await open.reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        return await ends(open.reader)

    assert asyncio.run(served(talk, monkeypatch, body=0.2))


def test_requests_that_arrive_are_answered_one_after_the_other(monkeypatch):
    async def talk(open):
        for _ in range(3):
            open.writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await open.reader.readuntil(b"ok")
            await asyncio.sleep(0.15)
        return not open.reader.at_eof()

    assert asyncio.run(served(talk, monkeypatch, headers=0.1, body=0.1))


def test_a_request_on_its_way_when_the_service_ends_is_answered_and_closed(monkeypatch):
    async def talk(open):
        open.writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await open.reader.readuntil(b"ok")
        open.made[0].shutdown()
        open.writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        reply = await open.reader.readuntil(b"ok")
        return b"connection: close" in reply and await ends(open.reader)

    assert asyncio.run(served(talk, monkeypatch))


def test_an_idle_connection_is_closed_a_moment_after_the_service_ends(monkeypatch):
    async def talk(open):
        await asyncio.sleep(0.05)
        open.made[0].shutdown()
        return await ends(open.reader)

    assert asyncio.run(served(talk, monkeypatch))
