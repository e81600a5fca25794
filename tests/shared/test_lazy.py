import sys
import types

import pytest

from shared.lazy import lazily


def test_a_name_is_found_once_and_kept(monkeypatch):
    package = types.ModuleType("a_package")
    monkeypatch.setitem(sys.modules, "a_package", package)
    find = lazily("a_package", {"NUMERIC": "shared.contract.prefixes"})
    assert not hasattr(package, "NUMERIC")
    assert find("NUMERIC") == package.NUMERIC == "numeric/"


def test_another_name_is_no_attribute():
    with pytest.raises(AttributeError, match="`?a_package'? has no attribute 'other'"):
        lazily("a_package", {})("other")
