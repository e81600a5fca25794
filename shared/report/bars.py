"""Bars and small interval marks as inline SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from shared.report.charts import INK, MODEL, MUTED, WIDTH, fit_text, stroke, svg, text, text_width
from shared.report.figures import finite, parts
from shared.report.scales import Scale, limits


@dataclass
class Bar:
    """One horizontal bar with an optional interval and the text that stands at its right.

    `pieces`, each a size and a colour, part the bar from zero on; the figure then only says how far the
    interval reaches.
    """

    label: str
    figure: Mapping | float | None
    shown: str = ""
    color: str = MODEL
    pieces: Sequence[tuple[float | None, str]] = ()


def bar_chart(
    bars: Sequence[Bar], *, title: str, desc: str = "", width: int = WIDTH, above: bool = False
) -> Markup:
    """Horizontal bars from zero, to the left if negative, with intervals as thin lines.

    Labels stand at the left, or `above` their bars where there is little room.

    Example:
        >>> drawing = bar_chart([Bar("risk", {"value": .3, "low": .2, "high": .4}, ".300")], title="Drop")
        >>> str(drawing).count("<rect")
        1
    """
    side = min(max((text_width(bar.label) for bar in bars), default=0) + 10, width * 0.55) if not above else 2
    end = max((text_width(bar.shown) for bar in bars), default=0) + 8
    reach = [number for bar in bars for number in parts(bar.figure)]
    reach += [end for bar in bars for _, end, _ in stretches(bar)]
    low, high = limits([number for number in reach if number is not None], zero=True)
    x, row, top = Scale(low, high, side, width - end), 38 if above else 24, 16 if above else 0
    body = []
    for place, bar in enumerate(bars):
        middle, (_, start, stop) = place * row + top + 14, parts(bar.figure)
        if above:
            body.append(text(2, middle - 12, fit_text(bar.label, width - 4), fill=INK))
        else:
            body.append(text(side - 8, middle + 4, fit_text(bar.label, side - 8), anchor="end", fill=INK))
        body += [block(x, *ends, middle) for ends in stretches(bar)]
        if start is not None and stop is not None:
            body.append(whisker(x(start), x(stop), middle))
        body.append(text(width, middle + 4, bar.shown, anchor="end", fill=INK))
    tall = len(bars) * row + 4
    for place in range(len(bars)):
        middle = place * row + top + 14
        reach = 9 if above else 12
        body.append(stroke(x(0), middle - reach, x(0), middle + reach, color=MUTED))
    return svg(width, tall, title, "".join(body), desc=desc)


def stretches(bar: Bar) -> list[tuple[float, float, str]]:
    """Where each coloured part of a bar starts and ends, and its colour."""
    value, found, start = parts(bar.figure)[0], [], 0.0
    for size, color in [(finite(size), color) for size, color in bar.pieces]:
        if size:
            found.append((start, start + size, color))
            start += size
    return found or ([] if value is None else [(0, value, bar.color)])


def block(x: Scale, start: float, stop: float, color: str, middle: float) -> str:
    """One coloured part of a bar."""
    a, b = sorted((x(start), x(stop)))
    return f'<rect x="{a:g}" y="{middle - 7:g}" width="{b - a:.1f}" height="14" fill="{color}"/>'


def whisker(start: float, stop: float, y: float) -> str:
    """An interval: a thin line with a short cross-line at each end."""
    ends = "".join(stroke(place, y - 3, place, y + 3, color=INK, width=1.2) for place in (start, stop))
    return stroke(start, y, stop, y, color=INK, width=1.2) + ends


def interval_mark(figure, domain: tuple[float, float], *, title: str, mark: float | None = None,
                  color: str = MODEL, width: int = 100) -> Markup:  # fmt: skip
    """A dot on a thin line for one table cell: value, interval, and a vertical mark to compare with.

    A value beyond the domain becomes a triangle at that end.
    """
    value, low, high = parts(figure)
    if value is None:
        return Markup("")
    x = Scale(*domain, 5, width - 5)
    body = stroke(5, 8, width - 5, 8)
    if mark is not None and domain[0] <= mark <= domain[1]:
        body += stroke(x(mark), 1, x(mark), 15, color=MUTED, width=1.2)
    if not domain[0] <= value <= domain[1]:
        tip, back = (width - 1, width - 9) if value > domain[1] else (1, 9)
        body += f'<path d="M{tip} 8L{back} 4V12Z" fill="{color}"/>'
        return svg(width, 16, title, body, css="mark")
    if low is not None and high is not None:
        body += stroke(x(max(low, domain[0])), 8, x(min(high, domain[1])), 8, color=color, width=2.4)
    body += f'<circle cx="{x(value):g}" cy="8" r="3.5" fill="{color}" stroke="#fff"/>'
    return svg(width, 16, title, body, css="mark")
