"""Which of a customer's columns plays a role, where the mapping names several."""

from collections.abc import Container, Mapping, Sequence


def column_of(
    columns: Mapping[str, str | Sequence[str]], role: str, names: Container[str] | None = None
) -> str:
    """The column of a role: of alternatives the first among `names`, without any the first.

    Args:
        columns: The customer's column by role, or several; a role that is not mapped has its own name.
        names: Columns of a table.
    Example:
        >>> column_of({"item": ["StockCode", "Description"]}, "item", ["Description", "Price"])
        'Description'
    """
    column = columns.get(role, role)
    if isinstance(column, str):
        return column
    return next((name for name in column if names is None or name in names), column[0])
