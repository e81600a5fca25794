"""The 27 items of TRIPOD+AI: which of them this report covers, and what the clinic has to add.

Reference:
    Collins et al., 2024, TRIPOD+AI statement, https://doi.org/10.1136/bmj-2023-078378
"""

from collections.abc import Mapping, Sequence

from shared.report.entries import entry
from shared.report.words import Words

# Item -> where the metrics hold it, as (entry, section of the report). An item with all of its entries is
# covered, unless the clinic must add something that no run can know (ADDED): then it is covered in part.
ITEMS: dict[int, tuple[tuple[str, str], ...]] = {
    1: (("title", "intended"),),
    2: (("verdict", "verdict"),),
    3: (("diagnosis.intended_use", "intended"),),
    4: (("diagnosis.intended_use", "intended"),),
    5: (("data.source", "data"),),
    6: (("diagnosis.flow", "population"),),
    7: (("data.columns", "data"), ("config", "method")),
    8: (("diagnosis.classes", "intended"),),
    9: (("data.columns", "data"),),
    10: (("diagnosis.flow", "population"), ("diagnosis.threshold.needed", "threshold")),
    11: (("data.columns", "data"),),
    12: (("config", "method"), ("results", "rivals"), ("calibration", "method")),
    13: (("diagnosis.per_1000", "threshold"), ("calibration", "method")),
    14: (("diagnosis.subgroups", "subgroups"),),
    15: (("diagnosis.threshold", "threshold"),),
    16: (("split", "data"), ("diagnosis.flow", "population")),
    17: (),
    18: (),
    19: (),
    20: (("diagnosis.flow", "population"), ("data.columns", "data")),
    21: (("diagnosis.flow", "population"),),
    22: (("config", "method"),),
    23: (
        ("results", "rivals"),
        ("diagnosis.threshold.test", "threshold"),
        ("diagnosis.subgroups", "subgroups"),
    ),
    24: (),
    25: (("verdict", "verdict"), ("diagnosis.referral", "referrals")),
    26: (("limits", "limits"),),
    27: (("diagnosis.intended_use", "intended"), ("diagnosis.referral", "referrals")),
}
ADDED = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 20, 22, 25, 27}
PARTS = {1: "title", 3: "introduction", 5: "methods", 18: "open_science", 19: "involvement", 20: "results"}
PARTS |= {25: "discussion"}  # the first item of each part
STATES = ("covered", "partly", "open")


def tripod(metrics: Mapping, shown: Sequence[str], words: Words) -> dict:
    """The table of items and how many of them are covered, in part, or open.

    Args:
        metrics: The content of `metrics.json`.
        shown: Names of the sections that stand in the report: links lead only there.
    Example:
        >>> metrics = {"kind": "diagnosis", "limits": [{"en": "One hospital."}]}
        >>> table = tripod(metrics, ["limits"], Words("en", kind="diagnosis"))
        >>> table["rows"][25]["state"], table["rows"][16]["state"]
        ('covered', 'open')
    """
    if metrics.get("kind") != "diagnosis":
        return {}
    rows = [item(number, metrics, shown, words) for number in ITEMS]
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    if counts["open"] == len(rows):
        return {}
    return {
        "rows": rows,
        "counts": [(state, words(f"tripod.{state}"), counts[state]) for state in STATES],
    }


def item(number: int, metrics: Mapping, shown: Sequence[str], words: Words) -> dict:
    """One row: the item, its state, where it stands in the report, what the clinic adds."""
    held = [section for path, section in ITEMS[number] if filled(entry(metrics, path)) and section in shown]
    complete = bool(held) and len(held) == len(ITEMS[number])
    state = "covered" if complete and number not in ADDED else "partly" if held else "open"
    return {
        "number": number,
        "part": words(f"tripod.{PARTS[number]}") if number in PARTS else "",
        "name": words(f"tripod.item_{number}"),
        "state": state,
        "label": words(f"tripod.{state}"),
        "sections": [(name, words(f"section.{name}")) for name in dict.fromkeys(held)],
        "add": words(f"tripod.add_{number}") if state != "covered" else "",
    }


def filled(value) -> bool:
    """Whether an entry holds something: a number, also zero, a text, or a list that is not empty."""
    return value not in (None, "", [], {}) and value == value
