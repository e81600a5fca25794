"""Who may ask: API keys, of which only hashes are kept."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from shared.errors import ConfigError, Fault

VARIABLE = "VERTICALS_API_KEYS"
HASH = re.compile(r"[0-9a-f]{64}")
PREFIX = "vk_"


class Keys:
    """The keys of a service, by the SHA-256 of each; none at all means that everyone may ask.

    Args:
        names: Name of each key by its hash.
    Example:
        >>> keys = Keys({hashed("vk_secret"): "acme"})
        >>> keys.name_of("vk_secret"), keys.name_of("vk_other"), bool(Keys({}))
        ('acme', None, False)
    """

    def __init__(self, names: Mapping[str, str]):
        self._names = dict(names)

    def __bool__(self) -> bool:
        return bool(self._names)

    def name_of(self, key: str) -> str | None:
        """The name of a key; None if it is none. Every hash is compared, so that the time tells nothing."""
        mine, found = hashed(key), None
        for each, name in self._names.items():
            if hmac.compare_digest(mine, each):
                found = name
        return found

    @classmethod
    def load(cls, file: str | None, environment: Mapping[str, str] = os.environ) -> "Keys":
        """The keys of a file, else those of the environment variable VERTICALS_API_KEYS.

        One key a line, `HASH NAME`, as `verticals serve --new-key` prints it; in the variable also separated by commas.

        Raises:
            ConfigError: If the file cannot be read, or a line is no such line.
        """
        if file is None:
            return cls(_parsed(environment.get(VARIABLE, "").replace(",", "\n"), VARIABLE))
        try:
            found = _parsed(Path(file).read_text(encoding="utf-8"), file)
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text in UTF-8"
            raise ConfigError("the keys cannot be read", [Fault(text=f"{file}: {why}")]) from None
        if not found:
            text = f"{file} holds no key, and everyone could ask. Make one with `verticals serve --new-key`"
            raise ConfigError("the keys cannot be read", [Fault(text=text)])
        return cls(found)


def _parsed(text: str, source: str) -> dict[str, str]:
    names, faults = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        mark, _, name = line.partition(" ")
        if not HASH.fullmatch(mark) or not name.strip():
            wanted = "expected `HASH NAME`, as `verticals serve --new-key` prints it"
            faults.append(Fault(text=f"line {number} of {source} is no key; {wanted}"))
        names[mark] = name.strip()
    if faults:
        raise ConfigError("the keys cannot be read", faults)
    return names


def hashed(key: str) -> str:
    """SHA-256 of a key, as hexadecimal text. A key is 256 random bits, so that no salt or slow hash is needed."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def new_key() -> str:
    """A fresh random key.

    Example:
        >>> new_key().startswith("vk_"), len(new_key())
        (True, 46)
    """
    return PREFIX + secrets.token_urlsafe(32)


def presented(headers: Mapping[str, str]) -> str | None:
    """The key that came with a request, in `Authorization: Bearer` or `X-API-Key`.

    Example:
        >>> presented({"authorization": "Bearer abc"}), presented({"x-api-key": "abc"}), presented({})
        ('abc', 'abc', None)
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return headers.get("x-api-key") or None
