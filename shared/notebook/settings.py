"""All settings of a pipeline, with what each is for."""

import json

from shared.notebook import language
from shared.notebook.outputs import Outputs, paragraph
from shared.notebook.tables import table
from shared.pipeline import Pipeline
from shared.report.figures import DASH

LONGEST = 36


def show_settings(pipeline: Pipeline, *, lang: str = "en") -> Outputs:
    """Name, value and reason of every setting; what differs from the usual value is bold and comes first.

    Args:
        pipeline: Whose `config` is shown.
        lang: "en" or "zh"; the reasons are in English, as they stand in `config.py`.
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> from shared.config import Settings
        >>> from pydantic import Field
        >>> class Net(Settings):
        ...     units: int = Field(8, description="width of the layer")
        ...     epochs: int = Field(3, description="passes over the rows")
        >>> class Shop(Pipeline):
        ...     Config = Net
        >>> show_settings(Shop(Net(epochs=5)))
        Bold: settings that differ from the usual value (1).
        Setting | Value | Usual value | Unit or reason
        epochs | 5 | 3 | passes over the rows
        units | 8 |  | width of the layer
    """
    words, figures = language.of_pipeline(pipeline, lang)
    config = pipeline.config
    usual, now = type(config)().model_dump(mode="json"), config.model_dump(mode="json")
    names = _own_first(type(config))
    changed = [name for name in names if now[name] != usual[name]]
    rows = [
        [
            name,
            _written(now[name]),
            _written(usual[name]) if name in changed else "",
            type(config).model_fields[name].description or "",
        ]
        for name in [*changed, *(name for name in names if name not in changed)]
    ]
    said = "notebook.changed" if changed else "notebook.unchanged"
    heads = [words(f"notebook.{key}") for key in ("setting", "value", "usual", "reason")]
    return Outputs(
        paragraph(words(said, count=figures.count(len(changed)))),
        table(heads, rows, words=-1, bold=range(len(changed))),
    )


def _own_first(config: type) -> list[str]:
    """The solution's own settings, then those that it shares with others."""
    own = vars(config).get("__annotations__", {})
    names = list(config.model_fields)
    return [name for name in names if name in own] + [name for name in names if name not in own]


def _written(value) -> str:
    """As it would stand in TOML, where what is None is left out."""
    if value is None:
        return DASH
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
