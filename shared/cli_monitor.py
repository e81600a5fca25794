"""The command `verticals monitor`: what a model was trained on against what it sees now."""

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from shared.cli_options import Bundle, Earlier
from shared.errors import ConfigError, Fault

Data = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(help="new rows in the customer's columns; with labels the answers are judged too"),
]
Sketches = Annotated[Optional[Path], typer.Option(help="folder of the sketches that the service wrote")]  # noqa: UP045
Scores = Annotated[
    bool,
    typer.Option("--scores/--no-scores", help="score and judge the rows too, or compare their inputs alone"),
]
Out = Annotated[Path, typer.Option(help="folder for monitor.html and monitor.json")]
Lang = Annotated[str, typer.Option(help="language of the report and of what is printed: en or zh")]
Alarm = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        help="limits as NAME=LOOK,ACT: psi=0.1,0.25, missing=0.01,0.05, unseen=0.01,0.05, distinct=0.25,1, "
        "calibration=0.1,0.4; or false=0.05, the share of false alarms; may be given often"
    ),
]
FILES = ("monitor.html", "monitor.json")


def monitor(
    bundle: Bundle,
    data: Data = None,
    history: Earlier = None,
    sketches: Sketches = None,
    out: Out = Path("runs/monitor"),
    lang: Lang = "en",
    alarm: Alarm = None,
    scores: Scores = True,
) -> None:
    """Compares new rows with those a bundle was trained on; ends with 0 steady, 3 look, 4 act (2: an error)."""
    from shared.cli_terminal import Terminal
    from shared.monitoring.findings import Alarms
    from shared.monitoring.monitor import exit_code
    from shared.monitoring.monitor import monitor as compare
    from shared.monitoring.page import write_page
    from shared.monitoring.sentences import lines
    from shared.run import refuse_unwritable

    alarms = Alarms.parse(alarm or [])
    _refuse(data, sketches, lang)
    refuse_unwritable(out)
    with Terminal() as stages:
        given = {"history": history, "sketches": sketches, "alarms": alarms, "scores": scores}
        content = compare(bundle, data, **given, stages=stages)
        with stages("report"):
            _write_json(content, out / FILES[1])
            write_page(content, out / FILES[0], lang)
    print("\n".join(lines(content, lang)))
    print(f"report: {out / FILES[0]}")
    sys.exit(exit_code(content["state"]))


def _refuse(data: Path | None, sketches: Path | None, lang: str) -> None:
    faults = []
    if data is None and sketches is None:
        faults.append(Fault(text="give new rows with --data, or the service's sketches with --sketches"))
    if lang not in ("en", "zh"):
        faults.append(Fault(text=f"--lang is `{lang}`; expected en or zh"))
    if faults:
        raise ConfigError("there is nothing to monitor", faults)


def _write_json(content: dict, path: Path) -> None:
    import json

    from shared.bundle_files import write_text
    from shared.run import jsonable

    write_text(path, json.dumps(jsonable(content), ensure_ascii=False, indent=1, allow_nan=False))


commands = (monitor,)
