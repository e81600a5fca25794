"""The command line: parses, calls one function, prints what came of it."""

import importlib
import os
import sys
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from shared.cli_data import data as data_commands
from shared.errors import ConfigError, Fault, VerticalsError, did_you_mean

Solution = Annotated[str, typer.Argument(help="name of the solution, as in `verticals list`")]
Data = Annotated[
    Path | None,
    typer.Option(help="CSV, Parquet or .npz, or a folder or zip of photos; left out: the built-in sample"),
]
Config = Annotated[Optional[Path], typer.Option(help="the customer's TOML file: columns, format, settings")]  # noqa: UP045
Set = Annotated[Optional[list[str]], typer.Option(help="such as settings.epochs=5; may be given often")]  # noqa: UP045
Lang = Annotated[str, typer.Option(help="language of the report: en or zh")]
Table = Annotated[Path, typer.Argument(help="CSV, Parquet or .npz, or a folder or zip of photos")]
ToScore = Annotated[bool, typer.Option("--predict", help="the table is to be scored: it needs no labels")]
Bundle = Annotated[Path, typer.Argument(help="the folder `bundle` of a run, or what fit saved")]
Test = Annotated[
    Path | None, typer.Option(help="rows that judge and do not teach, such as an official test part")
]
NewRows = Annotated[
    Path, typer.Option(help="what to score: CSV, Parquet or .npz, or a folder or zip of photos")
]
Earlier = Annotated[Optional[Path], typer.Option(help="earlier rows, which the features look back on")]  # noqa: UP045
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
_solutions: dict[str, str] = {}


