"""Three single cases of a run: one that is right, one that is wrong, one in doubt."""

import base64
import io
from collections.abc import Mapping, Sequence

from shared.notebook import language
from shared.notebook.drawings import drawing
from shared.notebook.outputs import Html, Outputs, Picture, paragraph
from shared.notebook.tables import table
from shared.report.diagnosis import KIND, Diagnosis
from shared.report.figures import Figures, finite
from shared.report.forecasts import Forecasts
from shared.report.inspection import KINDS, Inspection
from shared.report.sections import Sections
from shared.report.signals import Signals
from shared.report.words import Words

SHOWN = (("typical", "best", "typical_2"), ("worst",), ("new", "intermittent"))
"""Which of a run's forecasts stand for right, wrong and doubtful: the first that is there."""
GAP, SIDE = 12, 200  # pixels between photos, and of a photo's longer side


def show_cases(metrics: Mapping, *, lang: str = "en") -> Outputs:
    """A case that is right, one that is wrong and one in doubt, with what drove them where that is known.

    Args:
        metrics: What `fit_and_judge` returned.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> case = {"kind": "right", "row": 7, "score": 0.9, "decision": "block", "label": 1}
        >>> cases = [case | {"attributions": [{"feature": "amount", "contribution": 2.1}]}]
        >>> for part in show_cases({"cases": cases}).parts[:2]:
        ...     print(part)
         | Right
        Row | 7
        Score | .900
        Decision | Block
        Truth | positive (1)
        [Right: What moved this score]
    """
    words, figures = language.of_run(metrics, lang)
    found, metrics = (words, figures), _three(metrics)
    if metrics.get("kind") == KIND:  # a patient's image and signal stand beside what the table tells
        shown = [*_rows(metrics, *found), *_photos(Diagnosis(metrics, *found).images(), words)]
        shown += _signals(metrics, *found)
    else:
        shown = _forecasts(metrics, *found) or _photos(Inspection(metrics, *found).gallery(), words)
        shown = shown or _rows(metrics, *found)
    return Outputs(*shown) if shown else Outputs(paragraph(words("notebook.no_cases")))


def _three(metrics: Mapping) -> Mapping:
    """One photo and one signal of each kind: of those that are right the one with the highest score, since a
    good part or a healthy patient has nothing to show; of the others the first."""
    picked = {}
    for key in ("gallery", "signals"):
        given = [each for each in metrics.get(key) or [] if each]
        given.sort(key=lambda each: -(finite(each.get("score")) or 0) if each.get("kind") == "right" else 0)
        first = {each.get("kind"): each for each in reversed(given)}
        picked[key] = [first[kind] for kind in KINDS if kind in first]
    return {**metrics, **picked}


def _rows(metrics: Mapping, words: Words, figures: Figures) -> list:
    """Cases of a table, with what moved their score."""
    cases = Sections(metrics, words, figures).drivers().get("cases") or []
    if not cases:
        return []
    moved = words("drivers.attributions")
    charts = [(f"{case['title']}{words('page.colon')}{moved}", case["chart"]) for case in cases]
    hint = paragraph(words("drivers.cases_hint"))
    return [_facts([(case["title"], case["facts"]) for case in cases]), drawing(charts, columns=3), hint]


def _facts(cases: Sequence[tuple[str, Mapping[str, str]]]) -> Html:
    """One column a case, one row a fact."""
    names = list(dict.fromkeys(name for _, found in cases for name in found))
    rows = [[name, *(found.get(name, "") for _, found in cases)] for name in names]
    return table(["", *(title for title, _ in cases)], rows, words=-1)


def _forecasts(metrics: Mapping, words: Words, figures: Figures) -> list:
    """Three forecasts with their past and what came."""
    found = {each.get("kind"): each for each in metrics.get("examples") or [] if each}
    kinds = [next((kind for kind in wanted if kind in found), None) for wanted in SHOWN]
    chosen = {words(f"case.{case}"): found[kind] for case, kind in zip(KINDS, kinds) if kind}
    shown = Forecasts({**metrics, "examples": list(chosen.values())}, words, figures).examples()
    if not shown or len(shown["charts"]) < len(chosen):
        return []
    told, charts = [], []
    for case, chart in zip(chosen, shown["charts"]):
        title = f"{case}{words('page.colon')}{chart['title']}"
        charts.append((title, chart["svg"]))
        told.append((case, {words("notebook.series"): chart["title"], **chart["error"]}))
    return [_facts(told), drawing(charts, legend=shown["legend"]), paragraph(shown["hint"])]


def _photos(gallery: Mapping, words: Words) -> list:
    """Three photos, each above its heatmap."""
    cards = _first_of_each(gallery, words)
    if not cards:
        return []
    pictures = [[decoded(each) for each in (card["photo"], card["overlay"]) if each] for _, card in cards]
    return [
        _facts([(title, {words("gallery.photo"): card["title"], **card["facts"]}) for title, card in cards]),
        Picture(side_by_side(pictures), ", ".join(title for title, _ in cards)),
        paragraph(words("gallery.hint")),
    ]


def _signals(metrics: Mapping, words: Words, figures: Figures) -> list:
    """Three signals, shaded where the model looked."""
    cards = _first_of_each(Signals(metrics, words, figures).signals(), words)
    charts = [(f"{title}{words('page.colon')}{card['title']}", card["svg"]) for title, card in cards]
    return [drawing(charts, columns=3), paragraph(words("signals.hint"))] if charts else []


def _first_of_each(found: Mapping, words: Words) -> list[tuple[str, Mapping]]:
    """The first case of each group of the report, with the group's name."""
    return [(words(f"case.{group['kind']}"), group["cards"][0]) for group in found.get("groups") or []]


def decoded(address: str) -> bytes:
    """The bytes of a picture that an address holds.

    Example:
        >>> decoded("data:image/jpeg;base64,/9j/")[:2]
        b'\\xff\\xd8'
    """
    return base64.b64decode(address.partition("base64,")[2])


def side_by_side(columns: Sequence[Sequence[bytes]], *, quality: int = 80) -> bytes:
    """Pictures as one JPEG on white: one column a sequence, its pictures below each other.

    Args:
        columns: JPEG or PNG files.
        quality: Of the JPEG.
    Returns:
        The file's bytes.
    Example:
        >>> from PIL import Image
        >>> file = io.BytesIO()
        >>> Image.new("L", (30, 20)).save(file, "PNG")
        >>> Image.open(io.BytesIO(side_by_side([[file.getvalue()] * 2] * 3))).size
        (624, 278)
    """
    from PIL import Image

    opened = [[Image.open(io.BytesIO(each)).convert("RGB") for each in column] for column in columns]
    opened = [[_sized(image) for image in column] for column in opened]
    tall = max(sum(image.height + GAP for image in column) - GAP for column in opened)
    whole = Image.new("RGB", ((SIDE + GAP) * len(opened) - GAP, max(tall, 1)), "white")
    for place, column in enumerate(opened):
        y = 0
        for image in column:
            whole.paste(image, (place * (SIDE + GAP), y))
            y += image.height + GAP
    file = io.BytesIO()
    whole.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def _sized(image):
    """A photo with the longer side that all have here, so that small ones can be seen."""
    scale = SIDE / max(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)))
