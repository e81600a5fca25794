"""Reads a README as a reader does: its commands in one shell, in order, in a folder that holds what it speaks of."""

import os
import re
import subprocess
import sys
from pathlib import Path

from readme_blocks import ROOT, Block, blocks, unsaid

HERE = Path(__file__).parent
MARK = "@@ README line "


def script(found: list[Block], readme: str, folder: Path) -> str:
    """One shell script of all bash and python blocks, which ends at the first command that fails."""
    lines = [f'source "{HERE / "exceptions.sh"}"', "exec 2>&1"]
    for block in found:
        if block.language == "python":
            program = folder / f"line_{block.line}.py"
            program.write_text(block.text, encoding="utf-8")
            text = f'command python "{program}"\n'
        elif block.language == "bash":
            text = block.text
        else:
            continue
        lines.append(f"echo '{MARK}{block.line}'")
        for command in re.split(r"(?<!\\)\n", text):
            if command.split("#")[0].strip():
                lines += [command, f'[ $? = 0 ] || {{ echo "{readme}, line {block.line}: failed"; exit 1; }}']
    return "\n".join(lines) + "\n"


def read(readme: str, home: Path, start: Path) -> dict[int, str]:
    """Runs what a README says, and returns what was printed, by the line of each block.

    Args:
        readme: Its path in the repository.
        home: The reader's own folder, `~`.
        start: The folder that the reader begins in.
    Raises:
        AssertionError: If a command fails, with what it printed.
    """
    blocks_dir = home / ".blocks"
    blocks_dir.mkdir(parents=True)
    program = blocks_dir / "session.sh"
    program.write_text(script(blocks(readme), readme, blocks_dir), encoding="utf-8")
    left_out = ("VERTICALS_DATA", "VERTICALS_DEBUG", "PYTHONPATH", "VIRTUAL_ENV", "KERAS_BACKEND")
    around = {name: value for name, value in os.environ.items() if name not in left_out}
    around |= {"HOME": str(home), "REPOSITORY": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUTF8": "1"}
    around["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{around['PATH']}"
    done = subprocess.run(
        ["bash", str(program)],
        cwd=start,
        env=around,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    parts = re.split(rf"^{re.escape(MARK)}(\d+)\n", done.stdout, flags=re.MULTILINE)
    return {int(line): text for line, text in zip(parts[1::2], parts[2::2])}


def not_printed(readme: str, printed: dict[int, str]) -> list[str]:
    """What text blocks show and the commands before them did not print."""
    said, wrong = "", []
    for block in blocks(readme):
        if block.line in printed:
            said = printed[block.line]
        elif block.language == "text":
            wrong += [f"{readme}, line {block.line}: {line}" for line in unsaid(block, said)]
    return wrong
