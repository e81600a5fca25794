"""Charts as inline SVG, written by hand: small, sharp in print, and their text stays text.

Every function returns a complete `<svg>` element that scales with its container. Colours are those of
Okabe & Ito, 2008 (https://jfly.uni-koeln.de/color/), told apart by the colour-blind; lines differ in
their dashes as well, so that they can be told apart in black and white.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from markupsafe import Markup, escape

from shared.report.bands import Band, draw_band
from shared.report.figures import clip, finite
from shared.report.scales import Scale

WIDTH, HEIGHT = 400, 275
INK, MUTED, GRID = "#1f2933", "#52606d", "#e4e7eb"
MODEL, LOSS = "#0072B2", "#D55E00"
STYLES = {
    "model": (MODEL, ""),
    "gradient_boosting": ("#D55E00", "6 3"),
    "random_forest": ("#009E73", "2 3"),
    "logistic_regression": ("#CC79A7", "8 3 2 3"),
    "blend": ("#E69F00", "10 3"),
    "valid": ("#D55E00", "6 3"),
    "seasonal_naive": ("#009E73", "2 3"),
    "naive": ("#6b7280", "3 4"),
    "moving_average": ("#E69F00", "10 3"),
    "croston": ("#56B4E9", "4 2"),
    "tsb": ("#a08a00", "1 3"),
    "auto_ets": ("#CC79A7", "8 3 2 3"),
    "auto_theta": ("#8c564b", "9 2 1 2"),
}
OTHERS = [("#7b8794", "3 4"), ("#56B4E9", "4 2"), ("#a08a00", "1 3"), ("#8c564b", "9 2 1 2")]


def style_of(name: str, place: int = 0) -> tuple[str, str]:
    """Colour and dashes of a method, the same in every chart; `place` picks one for the unknown."""
    return STYLES.get(name) or OTHERS[place % len(OTHERS)]


@dataclass
class Line:
    """One curve: points, name, look."""

    label: str
    x: Sequence
    y: Sequence
    color: str = MODEL
    dash: str = ""
    width: float = 1.8

    @cached_property
    def points(self) -> list[tuple[float, float]]:
        """The points of which both coordinates are numbers."""
        pairs = zip(map(finite, self.x), map(finite, self.y))
        return [(x, y) for x, y in pairs if x is not None and y is not None]


@dataclass
class Dot:
    """One marked point, with a whisker from `low` to `high` if given."""

    x: float
    y: float
    label: str = ""
    low: float | None = None
    high: float | None = None
    color: str = MODEL
    radius: float = 3.5


@dataclass
class Axis:
    """Label, bounds and tick format of one axis; `marks` are ticks `(at, label)` chosen by the caller."""

    label: str
    low: float
    high: float
    write: Callable[[float], str] = str
    log: bool = False
    marks: Sequence[tuple[float, str]] = ()


@dataclass
class Frame:
    """What a chart shows besides its lines: `rulers` are dashed guide lines `(axis, at, label)`; lines are
    named beside their ends unless `named` is false, where a legend outside of the chart does it."""

    x: Axis
    y: Axis
    dots: Sequence[Dot] = ()
    rulers: Sequence[tuple[str, float, str]] = ()
    diagonal: str | None = None
    size: tuple[int, int] = field(default=(WIDTH, HEIGHT))
    bands: Sequence[Band] = ()
    named: bool = True


def text_width(text: str, size: float = 11.5) -> float:
    """Estimated width in pixels: a Chinese character is as wide as high, a Latin one about half."""
    return sum(size if ord(letter) > 0x2E7F else size * 0.56 for letter in text)


def fit_text(text: str, width: float, size: float = 11.5) -> str:
    """`text`, shortened so that it fits into `width` pixels."""
    while len(text) > 2 and text_width(text, size) > width:
        text = clip(text, len(text) - 1)
    return text


def svg(width: float, height: float, title: str, body: str, *, desc: str = "", css: str = "chart") -> Markup:
    """The `<svg>` element around a drawing, named for screen readers."""
    label = escape(f"{title}. {desc}" if desc else title)
    return Markup(
        f'<svg class="{css}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">'
        f"<title>{escape(title)}</title>" + (f"<desc>{escape(desc)}</desc>" if desc else "") + f"{body}</svg>"
    )


def text(
    x: float, y: float, words: str, *, anchor: str = "start", fill: str = MUTED, bold: bool = False
) -> str:
    """Words at a place of a drawing, escaped."""
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{fill}"{weight}>{escape(words)}</text>'


def stroke(x1, y1, x2, y2, *, color: str = GRID, width: float = 1, dash: str = "") -> str:
    """A straight line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    place = f'x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"'
    return f'<line {place} stroke="{color}" stroke-width="{width:g}"{dashes}/>'


