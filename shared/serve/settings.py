"""How a service is run; workers are told by one environment variable."""

import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from shared.errors import ConfigError, Fault

VARIABLE = "VERTICALS_SERVE"
RUNTIMES = ("auto", "onnx", "tensorflow")


@dataclass(frozen=True)
class ServeSettings:
    """What `verticals serve` was told.

    Args:
        bundle: Folder of the bundle.
        host, port: Where it listens.
        workers: Processes.
        keys: File of API keys; None: those of the environment, if any.
        max_rows: Most rows of one request.
        max_bytes: Most bytes of one request's body.
        max_seconds: Longest that a body may take to arrive, and longest that an answer may take.
        queue: Requests that may wait in each worker; more are sent away with 429.
        store: Folder where earlier rows are kept between requests; None: they are not.
        history: File of earlier rows, which requests without a history of their own look back on.
        sketches: Folder for the sketches that `verticals monitor` reads; None: none are written.
        runtime: "onnx", "tensorflow", or "auto": ONNX Runtime where it is installed and the network can be exported.
        lang: Of texts where a request names no language, "en" or "zh".
    Example:
        >>> settings = ServeSettings("runs/acme/bundle", port=9000)
        >>> ServeSettings.from_environment({VARIABLE: settings.to_json()}) == settings
        True
    """

    bundle: str
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    keys: str | None = None
    max_rows: int = 10_000
    max_bytes: int = 20_000_000
    max_seconds: float = 30.0
    queue: int = 64
    store: str | None = None
    history: str | None = None
    sketches: str | None = None
    runtime: str = "auto"
    lang: str = "en"

    def __post_init__(self):
        faults = [
            Fault(text=f"--{name.replace('_', '-')} is {getattr(self, name)}; expected {least} or more")
            for name, least in (("workers", 1), ("max_rows", 1), ("max_bytes", 1000), ("queue", 1))
            if getattr(self, name) < least
        ]
        if not 0 < self.max_seconds <= 3600:
            faults.append(Fault(text=f"--max-seconds is {self.max_seconds:g}; expected 0 to 3600"))
        if not 0 <= self.port <= 65_535:
            faults.append(Fault(text=f"--port is {self.port}; expected 0 to 65535"))
        for name, allowed in (("runtime", RUNTIMES), ("lang", ("en", "zh"))):
            if getattr(self, name) not in allowed:
                text = f"--{name} is `{getattr(self, name)}`; expected {', '.join(allowed)}"
                faults.append(Fault(text=text))
        if faults:
            raise ConfigError("the service cannot be started", faults)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    @property
    def threads(self) -> int:
        """Requests that a worker scores at once, and threads that compute one of them."""
        return max(1, (os.cpu_count() or 1) // self.workers)

    def to_json(self) -> str:
        """For `from_environment`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ServeSettings":
        """The settings that a worker was started with.

        Raises:
            ConfigError: If the variable is absent or damaged.
        """
        try:
            return cls(**json.loads(environment[VARIABLE]))
        except (KeyError, ValueError, TypeError) as error:
            text = f"the environment variable {VARIABLE} holds no settings ({type(error).__name__})"
            raise ConfigError("the service cannot be started", [Fault(text=text)]) from None


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("localhost")
        (True, True, False, True)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def byte_count(text: str) -> int:
    """A number of bytes as people write it.

    Raises:
        ConfigError: If it is none.
    Example:
        >>> byte_count("20MB"), byte_count("512 kB"), byte_count("1000000")
        (20000000, 512000, 1000000)
    """
    units = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "b": 1}
    plain = text.strip().lower().replace(" ", "")
    unit = next((unit for unit in units if plain.endswith(unit)), None)
    try:
        return int(float(plain.removesuffix(unit or "")) * units.get(unit, 1))
    except (ValueError, OverflowError):
        fault = Fault(text=f"--max-bytes is `{text}`; expected a size such as 20MB")
        raise ConfigError("the service cannot be started", [fault]) from None
