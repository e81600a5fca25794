"""Tables as plain HTML that looks right on light and dark pages, and as text."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from shared.notebook.outputs import Html

Cell = str | Mapping
"""A text, or a figure of the report: its `value` and `bounds`."""

NOWRAP = "white-space:nowrap"
LEFT, RIGHT = "text-align:left", f"text-align:right;{NOWRAP}"


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    title: str = "",
    words: int = 1,
    bold: Sequence[int] = (),
) -> Html:
    """A table; figures are written with their intervals below them.

    Args:
        heads: Of the columns.
        rows: Their cells.
        title: Stands above.
        words: So many of the first columns hold words and stand at the left, the others at the right; negative:
            all of them hold words.
        bold: Which rows are the reader's own.
    Example:
        >>> figure = {"value": ".60", "bounds": ".50 to .70"}
        >>> table(["Method", "AP"], [["This model", figure], ["Trees", ".58"]])
        Method | AP
        This model | .60 (.50 to .70)
        Trees | .58
        >>> ".50 to .70</small>" in table(["Method", "AP"], [["This model", figure]]).html
        True
    """
    count = len(heads) if words < 0 else words
    styles = [LEFT if place < count else RIGHT for place in range(len(heads))]
    head = "".join(
        f'<th style="{style.removesuffix(NOWRAP)}">{escape(text)}</th>' for style, text in zip(styles, heads)
    )
    body = "".join(
        "<tr>" + "".join(_cell(cell, style, place in bold) for style, cell in zip(styles, row)) + "</tr>"
        for place, row in enumerate(rows)
    )
    lines = [" | ".join(map(_plain, row)) for row in [heads, *rows]]
    above = f"<p><b>{escape(title)}</b></p>" if title else ""
    html = f"{above}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return Html(html, "\n".join([title, *lines] if title else lines))


def facts(title: str, pairs: Mapping[str, str]) -> Html | None:
    """Names and values as a table of two columns; None if there are none.

    Example:
        >>> facts("Costs", {"One review": "EUR 5"})
        Costs
        One review | EUR 5
    """
    if not pairs:
        return None
    body = "".join(
        f'<tr><td style="{LEFT}">{escape(name)}</td><td style="{RIGHT}">{escape(value)}</td></tr>'
        for name, value in pairs.items()
    )
    plain = "\n".join([title, *(f"{name} | {value}" for name, value in pairs.items())])
    return Html(f"<p><b>{escape(title)}</b></p><table><tbody>{body}</tbody></table>", plain)


def _cell(cell: Cell, style: str, bold: bool) -> str:
    if isinstance(cell, str):
        inner = escape(cell)
    else:
        low_high = Markup('<br><small style="{}">{}</small>')
        inner = escape(cell.get("value", "")) + (
            low_high.format(NOWRAP, cell["bounds"]) if cell.get("bounds") else ""
        )
    inner = Markup("<b>{}</b>").format(inner) if bold else inner
    return f'<td style="{style}">{inner}</td>'


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    bounds = f" ({cell['bounds']})" if cell.get("bounds") else ""
    return f"{cell.get('value', '')}{bounds}"
