"""The command line: parses, calls one function, prints what came of it."""

import os
import sys
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from shared.cli_clone import commands as clone_commands
from shared.cli_data import data as data_commands
from shared.cli_export import commands as export_commands
from shared.cli_monitor import commands as monitor_commands
from shared.cli_options import Bundle, Earlier
from shared.cli_places import begin, known, meant, two_names
from shared.cli_serve import commands as serve_commands
from shared.cli_terminal import Terminal, print_results
from shared.errors import ConfigError, Fault, VerticalsError

Solution = Annotated[
    Optional[str],  # noqa: UP045
    typer.Argument(help="name of the solution, as in `verticals list`; in a customer's project: its own"),
]
Names = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Argument(help="solution and table; what is left out is as the customer's project says"),
]
Data = Annotated[
    Path | None,
    typer.Option(help="CSV, Parquet or .npz, or a folder or zip of photos; left out: the built-in sample"),
]
Config = Annotated[Optional[Path], typer.Option(help="the customer's TOML file: columns, format, settings")]  # noqa: UP045
Set = Annotated[Optional[list[str]], typer.Option(help="such as settings.epochs=5; may be given often")]  # noqa: UP045
Lang = Annotated[str, typer.Option(help="language of the report: en or zh")]
ToScore = Annotated[bool, typer.Option("--predict", help="the table is to be scored: it needs no labels")]
Test = Annotated[
    Path | None, typer.Option(help="rows that judge and do not teach, such as an official test part")
]
NewRows = Annotated[
    Path, typer.Option(help="what to score: CSV, Parquet or .npz, or a folder or zip of photos")
]
File = Annotated[Path, typer.Option(help="file to write, .parquet or .csv")]
Run = Annotated[Path, typer.Argument(help="folder of a run")]
Page = Annotated[Optional[Path], typer.Option(help="file to write; left out: in the run's folder")]  # noqa: UP045
Mapped = Annotated[list[str], typer.Argument(help="the solution, if it is not to be guessed, and the table")]
Toml = Annotated[Optional[Path], typer.Option(help="file to write; left out: named like the table")]  # noqa: UP045
Played = Annotated[Optional[list[str]], typer.Option(help="such as label=Revenue, or card= for none")]  # noqa: UP045
Yes = Annotated[bool, typer.Option("--yes", "-y", help="ask nothing, and list what is doubtful")]
Out = Annotated[Path, typer.Option(help="folder to write")]

cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="Train, judge and run solutions."
)
cli.add_typer(data_commands, name="data")
for command in (*clone_commands, *export_commands, *monitor_commands, *serve_commands):
    cli.command(command.__name__)(command)


