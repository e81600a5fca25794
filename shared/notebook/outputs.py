"""What a notebook shows: tables, words, drawings and pictures, each in the form that notebooks, GitHub and
terminals read. Nothing here imports IPython before it runs in a notebook."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Html:
    """A table or words, as HTML without a style sheet, since GitHub removes it.

    Args:
        html: What a notebook shows.
        plain: What a terminal shows.
    """

    html: str
    plain: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.plain


@dataclass(frozen=True)
class Drawing:
    """A drawing that stands alone.

    Args:
        svg: With its own background, size and fonts.
        title: What a terminal shows in its place.
    """

    svg: str
    title: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"[{self.title}]"


@dataclass(frozen=True)
class Picture:
    """Photos.

    Args:
        jpeg: The file's bytes.
        title: What a terminal shows in their place.
    """

    jpeg: bytes = field(repr=False)
    title: str

    def _repr_jpeg_(self) -> bytes:
        return self.jpeg

    def __repr__(self) -> str:
        return f"[{self.title}]"


class Outputs:
    """Several of these, one below the other; what is None is left out.

    Example:
        >>> Outputs(paragraph("one"), None, paragraph("two"))
        one
        two
    """

    def __init__(self, *parts: Html | Drawing | Picture | None):
        self.parts = tuple(part for part in parts if part is not None)

    def __iter__(self) -> Iterator[Html | Drawing | Picture]:
        return iter(self.parts)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for part in self.parts:
            display(part)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.parts))


def paragraph(text: str, *, bold: bool = False) -> Html | None:
    """One paragraph of plain words; None if there are none.

    Example:
        >>> paragraph("a < b").html
        '<p>a &lt; b</p>'
    """
    inner = Markup("<b>{}</b>").format(text) if bold else escape(text)
    return Html(f"<p>{inner}</p>", text) if text else None


def bullets(title: str, texts: Sequence[str]) -> Html | None:
    """A list under its title; None if there is nothing in it.

    Example:
        >>> bullets("Noticed", ["no header"])
        Noticed
          - no header
    """
    if not texts:
        return None
    items = Markup("").join(Markup("<li>{}</li>").format(text) for text in texts)
    plain = "\n".join([title, *(f"  - {text}" for text in texts)])
    return Html(f"<p><b>{escape(title)}</b></p><ul>{items}</ul>", plain)
