"""One figure as a table cell: value, interval, and both drawn on a fixed scale."""

from collections.abc import Sequence

from shared.report.cells import Cells
from shared.report.entries import known
from shared.report.figures import parts


def share_cell(cells: Cells, figure, title: str, *, domain: tuple[float, float] = (0, 1),
               mark: float | None = None, kind: str = "percent", sign: bool = False) -> dict:  # fmt: skip
    """A share in per cent, drawn from none to all unless told otherwise; `mark` is a value to compare with.

    Example:
        >>> from shared.report.figures import Figures
        >>> from shared.report.words import Words
        >>> cell = share_cell(Cells({}, Words("en"), Figures("en")), {"value": 0.95}, "Sensitivity")
        >>> cell["value"], cell["bounds"]
        ('95.0 %', '')
    """
    return {
        "value": cells.figures.value(figure, kind, sign=sign),
        "bounds": cells.figures.bounds(figure, kind, sign=sign),
        "award": "",
        "mark": cells.mark(figure, title, domain=domain, mark=mark) if known(figure) else "",
    }


def scale_of(figures: Sequence) -> tuple[float, float]:
    """The scale of shares that are drawn below each other: from one half if all lie above it, else from 0.

    Example:
        >>> scale_of([{"value": 0.9, "low": 0.8}, 0.7]), scale_of([0.9, 0.3])
        ((0.5, 1), (0, 1))
    """
    seen = [part for figure in figures for part in parts(figure) if part is not None]
    return (0.5, 1) if min(seen, default=0) >= 0.5 else (0, 1)
