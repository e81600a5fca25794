"""Executes the notebooks, stores them with what they show, and writes seconds and sizes.

Run from the repository's root on a machine with nothing else to do: python tests/benchmarks/notebooks.py [NAME ...]
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS, RESULTS = ROOT / "notebooks", Path(__file__).parent / "results" / "notebooks.json"


def executed(notebook: nbformat.NotebookNode, folder: Path, *, timeout: int = 1800) -> nbformat.NotebookNode:
    """Runs every cell in a fresh kernel that works in `folder`; an error in a cell is raised."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    client = NotebookClient(notebook, timeout=timeout, kernel_name="python3")
    client.execute(cwd=str(folder), env=environment)
    return notebook


def normal(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without what differs from run to run: times, versions, what was written to the standard error."""
    python = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": python, "language_info": {"name": "python"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata = {}
    return notebook


def written(notebook: nbformat.NotebookNode) -> str:
    """As Jupyter writes it."""
    return nbformat.writes(notebook, indent=1, ensure_ascii=False).rstrip("\n") + "\n"


def cpu_seconds() -> float:
    """What the kernels that have ended took of all cores together."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(names: list[str]) -> None:
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        notebook = nbformat.read(path, as_version=4)
        load, begin, worked = os.getloadavg()[0], time.perf_counter(), cpu_seconds()
        with tempfile.TemporaryDirectory() as folder:
            executed(notebook, Path(folder))
        seconds = time.perf_counter() - begin
        path.write_text(written(normal(notebook)), encoding="utf-8")
        size = round(path.stat().st_size / 1000)
        found[path.stem] = {
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu_seconds() - worked, 1),
            "kB": size,
            "load_average_before": round(load, 2),
            "cores": os.cpu_count(),
        }
        print(path.name, found[path.stem], flush=True)
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
