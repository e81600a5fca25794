"""Reads nested metrics of which any entry may be missing or of another kind."""

from collections.abc import Mapping

from shared.report.figures import parts


def mapping(value) -> Mapping:
    """`value` if it is a dictionary, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value) -> list:
    """The entries of a list that hold something; empty if `value` is no list."""
    return [each for each in value if each] if isinstance(value, list | tuple) else []


def entry(value, path: str):
    """The entry at a path of nested dictionaries, or None.

    Example:
        >>> entry({"data": {"rows": 3}}, "data.rows"), entry({"data": None}, "data.rows")
        (3, None)
    """
    for key in path.split("."):
        value = mapping(value).get(key)
    return value


def known(figure) -> bool:
    """Whether there is a number in `{"value", "low", "high"}` or in a bare number."""
    return parts(figure)[0] is not None
