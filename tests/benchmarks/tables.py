"""Writes the measured figures of tests/benchmarks/results into the READMEs and `measured.json` of the solutions.

`python tests/benchmarks/tables.py` rewrites what stands between the markers `<!-- measured:NAME -->` and
`<!-- /measured -->`; `--check` only says whether anything would change, and a test calls it.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import defects_tables
import demand_tables
import diagnosis_tables
import fraud_tables
import overview_tables
import serving_tables

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = {
    "finance/fraud": fraud_tables,
    "retail/demand": demand_tables,
    "manufacturing/defects": defects_tables,
    "healthcare/diagnosis": diagnosis_tables,
}
READMES = [
    "README.md",
    "README.zh.md",
    "shared/serve/README.md",
    *(f"verticals/{folder}/README.md" for folder in SOLUTIONS),
]
TABLES: dict[str, Callable[[], str]] = dict(overview_tables.TABLES | serving_tables.TABLES)
for each in SOLUTIONS.values():
    TABLES |= each.TABLES


def rewritten(text: str) -> str:
    """A README with the figures that are measured now."""

    def block(match: re.Match) -> str:
        return f"{match[1]}\n{TABLES[match[2]]()}\n{match[3]}"

    return re.sub(r"(<!-- measured:(\w+) -->)\n.*?(<!-- /measured -->)", block, text, flags=re.DOTALL)


def main(check: bool) -> int:
    """Rewrites what is stale, or with `check` only names it."""
    wanted = {path: rewritten((ROOT / path).read_text(encoding="utf-8")) for path in READMES}
    for folder, tables in SOLUTIONS.items():
        wanted[f"verticals/{folder}/measured.json"] = tables.measured()
    stale = []
    for path, text in wanted.items():
        target = ROOT / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not check:
                target.write_text(text, encoding="utf-8")
    print(
        "\n".join(f"{'stale' if check else 'rewritten'}: {path}" for path in stale)
        or "all figures are current"
    )
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
