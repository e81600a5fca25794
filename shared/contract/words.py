"""Words that messages share; nothing but Python is needed to say them."""

TOLD = ("item", "date", "quantity")
"""Columns of a wide table's long rows that the table itself does not have, so that no message may point at them."""


def count(number: int, noun: str) -> str:
    """`1 row`, `1,000 rows`.

    Example:
        >>> count(1, "row"), count(1000, "row")
        ('1 row', '1,000 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