def app(solutions: Mapping[str, str], arguments: list[str] | None = None) -> None:
    """Runs one command.

    Args:
        solutions: Name -> `module:class` of each solution.
        arguments: None: those of the process.
    """
    _solutions.update(solutions)
    debug = bool(os.environ.get("VERTICALS_DEBUG"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Chinese still gets the rest
    try:
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
    for name in _solutions:
        pipeline = _class(name)
        required = [role.name for role in pipeline.roles if role.required]
        optional = [role.name for role in pipeline.roles if not role.required]
        print(name)
        print(f"  task      {pipeline.task['en']}")
        further = "; any further columns" if pipeline.further else ""
        print(f"  table     {', '.join(required)}; optional {', '.join(optional)}{further}")
        for line in pipeline.measured():
            print(f"  measured  {line}")


@cli.command()
def check(
    solution: Solution, data: Table, config: Config = None, set: Set = None, predict: ToScore = False
) -> None:
    """Says whether a table fits, or everything that does not."""
    pipeline = _pipeline(solution, config, set)
    table = _read(pipeline, data, predict=predict)
    for note in table.notes:
        print(f"note: {note}")
    print(f"{table.source} fits `{solution}`: {len(table):,} rows, {len(table.frame.columns)} columns in use")


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
    if len(names) > 2:
        text = f"expected a solution and a file, or a file; found {len(names)} names"
        raise ConfigError("the table cannot be mapped", [Fault(text=text)])
    *solution, data = names
    for name in solution:
        _class(name)  # is it one
    known = {name: partial(_class, name) for name in _solutions}
    ask = not yes and on_a_terminal()
    given = {"solution": solution[0] if solution else None, "out": out, "columns": column or []}
    map_table(known, Path(data), **given, lang=lang, ask=ask)


@cli.command()
def run(
    solution: Solution,
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
    with _Terminal() as stages:
        pipeline, table = _open(solution, data, config, set, stages, test)
        metrics = road.run(pipeline, table, out, lang=lang, stages=stages, facts=_command())
    _print_results(metrics, lang)
    print(f"report: {out / 'report.html'}")


@cli.command()
def fit(
    solution: Solution,
    data: Data = None,
    config: Config = None,
    set: Set = None,
    out: Out = Path("runs/bundle"),
) -> None:
    """Fits and saves the bundle; the test rows stay unread."""
    from shared import run as road

    with _Terminal() as stages:
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

    _language(lang)
    with _Terminal() as stages:
        with stages("load"):
            pipeline = load(bundle)
        table = _table(pipeline, data, stages)
        trained_on = read_facts(bundle)["facts"].get("sha256")
        metrics = road.evaluate(
            pipeline, table, out, trained_on=trained_on, lang=lang, stages=stages, facts=_command()
        )
    _print_results(metrics, lang)
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
    with _Terminal() as stages:
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


def _class(name: str) -> Any:
    if name not in _solutions:
        known = did_you_mean(name, _solutions) or " Known are: " + ", ".join(_solutions)
        raise ConfigError(f"there is no solution `{name}`", [Fault(text=f"`{name}` is unknown.{known}")])
    module, _, attribute = _solutions[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _pipeline(solution: str, config: Path | None, overrides: list[str] | None) -> Any:
    from shared.config import load_project

    cls = _class(solution)
    project = load_project(config, cls.Config, cls.roles, overrides or [])
    if project.solution not in (None, solution):
        text = f'`solution` is "{project.solution}", the command says `{solution}`'
        raise ConfigError(f"{config} is of another solution", [Fault(text=text)])
    return cls(project.settings, project.mapping)


def _open(solution, data, config, overrides, stages, test=None) -> tuple[Any, Any]:
    pipeline = _pipeline(solution, config, overrides)
    if data is None:
        if test is not None:
            raise ConfigError(
                "--test needs --data", [Fault(text="the built-in sample has its own test part")]
            )
        with stages("sample"):
            frame, mapping = type(pipeline).sample(seed=pipeline.config.seed)
        kind = "built-in, simulated sample" if mapping.simulated else "built-in sample"
        stages.note(f"there is no --data: the {kind} is taken, with its own columns")
        pipeline = type(pipeline)(pipeline.config, mapping)
        from shared.contract.tables import raw_table

        with stages("check"):
            source = "built-in sample" + (" (simulated)" if mapping.simulated else "")
            return pipeline, pipeline.check(raw_table(frame, source))
    return pipeline, _table(pipeline, data, stages, test)


def _table(pipeline, data: Path | None, stages, test: Path | None = None):
    if data is None:
        raise ConfigError("there is no table", [Fault(text="give one with --data")])
    with stages("read"):
        raw = pipeline.read(data, pipeline.mapping.format)
        later = None if test is None else pipeline.read(test, pipeline.mapping.format)
    with stages("check"):
        table = pipeline.check(raw, later=later)
    for note in table.notes:
        stages.note(note)
    return table


def _read(pipeline, data: Path, *, predict: bool):
    return pipeline.check(pipeline.read(data, pipeline.mapping.format, predict=predict), predict=predict)


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


def _print_results(metrics: dict[str, Any], lang: str) -> None:
    primary = metrics["primary_metric"]
    if metrics["simulated"]:
        print(
            "simulated data: these figures say nothing of a real customer"
            if lang == "en"
            else "模拟数据：以下数字不代表任何真实客户"
        )
    print(f"{'':22}{primary}")
    for name, result in metrics["results"].items():
        figure = result[primary]
        print(f"  {name:20}{figure['value']:.3f}  ({figure['low']:.3f} to {figure['high']:.3f})")
    print(metrics["verdict"]["sentence"][lang])


class _Terminal:
    """Stages that show on a terminal as one moving line, elsewhere as one line a stage."""

    def __enter__(self):
        from shared.stages import Stages

        self._live = sys.stderr.isatty()
        self._status = None
        if self._live:
            from rich.console import Console

            self._console = Console(stderr=True)
            self._status = self._console.status("starting")
            self._status.start()
        stages = Stages(self._say)
        stages.note = self._note
        return stages

    def _say(self, stage: str, text: str) -> None:
        line = f"{stage:8} {text}".rstrip()
        if self._status is not None:
            self._status.update(line.replace("[", "\\["))
        elif not text:
            print(line, file=sys.stderr, flush=True)

    def _note(self, note: str) -> None:
        if self._status is not None:
            self._console.print(f"note: {note}", markup=False, highlight=False)
        else:
            print(f"note: {note}", file=sys.stderr)

    def __exit__(self, *_):
        if self._status is not None:
            self._status.stop()
