"""A picture of 1,000 patients: one square each, coloured by what the model makes of them."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from shared.report.charts import LOSS, MODEL, stroke, svg
from shared.report.figures import finite

TOTAL, COLUMNS, STEP, SIDE = 1000, 50, 10, 8
COLORS = {"found": MODEL, "missed": LOSS, "false_alarms": "#E69F00", "cleared": "#d3dae2"}
HOLLOW = "missed"  # told apart without colour as well


def whole_parts(values: Sequence[float], total: int) -> list[int]:
    """Whole numbers near `values` that add up to `total`: the largest remainders are rounded up.

    Example:
        >>> whole_parts([47.6, 2.4, 71.2, 878.8], 1000)
        [48, 2, 71, 879]
    """
    floors = [int(value) for value in values]
    order = sorted(range(len(values)), key=lambda place: floors[place] - values[place])
    for place in order[: max(total - sum(floors), 0)]:
        floors[place] += 1
    return floors


def squares_of(each: Mapping) -> dict[str, int]:
    """How many of 1,000 squares each outcome takes; empty unless the four make up about 1,000."""
    found = [finite(each.get(name)) for name in COLORS]
    if None in found or min(found) < 0 or abs(sum(found) - TOTAL) > 2:
        return {}
    return dict(zip(COLORS, whole_parts([value * TOTAL / sum(found) for value in found], TOTAL)))


def pictogram(squares: Mapping[str, int], *, title: str, desc: str = "") -> Markup:
    """The squares in rows of fifty, in the order of `COLORS`; those missed are hollow.

    Example:
        >>> drawing = pictogram({"found": 48, "missed": 2, "false_alarms": 71, "cleared": 879}, title="All")
        >>> str(drawing)[:42]
        '<svg class="chart" viewBox="0 0 500 200" r'
    """
    body, start = [], 0
    for name, count in squares.items():
        for row, first, last in stretches(start, start + count):
            body.append(dashes(row, first, last, SIDE, COLORS[name]))
            if name == HOLLOW:
                body.append(dashes(row, first, last, SIDE - 4, "#fff"))
        start += count
    height = -(-start // COLUMNS) * STEP
    return svg(COLUMNS * STEP, max(height, STEP), title, "".join(body), desc=desc)


def stretches(start: int, stop: int) -> list[tuple[int, int, int]]:
    """The squares from `start` to before `stop` as `(row, first column, last column)`.

    Example:
        >>> stretches(48, 52)
        [(0, 48, 49), (1, 0, 1)]
    """
    rows = range(start // COLUMNS, -(-stop // COLUMNS)) if stop > start else []
    return [(row, max(start - row * COLUMNS, 0), min(stop - row * COLUMNS, COLUMNS) - 1) for row in rows]


def dashes(row: int, first: int, last: int, side: int, color: str) -> str:
    """Neighbouring squares as one dashed line, which keeps the page small."""
    margin = (STEP - side) / 2
    y, left = row * STEP + STEP / 2, first * STEP + margin
    right = last * STEP + margin + side
    return stroke(left, y, right, y, color=color, width=side, dash=f"{side} {STEP - side}")
