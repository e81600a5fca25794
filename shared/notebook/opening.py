"""From the two lines that a reader changes to a pipeline and its checked table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.contract import Table
from shared.opening import open_project, open_sample
from shared.opening import open_table as read_and_check
from shared.pipeline import Pipeline
from shared.stages import Stages


def open_table(
    solution: type[Pipeline],
    data: str | Path | None = None,
    config: str | Path | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    sample: Mapping[str, int] | None = None,
) -> tuple[Pipeline, Table]:
    """A pipeline, not fitted, and the table that passed its check.

    Args:
        solution: Such as `FraudPipeline`.
        data: The customer's table; None: the one that `config` names, or else the built-in sample.
        config: The customer's TOML file; None: the solution's own settings, columns named like the roles.
        settings: What the notebook sets for its sample, to be quick. With a customer's table these are left
            aside: there `config` says it all.
        sample: Size of the built-in sample.
    Raises:
        ConfigError: If `config` or `settings` do not fit.
        ContractError: With everything in the table that does not fit.
    Example:
        >>> import pandas as pd
        >>> from shared.config import Mapping, Settings
        >>> from shared.contract import Role
        >>> class Shop(Pipeline):
        ...     name, roles, Config = "shop", (Role(name="price", kind="number"),), Settings
        ...     @classmethod
        ...     def sample(cls, *, seed=0, rows=2):
        ...         return pd.DataFrame({"price": range(rows)}), Mapping(columns={"price": "price"})
        >>> pipeline, table = open_table(Shop, sample={"rows": 3})
        >>> len(table), table.source
        (3, 'built-in sample')
    """
    config = None if config is None else Path(config)
    pipeline, project = open_project(solution, config)
    data = data if data is not None else project.data
    if data is not None:
        return pipeline, read_and_check(pipeline, Path(data), Stages())
    if settings:
        overrides = [f"settings.{name}={json.dumps(value)}" for name, value in settings.items()]
        pipeline, _ = open_project(solution, config, overrides)
    return open_sample(pipeline, Stages(), sample)
