"""`python -m shared.light FOLDER rows.json`: answers to rows, as JSON on the standard output.

`rows.json` holds a list of rows, or `{"rows": [...], "history": [...]}`; `-` is the standard input.
"""

import json
import sys
from pathlib import Path

from shared.contract.cells import Unread
from shared.errors import VerticalsError
from shared.light.scorer import LightScorer


def main(arguments: list[str]) -> int:
    """Answers and returns the exit code: 0, or 2 where the rows or the folder cannot be used."""
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    folder, source = arguments
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")
        asked = json.loads(text)
        asked = {"rows": asked} if isinstance(asked, list) else asked
        answers = LightScorer(folder).answer(asked["rows"], history=asked.get("history") or ())
    except (VerticalsError, Unread, OSError, ValueError, KeyError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    json.dump(answers, sys.stdout, ensure_ascii=False, default=_plain)
    return 0


def _plain(value):
    """Moments as ISO 8601, NumPy's numbers as Python's."""
    return (
        value.isoformat()
        if hasattr(value, "isoformat")
        else value.item()
        if hasattr(value, "item")
        else str(value)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
