"""From parity.json to one HTML page, in English or Chinese, that needs nothing from outside; and its sentences."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.bundle_files import write_text
from shared.report.figures import DASH, Figures
from shared.report.render import cleaned, stylesheet, template
from shared.report.words import Words, texts


def words_of(content: Mapping[str, Any], lang: str) -> Words:
    """The texts of certificates."""
    return Words(lang, texts("words_parity"))


def sentences(content: Mapping[str, Any], lang: str = "en") -> list[str]:
    """One line a route and the verdict, for the terminal."""
    words, figures = words_of(content, lang), Figures(lang)
    lines = []
    for route in _rows_of(content, words, figures):
        reason = f"  {'; '.join(route['notes'])}" if route["notes"] else ""
        lines.append(f"{route['name']}: {route['state']}  {route['largest']}  {route['flips']}{reason}")
    return [*lines, _sentence(content, words, figures), *_warnings(content, words, figures)]


def render_parity(content: Mapping[str, Any], lang: str = "en") -> str:
    """The page; well-formed XML, like the report of a run.

    Args:
        content: Of parity.json.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    """
    content = cleaned(content)
    words, figures = words_of(content, lang), Figures(lang)
    rows = content["rows"]
    return template("page.html.j2", Path(__file__).parent).render(
        lang="zh-CN" if lang == "zh" else "en",
        w=words,
        style=stylesheet(),
        title=words.local(content.get("title")) or content["solution"],
        solution=content["solution"],
        created=figures.date(content["created"]),
        simulated=bool(content.get("simulated")),
        passed=content["passed"],
        sentence=_sentence(content, words, figures),
        explain=words("parity.explain", largest=_small(float(content["largest_allowed"]))),
        warnings=_warnings(content, words, figures),
        cards=_cards(content, words, figures),
        routes=_rows_of(content, words, figures),
        altered=[_altered(each, words, figures) for each in rows["altered"]],
        file=rows["file"],
        parts=_parts(content, words),
        versions=_versions(content),
    )


def write_page(content: Mapping[str, Any], path: Path, lang: str = "en") -> Path:
    """Renders the page and writes it, whole or not at all; returns the path."""
    return write_text(path, render_parity(content, lang))


def _compared(content: Mapping) -> list[Mapping]:
    return [route for route in content["routes"] if route["state"] in ("equal", "different")]


def _sentence(content: Mapping, words: Words, figures: Figures) -> str:
    compared = _compared(content)
    largest = max((_number(route["largest"]) for route in compared), default=0.0)
    values = {
        "routes": figures.count(len(compared)),
        "answers": figures.count(content["rows"]["answers"]),
        "largest": _small(largest),
        "flips": figures.count(sum(route["flips"] for route in compared)),
        "names": ", ".join(
            _name(route["name"], words)
            for route in content["routes"]
            if route["state"] in ("different", "failed")
        ),
    }
    return words("parity.sentence_passed" if content["passed"] else "parity.sentence_failed", **values)


def _small(difference: float) -> str:
    """A difference with one digit more than its size; none is 0.

    Example:
        >>> _small(1.54e-7), _small(0.0)
        ('1.5e-07', '0')
    """
    return f"{difference:.1e}" if difference else "0"


def _number(value) -> float:
    """A difference that JSON cannot hold is infinite."""
    return float("inf") if value is None else float(value)


def _warnings(content: Mapping, words: Words, figures: Figures) -> list[str]:
    rows, found = content["rows"], []
    if not rows["enough"]:
        values = {"rows": figures.count(rows["answered"]), "least": figures.count(rows["least"])}
        found.append(words("parity.few", **values))
    if not rows["altered"]:
        found.append(words("parity.unaltered"))
    return found


def _cards(content: Mapping, words: Words, figures: Figures) -> list[dict[str, str]]:
    compared, rows = _compared(content), content["rows"]
    largest = max((_number(route["largest"]) for route in compared), default=0.0)
    flips = sum(route["flips"] for route in compared)
    values = {
        "customer": figures.count(rows["customer"]),
        "altered": figures.count(sum(each["rows"] for each in rows["altered"])),
        "routes": figures.count(len(compared)),
        "largest": _small(largest),
        "flips": figures.count(flips),
    }
    bad = {"largest": largest > float(content["largest_allowed"]), "flips": flips > 0}
    return [
        {"label": words(f"parity_card.{key}"), "value": value, "css": "loss" if bad.get(key) else ""}
        for key, value in values.items()
    ]


def _name(name: str, words: Words) -> str:
    return words(f"parity_route.{name}") if words.known(f"parity_route.{name}") else name


def _rows_of(content: Mapping, words: Words, figures: Figures) -> list[dict[str, Any]]:
    found = []
    for route in content["routes"]:
        compared = route["state"] in ("equal", "different")
        known = words.known(f"parity_about.{route['name']}")
        flipped = ", ".join(
            f"{name} {figures.count(count)}" for name, count in (route.get("flipped") or {}).items()
        )
        found.append(
            {
                "name": _name(route["name"], words),
                "about": words(f"parity_about.{route['name']}") if known else words("parity_about.export"),
                "css": route["state"].replace(" ", "_"),
                "state": words(f"parity_state.{route['state'].replace(' ', '_')}"),
                "rows": figures.count(route["rows"]) if route["rows"] else DASH,
                "largest": _small(_number(route["largest"])) if compared else DASH,
                "column": route.get("column") or "",
                "flips": figures.count(route["flips"]) if compared else DASH,
                "flipped": flipped,
                "notes": route["notes"],
            }
        )
    return found


def _altered(each: Mapping, words: Words, figures: Figures) -> dict[str, str]:
    kind = words(f"parity_kind.{each['kind']}")
    return {"column": each["column"], "kind": kind, "rows": figures.count(each["rows"])}


def _parts(content: Mapping, words: Words) -> list[tuple[str, str]]:
    parts = content["parts"]
    found = [(f"{words('parity_part.bundle')} / {name}", digest) for name, digest in parts["bundle"].items()]
    found.append((words("parity_part.data"), parts["data"]))
    for route in content["routes"]:
        found += [
            (f"{_name(route['name'], words)} / {name}", digest)
            for name, digest in (route.get("parts") or {}).items()
        ]
    return found


def _versions(content: Mapping) -> list[tuple[str, str, str]]:
    saved, now = content["versions"]["saved with"], content["versions"]["now"]
    return [(name, saved.get(name, DASH), now.get(name, DASH)) for name in dict.fromkeys([*saved, *now])]
