"""The processes of a service: one, or a parent that watches over several workers."""

import os
import shutil
import signal
import socket
import tempfile
from importlib.util import find_spec
from pathlib import Path

from shared.bundle import read_facts, without_model
from shared.errors import BundleError, ConfigError, Fault, MissingExtraError, VerticalsError
from shared.serve.keys import Keys
from shared.serve.settings import VARIABLE, ServeSettings

PACKAGES = ("fastapi", "uvicorn", "httptools", "prometheus_client", "python_multipart")
APPLICATION = "shared.serve.app:create"
GRACE = 5  # seconds beyond the limit of one request that a shutdown waits
PATIENCE = 60  # seconds that a worker may be too busy (loading) to answer its parent


def refuse(settings: ServeSettings) -> None:
    """Says before anything is started why a service could not run.

    Raises:
        MissingExtraError: If its packages are not installed.
        BundleError: If the bundle is damaged, or keeps no profile though sketches are asked for.
        ConfigError: If others could reach it and there are no keys, or a file or folder is not there.
    """
    for package in PACKAGES:
        if find_spec(package) is None:
            raise MissingExtraError(package, extra="serve", purpose="serving a bundle")
    for package in ("onnx", "onnxruntime", "tf2onnx"):
        if settings.runtime == "onnx" and find_spec(package) is None:
            raise MissingExtraError(package, extra="export", purpose="serving on ONNX Runtime")
    content = read_facts(settings.bundle)
    without_model(content)
    if settings.sketches is not None:
        from shared.monitoring.monitor import profile_of
        from shared.run import refuse_unwritable

        profile_of(content, settings.bundle)
        refuse_unwritable(Path(settings.sketches))
    if not Keys.load(settings.keys) and not settings.loopback:
        text = (
            f"--host is {settings.host}, which others can reach, and there are no API keys. "
            "Make one with `verticals serve --new-key`, and name the file with --keys"
        )
        raise ConfigError("the service cannot be started", [Fault(text=text)])
    if settings.history is not None and not Path(settings.history).exists():
        fault = Fault(text=f"--history: there is no file `{settings.history}`")
        raise ConfigError("the service cannot be started", [fault])


def listening(settings: ServeSettings) -> socket.socket:
    """The socket that all workers share.

    Raises:
        ConfigError: If the address is in use, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((settings.host, settings.port))
        sock.listen(2048)
    except (OSError, UnicodeError) as error:
        sock.close()
        why = getattr(error, "strerror", None) or str(error)
        text = f"{settings.host}:{settings.port}: {why}. Give another --host or --port"
        raise ConfigError("the service cannot be started", [Fault(text=text)]) from None
    sock.set_inheritable(True)
    return sock


def serve(settings: ServeSettings, sock: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT; accepted requests are answered first.

    Args:
        sock: Of `listening`.
    Raises:
        BundleError: If the bundle cannot be loaded after all.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from shared.serve.app import STARTUP_FAILURE, started
    from shared.serve.connections import Connection

    os.environ[VARIABLE] = settings.to_json()
    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(settings.max_seconds) + GRACE,
        timeout_worker_healthcheck=PATIENCE,
    )
    if settings.workers > 1:
        with _shared_figures():
            workers = Multiprocess(config, sockets=[sock])
            workers.run()
        if any(each.exitcode == STARTUP_FAILURE for each in workers.processes):
            raise BundleError(f"{settings.bundle} could not be served; the lines above say why")
        return
    for each in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again at the end: it was no failure
        signal.signal(each, lambda number, frame: None)
    uvicorn.Server(config).run(sockets=[sock])
    failure = started[-1].failure if started else None
    if isinstance(failure, VerticalsError):
        raise failure
    if failure is not None:
        raise BundleError(f"{settings.bundle} could not be served ({type(failure).__name__})") from failure


class _shared_figures:
    """A folder in which the workers of this service keep what Prometheus is told."""

    def __enter__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="verticals-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._folder

    def __exit__(self, *_) -> None:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        shutil.rmtree(self._folder, ignore_errors=True)
