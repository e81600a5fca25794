"""Packages whose public names are imported when they are asked for."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: what is never asked for is never imported.

    A light scorer reads single cells and runs an exported network, and has neither pandas nor Keras; a service
    starts without them in a second.

    Args:
        package: Its `__name__`.
        homes: The module of each public name.
    Example:
        >>> find = lazily("shared.contract", {"NUMERIC": "shared.contract.prefixes"})
        >>> find("NUMERIC")
        'numeric/'
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes[name]), name)
        if package in sys.modules:
            setattr(sys.modules[package], name, value)
        return value

    return find
