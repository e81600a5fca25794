"""The error of a file that cannot be read as a table."""

from shared.errors import ContractError, Fault


def refuse(source: str, text: str, *, row: int | None = None) -> ContractError:
    """The error of a file that is no table: what was found, and the way out.

    Example:
        >>> print(refuse("a.csv", "the file is empty"))
        a.csv cannot be read (1 fault):
          the file is empty
    """
    return ContractError(f"{source} cannot be read", [Fault(text=text, row=row)])
