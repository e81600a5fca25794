"""Charts of the report, put together to one drawing that needs no style sheet."""

import re
from collections.abc import Sequence

from markupsafe import escape

from shared.notebook.outputs import Drawing
from shared.report.charts import INK, MUTED, fit_text, stroke, text, text_width

FONTS = (
    "'Segoe UI', 'Helvetica Neue', Arial, 'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', "
    "'PingFang SC', sans-serif"
)
MARGIN, TITLE, LEGEND, WIDEST = 14, 26, 24, 940
SIZE = re.compile(r'^<svg class="[^"]*" viewBox="0 0 ([\d.]+) ([\d.]+)"')


def drawing(
    charts: Sequence[tuple[str, str]], *, title: str = "", legend: Sequence[tuple] = (), columns: int = 2
) -> Drawing | None:
    """Charts beside each other, each below its title, on white: dark pages have no other ink.

    Args:
        charts: Title and `<svg>` of the report's charts.
        title: What a terminal shows; left out: the charts' titles.
        legend: `(colour, dashes, text)` of lines and areas, as in the report.
        columns: Charts a row.
    Returns:
        The drawing, None if there are no charts.
    Example:
        >>> from shared.report.bars import Bar, bar_chart
        >>> found = drawing([("Sales", bar_chart([Bar("Monday", 3.0, "3")], title="Sales"))])
        >>> found, found.svg[:38]
        ([Sales], '<svg xmlns="http://www.w3.org/2000/svg')
    """
    charts = [(name, str(svg), *_size(svg)) for name, svg in charts if svg]
    if not charts:
        return None
    body, width = _legend(legend)
    y = MARGIN + (LEGEND if legend else 0)
    for start in range(0, len(charts), columns):
        x, row = MARGIN, charts[start : start + columns]
        for name, svg, wide, high in row:
            head = f'<text x="{x:g}" y="{y + 14:g}" font-size="13" font-weight="600" fill="{INK}">'
            body += f"{head}{escape(fit_text(name, wide, 13))}</text>" if name else ""
            body += _placed(svg, x, y + (TITLE if name else 0), wide, high)
            x += wide + 2 * MARGIN
        width = max(width, x - MARGIN)
        y += max(high + (TITLE if name else 0) for name, _, _, high in row) + MARGIN
    said = title or "; ".join(name for name, *_ in charts)
    return Drawing(_standing(body, width, y, said), said)


def _standing(body: str, width: float, height: float, title: str) -> str:
    shown = min(1.0, WIDEST / width)  # within the column of a notebook
    size = f'width="{width * shown:.0f}" height="{height * shown:.0f}" viewBox="0 0 {width:g} {height:g}"'
    look = f'style="max-width:100%;height:auto" font-family="{FONTS}" font-size="11.5" fill="{MUTED}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look} role="img"><title>{escape(title)}</title>'
        f'<rect width="{width:g}" height="{height:g}" rx="6" fill="#ffffff"/>{body}</svg>'
    )


def _size(svg: str) -> tuple[float, float]:
    found = SIZE.match(str(svg))
    if found is None:
        raise ValueError(f"expected a chart of the report, found {str(svg)[:60]!r}")
    return float(found[1]), float(found[2])


def _placed(svg: str, x: float, y: float, width: float, height: float) -> str:
    place = (
        f'<svg x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    )
    return SIZE.sub(place, svg, count=1)


def _legend(entries: Sequence[tuple]) -> tuple[str, float]:
    """Samples of lines and areas in a row, each with its text; and how wide the drawing must be for them."""
    out, x, y, end = "", MARGIN, MARGIN + 4, 0.0
    for color, dash, words in entries:
        if dash in ("band", "block"):
            opacity = ' fill-opacity="0.22"' if dash == "band" else ""
            out += f'<rect x="{x:g}" y="{y - 6:g}" width="26" height="12" fill="{color}"{opacity}/>'
        else:
            out += stroke(x, y, x + 26, y, color=color, width=2.4, dash=dash)
        out += text(x + 32, y + 4, words, fill=INK)
        end = x + 32 + text_width(words) + MARGIN
        x = end - MARGIN + 22
    return out, end
