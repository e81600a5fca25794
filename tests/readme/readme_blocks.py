"""The code blocks of a README, and what a text block shows against what was printed."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)[^\S\n]*\n(.*?)^```[^\S\n]*$", re.MULTILINE | re.DOTALL)
MEASURED = re.compile(r"<!-- measured:\w+ -->.*?<!-- /measured -->", re.DOTALL)  # compared by tables.py
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Block:
    """One code block.

    Args:
        language: `bash`, `python`, `toml`, `text` (what the commands before it print), or nothing (a message).
        text: What stands in it.
        line: Of the README, from 1.
    """

    language: str
    text: str
    line: int


def blocks(readme: str | Path) -> list[Block]:
    """The code blocks of a README, in order, without those that are measured figures."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    text = MEASURED.sub(lambda found: "\n" * found[0].count("\n"), text)
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in FENCE.finditer(text)
    ]


def commands(block: Block) -> list[str]:
    """The commands of a bash block, one a line: comments gone, continued lines joined.

    Example:
        >>> commands(Block("bash", "ls -l   # all\\n# none\\ncp a \\\\\\n  b\\n", 1))
        ['ls -l', 'cp a b']
    """
    joined = re.sub(r"\\\n\s*", "", block.text)
    bare = (re.sub(r"(^|\s+)#.*", "", line).strip() for line in joined.splitlines())
    return [re.sub(r"\s+", " ", line) for line in bare if line]


def alike(shown: str, printed: str) -> bool:
    """Whether a line says the same in the same words, with numbers that another processor may give.

    `...` stands for anything; before it whole numbers are equal, others agree within a tenth.

    Example:
        >>> alike("model 0.508 (0.25 to 0.78)", "model 0.511 (0.25 to 0.77)")
        True
        >>> alike("model 0.508 ...", "model 0.708 and more"), alike("5 rows", "6 rows"), alike("5 rows", "5 files")
        (False, False, False)
    """
    pattern = NUMBER.sub("@", shown)
    pattern = re.escape(re.sub(r"\s+", " ", pattern.strip())).replace(r"\.\.\.", ".*").replace("@", "(@)")
    plain = re.sub(r"\s+", " ", NUMBER.sub("@", printed).strip())
    if not re.fullmatch(pattern, plain):
        return False
    ours = _numbers(shown.partition("...")[0])  # what follows cannot be paired
    return all(
        a == b or abs(float(a) - float(b)) <= 0.1 * ("." in a) for a, b in zip(ours, _numbers(printed))
    )


def _numbers(text: str) -> list[str]:
    return [each.replace(",", "") for each in NUMBER.findall(text)]


def unsaid(block: Block, printed: str) -> list[str]:
    """Lines of a text block that were not printed, in this order."""
    left, missing = printed.splitlines(), []
    for line in filter(str.strip, block.text.splitlines()):
        place = next((at for at, each in enumerate(left) if alike(line, each)), None)
        if place is None:
            missing.append(line)
        else:
            left = left[place + 1 :]
    return missing