def thin(pixels: list[tuple[float, float]], most: int = 400) -> list[tuple[float, float]]:
    """Drops points nearer than .8 pixel to the last one kept, then keeps every n-th: a curve stays small."""
    kept = pixels[:1]
    for x, y in pixels[1:]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= 0.8:
            kept.append((x, y))
    step = -(-len(kept) // most)
    return kept[::step] + (pixels[-1:] if pixels and kept[::step][-1] != pixels[-1] else [])


def spread(places: list[float], gap: float, top: float, bottom: float) -> list[float]:
    """Moves label heights apart to at least `gap`, in order, between `top` and `bottom`."""
    order = sorted(range(len(places)), key=lambda n: places[n])
    out = list(places)
    for before, after in zip([None, *order], order):
        floor = top if before is None else out[before] + gap
        out[after] = max(out[after], floor)
    ceiling = bottom
    for place in reversed(order):
        out[place] = min(out[place], ceiling)
        ceiling = out[place] - gap
    return out


def line_chart(lines: Sequence[Line], frame: Frame, *, title: str, desc: str = "") -> Markup:
    """Curves in a frame, each named beside its right end.

    Example:
        >>> frame = Frame(Axis("day", 0, 2), Axis("cost", 0, 9))
        >>> str(line_chart([Line("ours", [0, 1, 2], [9, 4, 1])], frame, title="Cost"))[:42]
        '<svg class="chart" viewBox="0 0 400 275" r'
    """
    width, height = frame.size
    lines = [line for line in lines if line.points]
    named = [fit_text(line.label, 124) for line in lines] if len(lines) > 1 and frame.named else []
    right = max((text_width(label) for label in named), default=-8) + 30
    ticks = [frame.y.write(tick) for tick in Scale(frame.y.low, frame.y.high, 0, 1, frame.y.log).ticks()]
    left = max([text_width(tick) for tick in ticks] + [16]) + 10
    x = Scale(frame.x.low, frame.x.high, left, width - right, frame.x.log)
    y = Scale(frame.y.low, frame.y.high, height - (42 if frame.x.label else 26), 28, frame.y.log)
    body = [grid(frame, x, y)]
    inner = [draw_band(band, x, y) for band in frame.bands]
    inner += [diagonal(frame, x, y)] if frame.diagonal else []
    for line in reversed(lines):
        path = "L".join(f"{px:g} {py:g}" for px, py in thin([(x(a), y(b)) for a, b in line.points]))
        dashes = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        inner.append(f'<path d="M{path}" stroke="{line.color}" stroke-width="{line.width:g}"{dashes}/>')
    clipped = f'<svg x="{x.start - 2:g}" y="26" width="{x.stop - x.start + 4:g}" height="{y.start - 24:g}"'
    view = f' viewBox="{x.start - 2:g} 26 {x.stop - x.start + 4:g} {y.start - 24:g}" overflow="hidden">'
    body.append(f'{clipped}{view}<g fill="none" stroke-linejoin="round">{"".join(inner)}</g></svg>')
    body += [
        draw_dot(Dot(*line.points[0], color=line.color), x, y) for line in lines if len(line.points) == 1
    ]
    body += [ruler(each, x, y) for each in frame.rulers] + [draw_dot(dot, x, y) for dot in frame.dots]
    body.append(line_names(lines, named, x, y))
    return svg(width, height, title, "".join(body), desc=desc)


def grid(frame: Frame, x: Scale, y: Scale) -> str:
    """The ticks of both axes, with their lines and names."""
    out = []
    for tick in y.ticks():
        out += [stroke(x.start, y(tick), x.stop, y(tick))]
        out += [text(x.start - 7, y(tick) + 4, frame.y.write(tick), anchor="end")]
    room, last = x.stop - x.start, -1e9
    ticks = [(tick, frame.x.write(tick)) for tick in x.ticks(5 if room > 240 else 4)]
    for tick, label in frame.x.marks or ticks:
        out.append(stroke(x(tick), y.start, x(tick), y.start + 4, color=MUTED))
        half = text_width(label) / 2
        place = min(max(x(tick), half), frame.size[0] - half)
        if place - half > last:
            out.append(text(place, y.start + 17, label, anchor="middle"))
            last = place + half + 4
    out.append(stroke(x.start, y.start, x.stop, y.start, color=MUTED))
    out.append(text(2, 13, frame.y.label, fill=INK))
    out.append(text((x.start + x.stop) / 2, y.start + 36, frame.x.label, anchor="middle", fill=INK))
    return "".join(out)


def diagonal(frame: Frame, x: Scale, y: Scale) -> str:
    """The line on which both axes are equal, with its name."""
    low, high = max(frame.x.low, frame.y.low), min(frame.x.high, frame.y.high)
    place = x.start + 0.62 * (x(high) - x.start), y.start + 0.62 * (y(high) - y.start)
    named = f'<g stroke="none">{text(place[0] + 8, place[1] + 16, frame.diagonal)}</g>'
    return stroke(x(low), y(low), x(high), y(high), color="#7b8794", width=1.2, dash="4 3") + named


def ruler(each: tuple[str, float, str], x: Scale, y: Scale) -> str:
    """A dashed guide line with its name, kept inside the frame."""
    axis, at, label = each
    if axis == "x":
        place, right = x(at), x(at) > (x.start + x.stop) / 2
        named = text(place + (-5 if right else 5), 37, label, anchor="end" if right else "start", fill=INK)
        return stroke(place, 28, place, y.start, color=INK, dash="3 3") + named
    named = text(x.stop - 3, y(at) - 5, label, anchor="end", fill=INK)
    return stroke(x.start, y(at), x.stop, y(at), color="#7b8794", width=1.2, dash="3 3") + named


def draw_dot(dot: Dot, x: Scale, y: Scale) -> str:
    """A dot with its interval, if it has one."""
    out = ""
    if dot.low is not None and dot.high is not None:
        low, high = max(dot.low, y.low), min(dot.high, y.high)
        out = stroke(x(dot.x), y(low), x(dot.x), y(high), color=dot.color, width=1.4)
    out += (
        f'<circle cx="{x(dot.x):g}" cy="{y(dot.y):g}" r="{dot.radius:.1f}" fill="{dot.color}" stroke="#fff"/>'
    )
    if dot.label:
        right = x(dot.x) > (x.start + x.stop) / 2
        place = x(dot.x) + (-8 if right else 8)
        out += text(place, y(dot.y) + 4, dot.label, anchor="end" if right else "start", fill=INK)
    return out


def area(points: list[tuple[float, float]]) -> float:
    """Area under a curve by the trapezoid rule."""
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))


def line_names(lines: Sequence[Line], named: Sequence[str], x: Scale, y: Scale) -> str:
    """Names beside the right ends; stacked by the area below where the ends run together."""
    if not named:
        return ""
    ends = [min(max(y(line.points[-1][1]), y.stop), y.start) for line in lines]
    if max(ends) - min(ends) < 12 * (len(ends) - 1):
        areas = [area(line.points) for line in lines]
        order = sorted(range(len(lines)), key=lambda n: -areas[n])
        ends = [y.stop + 6 + 16 * order.index(n) for n in range(len(lines))]
    out = []
    for line, label, place in zip(lines, named, spread(ends, 16, y.stop + 4, y.start - 4)):
        out.append(stroke(x.stop + 6, place, x.stop + 22, place, color=line.color, width=2.4, dash=line.dash))
        out.append(text(x.stop + 26, place + 4, label, fill=INK, bold=line.width > 2))
    return "".join(out)
