"""Photos of a table: one of each class, with the fault outlined."""

import numpy as np

from shared.contract import Table
from shared.images.overlays import jpeg
from shared.imaging import ImagePipeline
from shared.notebook import language
from shared.notebook.cases import side_by_side
from shared.notebook.outputs import Outputs, Picture
from shared.notebook.tables import table as html_table

MOST_CLASSES, LONGEST = 6, 240
INK = np.array([255, 60, 0], np.uint8)  # of the outline


def plot_photos(pipeline: ImagePipeline, table: Table, *, lang: str = "en") -> Outputs:
    """One photo of each class, the good one first, with an outline where a mask says where the fault is.

    Args:
        pipeline: Of a solution on photos.
        table: The checked table.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    """
    words, figures = language.of_pipeline(pipeline, lang)
    photos, codes, classes = pipeline.features(table), pipeline.codes(table), pipeline.classes(table)
    rows = {name: np.flatnonzero(codes == code) for code, name in enumerate(classes)}
    shown = [(name, of) for name, of in rows.items() if len(of)][:MOST_CLASSES]
    pictures = [
        [jpeg(outlined(photos, _clearest(photos, of)), longest=LONGEST, quality=88)] for _, of in shown
    ]
    heads = [words("plot.class"), *(words.value("class_name", name) for name, _ in shown)]
    counts = [words("plot.count"), *(figures.count(len(of)) for _, of in shown)]
    title = words("plot.photos")
    return Outputs(html_table(heads, [counts], title=title, words=-1), Picture(side_by_side(pictures), title))


def _clearest(photos, rows: np.ndarray) -> int:
    """Of the first photos of a class the one with the largest mask: a fault that a reader can see."""
    masks = [photos.mask(int(row)) for row in rows[:8]]
    sizes = [0.0 if mask is None else float(mask.mean()) for mask in masks]
    return int(rows[int(np.argmax(sizes))])


def outlined(photos, row: int) -> np.ndarray:
    """A photo in colour, with the edge of its mask drawn, `(height, width, 3)`, uint8.

    Args:
        photos: `shared.images.inputs.PhotoInputs`.
        row: Which one.
    """
    photo = np.clip(photos.original(row), 0, 255).astype(np.uint8)
    photo = np.repeat(photo, 3, axis=-1) if photo.shape[-1] == 1 else photo[..., :3].copy()
    mask = photos.mask(row)
    if mask is not None:
        photo[edge(mask)] = INK
    return photo


def edge(mask: np.ndarray) -> np.ndarray:
    """The pixels just outside of a mask.

    Example:
        >>> edge(np.array([[False, False, False, False, True]])).tolist()
        [[False, False, False, True, False]]
    """
    from scipy.ndimage import binary_dilation

    mask = np.asarray(mask, bool)
    return binary_dilation(mask, np.ones((3, 3))) & ~mask
