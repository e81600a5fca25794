"""From a customer's files to a pipeline and its checked table: the same road for every command and notebook."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.config import Project, load_project
from shared.contract import Table
from shared.contract.tables import raw_table
from shared.errors import ConfigError, Fault
from shared.pipeline import Pipeline
from shared.stages import Stages


def open_project(
    cls: type[Pipeline], config: Path | None, overrides: Sequence[str] = (), *, known_as: str | None = None
) -> tuple[Pipeline, Project]:
    """A solution with the mapping and settings of a customer's TOML file.

    Args:
        config: The file; None: the solution's defaults.
        overrides: Such as `settings.epochs=5`.
        known_as: How the command names the solution; None: by its own name.
    Raises:
        ConfigError: If the file does not fit, or is of another solution.
    """
    known_as = known_as or cls.name
    project = load_project(config, cls.Config, cls.roles, overrides)
    if project.solution not in (None, known_as, cls.name):
        text = f'`solution` is "{project.solution}", the command says `{known_as}`. Change one of the two'
        raise ConfigError(f"{config} is of another solution", [Fault(text=text)])
    return cls(project.settings, project.mapping), project


def open_sample(
    pipeline: Pipeline, stages: Stages, size: Mapping[str, int] | None = None
) -> tuple[Pipeline, Table]:
    """The built-in sample with its own columns, and the same settings.

    Args:
        size: Arguments of `sample`; what is left out is as it says.
    """
    cls = type(pipeline)
    with stages("sample"):
        frame, mapping = cls.sample(**{"seed": getattr(pipeline.config, "seed", 0), **(size or {})})
    kind = "built-in, simulated sample" if mapping.simulated else "built-in sample"
    stages.note(f"there is no --data: the {kind} is taken, with its own columns")
    pipeline = cls(pipeline.config, mapping)
    with stages("check"):
        source = "built-in sample" + (" (simulated)" if mapping.simulated else "")
        return pipeline, pipeline.check(raw_table(frame, source))


def open_table(
    pipeline: Pipeline, data: Path | None, stages: Stages, *, test: Path | None = None, predict: bool = False
) -> Table:
    """A customer's table, read and checked; what a person should know of it becomes a note.

    Args:
        data: The table.
        test: Rows that judge and do not teach.
        predict: Whether the table is to be answered, so that labels may lack.
    Raises:
        ConfigError: If there is no table.
        ContractError: With everything that does not fit.
    """
    if data is None:
        raise ConfigError("there is no table", [Fault(text="give one with --data")])
    with stages("read"):
        raw = pipeline.read(data, pipeline.mapping.format, predict=predict)
        later = None if test is None else pipeline.read(test, pipeline.mapping.format)
    with stages("check"):
        table = pipeline.check(raw, predict=predict) if later is None else pipeline.check(raw, later=later)
    for note in table.notes:
        stages.note(note)
    return table
