"""Notebooks merged by their cells; what running one leaves in it is no change."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.cloning.matching import matches
from shared.cloning.merge import Merged, has_markers, merge_texts

Json = dict[str, Any]
ALIKE = 0.5  # share of words in common from which a rewritten cell still counts as the same one
OF_A_RUN = ("execution", "ExecuteTime")  # keys of a cell's metadata
VALID_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # nbformat 4.5
IN_JSON = re.compile(r'^\s*"(.*?)(?:\\n)?",?\s*$')  # a line of a cell as the file holds it


@dataclass(frozen=True)
class Cell:
    """A cell; two are equal if a person wrote the same into them, whatever they show."""

    kind: str
    source: str
    attachments: str
    content: Json = field(compare=False, repr=False)

    @property
    def name(self) -> str | None:
        """The id that Jupyter gave it, which stays when the source changes."""
        return self.content.get("id")


def merge_notebooks(
    base: str, ours: str, theirs: str, *, ours_name: str = "yours", theirs_name: str = "template"
) -> Merged:
    r"""The template's changes of a notebook and the customer's, cell by cell.

    Cells that the customer left as they were, or changed alone, keep their outputs; new and changed
    cells of the template come without. New cells stand behind the cell they follow, the customer's
    first. A cell that both changed is merged by lines; where these conflict, or one side changed what
    the other took away, the markers stand in the cell. Metadata are the customer's. Where the template
    brings nothing, `ours` comes back as it is.

    Args:
        base: The notebook both sides began with, as the file holds it; may be empty.
        ours: The customer's.
        theirs: The template's new one.
        ours_name: Stands behind `<<<<<<<`.
        theirs_name: Stands behind `>>>>>>>`.
    Returns:
        The notebook as Jupyter writes it, with an id for each cell; conflicts are lines of the file.
    Raises:
        ValueError: If a text is no notebook of version 4.
    Example:
        >>> def notebook(*sources):
        ...     cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in sources]
        ...     return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        >>> base = notebook("# Fraud", "Read it")
        >>> merged = merge_notebooks(base, notebook("# Fraud at Acme", "Read it"), notebook("# Fraud", "Run it"))
        >>> [cell["source"] for cell in json.loads(merged.text)["cells"]], merged.conflicts
        ([['# Fraud at Acme'], ['Run it']], [])
    """
    before = _cells(_read(base, "the earlier version")) if base.strip() else []
    mine, other = _read(ours, ours_name), _read(theirs, theirs_name)
    our_cells, their_cells = _cells(mine), _cells(other)
    if their_cells in (before, our_cells):
        return Merged(ours, [])
    sides = _by_key(before, our_cells, their_cells)
    names = {"ours_name": ours_name, "theirs_name": theirs_name}
    cells = []
    for key in _woven(list(sides[1]), list(sides[2]), len(before)):
        cell = _merged(*(side.get(key) for side in sides), names)
        if cell is not None:
            cells.append((cell, key in sides[1]))
    minor = max(5, mine.get("nbformat_minor", 0), other.get("nbformat_minor", 0))
    text = _written(mine | {"cells": _with_ids(cells), "nbformat_minor": minor})
    return Merged(text, notebook_markers(text))


def same_notebook(first: str, second: str) -> bool:
    """Whether two notebooks hold the same cells; outputs, counts and metadata are no difference.

    Raises:
        ValueError: If a text is no notebook of version 4.
    Example:
        >>> text = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": %d}'
        >>> same_notebook(text % 4, text % 5)
        True
    """
    return _cells(_read(first, "the first")) == _cells(_read(second, "the second"))


def without_outputs(text: str) -> str:
    """A notebook as if it had never been run, written as Jupyter writes it.

    Raises:
        ValueError: If the text is no notebook of version 4.
    Example:
        >>> cell = {"cell_type": "code", "execution_count": 7, "metadata": {}, "outputs": [{}], "source": "1"}
        >>> text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
        >>> json.loads(without_outputs(text))["cells"][0]
        {'cell_type': 'code', 'execution_count': None, 'metadata': {}, 'outputs': [], 'source': ['1']}
    """
    notebook = _read(text, "the text")
    metadata = {key: value for key, value in notebook["metadata"].items() if key != "widgets"}
    cells = [_unrun(cell.content) for cell in _cells(notebook)]
    return _written(notebook | {"cells": cells, "metadata": metadata})


def notebook_markers(text: str) -> list[int]:
    r"""Lines (from 1) of a notebook's file at which conflicts begin that nobody has resolved yet.

    Example:
        >>> notebook_markers('"source": [\n "<<<<<<< yours\\n",\n "=======\\n",\n ">>>>>>> template"\n]')
        [2]
    """
    return has_markers("\n".join(IN_JSON.sub(r"\1", line) for line in text.split("\n")))


def marked_cells(text: str) -> list[int]:
    """Numbers (from 1) of the cells in which conflicts are marked that nobody has resolved yet.

    Raises:
        ValueError: If the text is no notebook of version 4.
    Example:
        >>> marked_cells('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        []
    """
    cells = _cells(_read(text, "the text"))
    return [number for number, cell in enumerate(cells, 1) if has_markers(cell.source)]


def _read(text: str, whose: str) -> Json:
    """The notebook; a ValueError in plain words if it is none."""
    wrong = f"{whose} is no notebook"
    try:
        notebook = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        way = "Undo the last change made by hand, or bring back a copy that Jupyter opens"
        raise ValueError(f"{wrong}: it is no JSON from {place} on ({error.msg}). {way}") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError(f"{wrong}: expected an object with a list of `cells`, as Jupyter saves it")
    if notebook.get("nbformat") != 4:
        found = f"found nbformat {notebook.get('nbformat')}, expected 4"
        raise ValueError(f"{wrong} of a known version: {found}. Open it in Jupyter and save it once")
    for number, cell in enumerate(notebook["cells"], 1):
        if not _is_cell(cell):
            expected = "a `cell_type`, a `source` and `metadata`, as Jupyter saves them"
            raise ValueError(f"{wrong}: in cell {number}, expected {expected}. Mend or remove it")
    return notebook if isinstance(notebook.get("metadata"), dict) else notebook | {"metadata": {}}


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    if not all(isinstance(cell.get(part, {}), dict) for part in ("metadata", "attachments")):
        return False
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return all(isinstance(line, str) for line in lines)


def _cells(notebook: Json) -> list[Cell]:
    """Line ends are no difference, nor how the source is stored."""
    return [
        Cell(
            content["cell_type"],
            "".join(content["source"]).replace("\r\n", "\n"),
            json.dumps(content.get("attachments", {}), sort_keys=True),
            {"metadata": {}} | content,
        )
        for content in notebook["cells"]
    ]


def _by_key(base: list[Cell], ours: list[Cell], theirs: list[Cell]) -> list[dict[int, Cell]]:
    """The cells of each side in order, under keys that all versions of a cell have in common."""
    in_ours, in_theirs = _paired(base, ours), _paired(base, theirs)
    new_ours = [place for place in range(len(ours)) if place not in in_ours]
    new_theirs = [place for place in range(len(theirs)) if place not in in_theirs]
    for place, key in enumerate(new_ours, len(base)):
        in_ours[key] = place
    both = _paired([ours[place] for place in new_ours], [theirs[place] for place in new_theirs])
    for number, place in enumerate(new_theirs):
        in_theirs[place] = len(base) + both.get(number, len(new_ours) + number)
    return [
        dict(enumerate(base)),
        {in_ours[place]: cell for place, cell in enumerate(ours)},
        {in_theirs[place]: cell for place, cell in enumerate(theirs)},
    ]


def _paired(base: Sequence[Cell], other: Sequence[Cell]) -> dict[int, int]:
    """Place in `other` -> place in `base` of the same cell: equal ones first, then by id and likeness."""
    pairs = {place: old for old, place in matches(base, other)}
    free = [old for old in range(len(base)) if old not in pairs.values()]
    new = [place for place in range(len(other)) if place not in pairs]
    scores = [(_likeness(base[old], other[place]), old, place) for old in free for place in new]
    for score, old, place in sorted(scores, key=lambda each: -each[0]):
        if score > ALIKE and old in free and place not in pairs:
            pairs[place] = old
            free.remove(old)
    return pairs


def _likeness(first: Cell, second: Cell) -> float:
    """Share of the words in common; cells of one id are always alike enough, unless others are more so."""
    if first.kind != second.kind:
        return 0.0
    words, others = (Counter(re.findall(r"\w+", cell.source)) for cell in (first, second))
    total = words.total() + others.total()
    in_common = 2 * (words & others).total() / total if total else 1.0
    return in_common + (ALIKE + 0.01) * (first.name is not None and first.name == second.name)


def _woven(ours: list[int], theirs: list[int], new: int) -> list[int]:
    """The keys of both sides in one order: the template's, or the customer's if that moved cells.

    Keys from `new` on are of cells that the base lacks.
    """
    kept = [key for key in ours if key < new]
    order, further = (theirs, ours) if kept == sorted(kept) else (ours, theirs)
    order = list(order)
    place = 0
    for key in further:
        if key in order:
            place = order.index(key) + 1
        else:
            order.insert(place, key)
            place += 1
    return order


def _merged(base: Cell | None, ours: Cell | None, theirs: Cell | None, names: dict[str, str]) -> Json | None:
    """What becomes of one cell; None if it goes."""
    if theirs in (base, ours):
        return ours.content if ours else None
    if ours == base and theirs is None:
        return None
    sources = [cell.source if cell else "" for cell in (base, ours, theirs)]
    merged = merge_texts(*sources, **names)
    # A cell's last line has no end: a last marker needs none either.
    source = merged.text.removesuffix("\n") if merged.conflicts else merged.text
    if ours is None or theirs is None:
        return _unrun((ours or theirs).content | {"source": source})
    content = theirs.content | ours.content | {"source": source}
    content["metadata"] = theirs.content["metadata"] | ours.content["metadata"]
    if "attachments" in content:
        under, top = (ours, theirs) if ours == base else (theirs, ours)
        content["attachments"] = under.content.get("attachments", {}) | top.content.get("attachments", {})
    return content if source == ours.source else _unrun(content)


def _unrun(cell: Json) -> Json:
    metadata = {key: value for key, value in cell["metadata"].items() if key not in OF_A_RUN}
    run = {"execution_count": None, "outputs": []} if cell["cell_type"] == "code" else {}
    return cell | {"metadata": metadata} | run


def _with_ids(cells: Iterable[tuple[Json, bool]]) -> list[Json]:
    """Every cell with an id of its own; of two that have the same, the customer's keeps it."""
    cells = list(cells)
    ids: dict[int, str] = {}
    for place in sorted(range(len(cells)), key=lambda place: not cells[place][1]):
        cell = cells[place][0]
        name, number = cell.get("id"), 0
        while not (isinstance(name, str) and VALID_ID.fullmatch(name)) or name in ids.values():
            told = f"{number} {''.join(cell['source'])}".encode(errors="surrogatepass")
            name = hashlib.sha256(told).hexdigest()[:8]
            number += 1
        ids[place] = name
    return [cell | {"id": ids[place]} for place, (cell, _) in enumerate(cells)]


def _written(notebook: Json) -> str:
    cells = [
        cell | {"source": "".join(cell["source"]).splitlines(keepends=True)} for cell in notebook["cells"]
    ]
    text = json.dumps(notebook | {"cells": cells}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    # Half of a surrogate pair is no UTF-8, but may stand in JSON by its number.
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)
