import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_figure_in_the_readmes_is_the_measured_one():
    done = subprocess.run(
        [sys.executable, ROOT / "tests/benchmarks/tables.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_two_commands_are_the_first_of_the_readme():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    code = [
        line for line in lines[: lines.index("```", lines.index("```bash") + 1)] if line.startswith("make ")
    ]
    assert [line.split("#")[0].strip() for line in code[:2]] == ["make demo", "make test"]
