"""The command `verticals serve`: a bundle behind HTTP."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from shared.cli_options import Earlier
from shared.errors import ConfigError, Fault

Served = Annotated[Optional[Path], typer.Argument(help="the folder `bundle` of a run, or what fit saved")]  # noqa: UP045
Host = Annotated[str, typer.Option(help="address to listen on; one that others can reach asks for --keys")]
Port = Annotated[int, typer.Option(help="port to listen on; 0: any that is free")]
Workers = Annotated[int, typer.Option(help="processes that answer")]
KeyFile = Annotated[Optional[Path], typer.Option(help="file of API keys, one HASH NAME a line")]  # noqa: UP045
Rows = Annotated[int, typer.Option(help="most rows of a request")]
Bytes = Annotated[str, typer.Option(help="most bytes of a request, such as 20MB")]
Seconds = Annotated[float, typer.Option(help="longest that a request may take")]
Queue = Annotated[int, typer.Option(help="requests that may wait in each worker")]
Store = Annotated[Optional[Path], typer.Option(help="folder where earlier rows are kept between requests")]  # noqa: UP045
Folder = Annotated[Path | None, typer.Option(help="folder for the sketches that `verticals monitor` reads")]
Runtime = Annotated[
    str, typer.Option(help="onnx, tensorflow, or auto: ONNX Runtime where it can run the network")
]
Lang = Annotated[str, typer.Option(help="language of texts where a request names none: en or zh")]
New = Annotated[
    bool, typer.Option("--new-key", help="print a fresh API key, and its line for the file of --keys")
]


def serve(
    bundle: Served = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    workers: Workers = 1,
    keys: KeyFile = None,
    max_rows: Rows = 10_000,
    max_bytes: Bytes = "20MB",
    max_seconds: Seconds = 30.0,
    queue: Queue = 64,
    store: Store = None,
    history: Earlier = None,
    sketches: Folder = None,
    runtime: Runtime = "auto",
    lang: Lang = "en",
    new_key: New = False,
) -> None:
    """Serves a bundle over HTTP: POST /v1/predict, GET /v1/model, and a page at /."""
    from shared.serve.server import listening, refuse
    from shared.serve.server import serve as carry_out
    from shared.serve.settings import ServeSettings, byte_count

    if new_key:
        _print_key()
        return
    if bundle is None:
        fault = Fault(text="name the folder of a bundle: verticals serve runs/acme/bundle")
        raise ConfigError("there is nothing to serve", [fault])
    settings = ServeSettings(
        bundle=str(bundle.absolute()),
        host=host,
        port=port,
        workers=workers,
        keys=_text(keys),
        max_rows=max_rows,
        max_bytes=byte_count(max_bytes),
        max_seconds=max_seconds,
        queue=queue,
        store=_text(store),
        history=_text(history),
        sketches=_text(sketches),
        runtime=runtime,
        lang=lang,
    )
    refuse(settings)
    sock = listening(settings)
    print(f"serving {bundle} at http://{_shown(sock)}/ (ctrl-c ends it)", flush=True)
    carry_out(settings, sock)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _shown(sock) -> str:
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _print_key() -> None:
    from shared.serve.keys import hashed, new_key

    key = new_key()
    mark = hashed(key)
    print(f"key, shown only now: {key}")
    print("line for the file of --keys (the name behind the hash is yours to choose):")
    print(f"{mark} key-{mark[:6]}")


commands = (serve,)
