"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated, Optional

import typer

Bundle = Annotated[Path, typer.Argument(help="the folder `bundle` of a run, or what fit saved")]
Earlier = Annotated[Optional[Path], typer.Option(help="earlier rows, which the features look back on")]  # noqa: UP045