def app(solutions: Mapping[str, str], arguments: list[str] | None = None) -> None:
    """Runs one command.

    Args:
        solutions: Name -> `module:class` of each solution.
        arguments: None: those of the process.
    """
    debug = bool(os.environ.get("VERTICALS_DEBUG"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Chinese still gets the rest
    try:
        begin(solutions)
        with warnings.catch_warnings():
            if not debug:  # those of libraries; what a user must know is a note or an error
                warnings.simplefilter("ignore")
            cli(arguments, standalone_mode=True)
    except VerticalsError as error:
        if debug:
            raise
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except MemoryError:
        print(
            "there is not enough memory for this table: give fewer rows, or a larger machine", file=sys.stderr
        )
        sys.exit(1)
    except OSError as error:
        if debug:
            raise
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        print(
            f"unexpected {type(error).__name__}: {error}\nThis is a defect of keras-verticals, not of your table. "
            "VERTICALS_DEBUG=1 shows where it happened.",
            file=sys.stderr,
        )
        sys.exit(1)


@cli.command("list")
def list_solutions() -> None:
    """The solutions: name, task, the table each needs, what was measured."""
    for name in known().names():
        pipeline = known().load(name)
        required = [role.name for role in pipeline.roles if role.required]
        optional = [role.name for role in pipeline.roles if not role.required]
        print(name)
        print(f"  task      {pipeline.task['en']}")
        further = "; any further columns" if pipeline.further else ""
        print(f"  table     {', '.join(required)}; optional {', '.join(optional)}{further}")
        for line in pipeline.measured():
            print(f"  measured  {line}")


@cli.command()
def check(names: Names = None, config: Config = None, set: Set = None, predict: ToScore = False) -> None:
    """Says whether a table fits, or everything that does not: verticals check [SOLUTION] [TABLE]."""
    from shared.opening import open_table
    from shared.stages import Stages

    solution, data = two_names(known(), names or [])
    found = meant(known(), solution, data, config, set)
    if found.data is None:
        text = "name one, or give it as `data` in the customer's file: `verticals map` writes that"
        raise ConfigError("there is no table to check", [Fault(text=text)])
    table = open_table(found.pipeline, found.data, Stages(), predict=predict)
    for note in table.notes:
        print(f"note: {note}")
    columns = len(table.frame.columns)
    print(f"{table.source} fits `{found.name}`: {len(table):,} rows, {columns} columns in use")


@cli.command("map")
def map_columns(
    names: Mapped,
    out: Toml = None,
    column: Played = None,
    yes: Yes = False,
    lang: Lang = "en",
) -> None:
    """Proposes which column plays which role, and writes it as TOML for review: verticals map [SOLUTION] FILE."""
    from shared.cli_map import map_table, on_a_terminal

    _language(lang)
    solutions = known()
    solution, data = two_names(solutions, names, alone="table")
    if data is None:
        raise ConfigError("there is no table to map", [Fault(text="name it: verticals map [SOLUTION] FILE")])
    solution = solution or solutions.here
    if solution is not None:
        solutions.load(solution)  # is it one
    own = solutions.clone if solution == solutions.here else None
    classes = {name: partial(solutions.load, name) for name in solutions.places}
    ask = not yes and on_a_terminal()
    given = {"solution": solution, "out": out, "columns": column or [], "clone": own}
    map_table(classes, data, **given, lang=lang, ask=ask)


@cli.command()
def run(
    solution: Solution = None,
    data: Data = None,
    config: Config = None,
    set: Set = None,
    test: Test = None,
    out: Out = Path("runs/latest"),
    lang: Lang = "en",
) -> None:
    """The whole road: check, fit, rivals, judge, save, report."""
    from shared import run as road

    _language(lang)
    with Terminal() as stages:
        pipeline, table = _open(solution, data, config, set, stages, test)
        metrics = road.run(pipeline, table, out, lang=lang, stages=stages, facts=_command())
    print_results(metrics, lang)
    print(f"report: {out / 'report.html'}")


@cli.command()
def fit(
    solution: Solution = None,
    data: Data = None,
    config: Config = None,
    set: Set = None,
    out: Out = Path("runs/bundle"),
) -> None:
    """Fits and saves the bundle; the test rows stay unread."""
    from shared import run as road

    with Terminal() as stages:
        pipeline, table = _open(solution, data, config, set, stages)
        road.fit(pipeline, table, out, stages=stages)
    print(f"bundle: {out}")


@cli.command()
def evaluate(
    bundle: Bundle, data: Data = None, out: Out = Path("runs/evaluation"), lang: Lang = "en"
) -> None:
    """Judges a bundle on a labelled table (of the training file: its test rows)."""
    from shared import run as road
    from shared.bundle import load, read_facts
    from shared.opening import open_table

    _language(lang)
    with Terminal() as stages:
        with stages("load"):
            pipeline = load(bundle)
        table = open_table(pipeline, data, stages)
        trained_on = read_facts(bundle)["facts"].get("sha256")
        metrics = road.evaluate(
            pipeline, table, out, trained_on=trained_on, lang=lang, stages=stages, facts=_command()
        )
    print_results(metrics, lang)
    print(f"report: {out / 'report.html'}")


@cli.command()
def predict(
    bundle: Bundle, data: NewRows, out: File = Path("predictions.parquet"), history: Earlier = None
) -> None:
    """Scores a table: one line a row, with score and decision."""
    from shared import run as road
    from shared.bundle import load

    if out.suffix not in (".parquet", ".csv") or out.is_dir():
        raise ConfigError(
            f"{out} cannot be written", [Fault(text="it must be a file that ends in .parquet or .csv")]
        )
    road.refuse_unwritable(out)
    with Terminal() as stages:
        with stages("load"):
            pipeline = load(bundle)
        pictures = out.with_name(f"{out.stem}_heatmaps")
        answers = road.predict(pipeline, data, history=history, stages=stages, pictures=pictures)
        with stages("write"):
            road.write_table(answers, out)
    print(f"{pipeline.summary(answers)}\npredictions: {out}")
    if "heatmap" in answers:
        print(f"heatmaps: {pictures}")


@cli.command()
def report(run: Run, lang: Lang = "zh", out: Page = None) -> None:
    """Writes the report of a run again, in the other language."""
    import json

    from shared.report import write_report
    from shared.run import refuse_unwritable

    _language(lang)
    headline, source = f"{run} cannot be reported", run / "metrics.json"
    if not source.is_file():
        raise ConfigError(headline, [Fault(text="it holds no metrics.json: it is no run's folder")])
    try:
        metrics = json.loads(source.read_text(encoding="utf-8"))
        metrics["results"], metrics["verdict"]
    except (ValueError, KeyError, TypeError):
        raise ConfigError(headline, [Fault(text="its metrics.json is damaged. Run again")]) from None
    target = out or run / f"report.{lang}.html"
    refuse_unwritable(target)
    write_report(metrics, target, lang)
    print(f"report: {target}")


def _open(solution, data, config, overrides, stages, test=None) -> tuple[Any, Any]:
    from shared.opening import open_sample, open_table

    found = meant(known(), solution, data, config, overrides)
    if found.data is not None:
        return found.pipeline, open_table(found.pipeline, found.data, stages, test=test)
    if test is not None:
        raise ConfigError("--test needs --data", [Fault(text="the built-in sample has its own test part")])
    return open_sample(found.pipeline, stages)


def _language(lang: str) -> None:
    if lang not in ("en", "zh"):
        raise ConfigError(
            "the report cannot be written", [Fault(text=f"--lang is `{lang}`; expected en or zh")]
        )


def _command() -> dict[str, str]:
    import shlex

    return {
        "command": " ".join(
            ["verticals", *(shlex.quote(Path(a).name if "/" in a else a) for a in sys.argv[1:])]
        )
    }
