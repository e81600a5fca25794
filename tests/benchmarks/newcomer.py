"""The road of a newcomer, with a clock: a fresh environment with the wheel alone, then each solution on a customer's file.

Run from the repository's root on a machine with nothing else to do; needs a package registry that pip reaches. What a
customer delivers is simulated, as large as the built-in samples, with the customer's own names of columns; settings
are the defaults. `--small` goes the same road with small tables, to try the benchmark itself, and writes nothing.
Prints a transcript of all commands; ends with 1 if a step fails, or a road takes more than five minutes.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [
    str(HERE.parents[2]),
    str(HERE.parents[1] / "clones"),
]  # the repository, and what its tests share

import customer_files  # noqa: E402
import newcomer_road  # noqa: E402

RESULTS = HERE.parent / "results" / "newcomer.json"
MOST_SECONDS = 300  # of a road, from `verticals new` to the report
STEPS = ("new", "map", "check", "run", "tests")


def timed(road: newcomer_road.Road) -> dict:
    """Seconds of each step, and of all from `new` to the report."""
    seconds = {name: round(step.seconds, 1) for name, step in zip(STEPS, road.steps)}
    rows = re.search(r"fits `\w+`: ([\d,]+) rows", road.steps[1].out if len(road.steps) > 1 else "")
    whole = round(sum(step.seconds for step in road.steps[:4]), 1)
    return {"rows": int(rows[1].replace(",", "")) if rows else None, **seconds, "new_to_report": whole}


def main() -> None:
    small = "--small" in sys.argv[1:]
    found: dict = {"cores": os.cpu_count(), "load_average_before": os.getloadavg()[0], "solutions": {}}
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        commands, installed = newcomer_road.install(place, newcomer_road.build_wheel(place))
        found["pip_install"] = round(installed.seconds, 1)
        print(f"$ pip install keras_verticals-*.whl\n[{installed.seconds:.1f} s]\n", flush=True)
        for solution in newcomer_road.NAMES:
            home = place / solution
            home.mkdir()
            data = customer_files.write(solution, home, small=small)
            road = newcomer_road.Road(solution, home, commands).go(data).test()
            print(f"# {solution}, {data.name}\n\n{road.shown()}", flush=True)
            found["solutions"][solution] = times = timed(road)
            if road.failed or (times["new_to_report"] > MOST_SECONDS and not small):
                failed.append(solution)
            if not small:
                RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    sys.exit(f"not within {MOST_SECONDS} s, or failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
