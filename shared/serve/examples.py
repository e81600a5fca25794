"""Made-up rows that a bundle accepts, from its contract, vocabularies and encoder; never from anyone's rows."""

import base64
import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from shared.contract import Format
from shared.forecast import ForecastPipeline
from shared.pipeline import Pipeline
from shared.serve.fields import Field, fields_of

MOMENT = datetime(2025, 1, 6, 12, 0, 0)  # a Monday, at noon
STEPS = {"H": timedelta(hours=1), "D": timedelta(days=1), "W": timedelta(weeks=1)}
FEWEST = 28  # periods of an example series
SIDE = 64  # pixels of an example photo


def examples_of(pipeline: Pipeline) -> tuple[list[Field], list[dict[str, Any]]]:
    """The fields with an example each, and rows that a request may hold: one, or of a forecast a short series."""
    fields = [replace(each, example=example_cell(pipeline, each)) for each in fields_of(pipeline)]
    if isinstance(pipeline, ForecastPipeline):
        return fields, _series(pipeline, fields)
    return fields, [{each.name: each.example for each in fields if each.kind != "label"}]


def example_cell(pipeline: Pipeline, field: Field) -> Any:
    """One cell of a column, as JSON holds it."""
    if field.private and field.kind in ("key", "category"):
        return f"{field.name} 1"
    makers = {
        "time": lambda: moment(MOMENT, pipeline.mapping.format),
        "number": lambda: _number(pipeline, field),
        "label": lambda: field.choices[0] if field.choices else 0,
        "photo": lambda: {"name": "example.png", "base64": _photo()},
        "signal": lambda: _signal((pipeline.state or {}).get("signal")),
        "key": lambda: f"{field.name} 1",
        "category": lambda: field.choices[0] if field.choices else f"{field.name} 1",
    }
    return makers[field.kind]()


def moment(when: datetime, format: Format) -> str | int:
    """A moment as the customer's file writes it.

    Example:
        >>> moment(MOMENT, Format(date_format="%d/%m/%Y")), moment(MOMENT, Format(time_unit="D"))
        ('06/01/2025', 20094)
    """
    if format.time_unit is not None:
        since = (when - datetime.fromisoformat(format.time_origin)).total_seconds()
        units = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9, "D": 1 / 86_400}
        return int(since * units[format.time_unit])
    return when.strftime(format.date_format or "%Y-%m-%d %H:%M:%S")


def _number(pipeline: Pipeline, field: Field) -> float:
    """The mean of training where the encoder knows it, within what is plausible; three digits of it."""
    learnt = ((pipeline.state or {}).get("numbers") or {}).get(field.name, {})
    learnt = learnt or ((pipeline.state or {}).get("numbers") or {}).get(field.role, {})
    value = 1.0
    if "mean" in learnt:
        value = learnt["mean"]
        value = float(np.sign(value) * np.expm1(min(abs(value), 200))) if learnt.get("log") else value
    elif learnt.get("knots"):
        value = learnt["knots"][len(learnt["knots"]) // 2]
    elif field.low is not None and field.high is not None:
        value = field.low if field.high - field.low <= 1 else (field.low + field.high) / 2
    value = float(f"{value:.3g}")
    value = value if field.low is None else max(value, field.low)
    return value if field.high is None else min(value, field.high)


def _photo() -> str:
    from PIL import Image

    out = io.BytesIO()
    shade = np.add.outer(np.arange(SIDE), np.arange(SIDE)).astype(np.uint8)
    Image.fromarray(shade + 64).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode("ascii")


def _signal(learnt: dict[str, Any] | None) -> list:
    """A slow wave of the length and channels that were learnt, at their level."""
    learnt = learnt or {"steps": 16, "channels": 1, "mean": [0.0], "spread": [1.0], "stride": 1}
    wave = np.sin(np.linspace(0, 4 * np.pi, learnt["steps"] * learnt["stride"]))
    channels = [
        [float(f"{mean + spread * each:.4g}") for each in wave]
        for mean, spread in zip(learnt["mean"], learnt["spread"])
    ]
    return channels[0] if len(channels) == 1 else channels


def _series(pipeline: ForecastPipeline, fields: list[Field]) -> list[dict[str, Any]]:
    """One series of some periods, and the periods ahead where something is known of them."""
    wide = pipeline.mapping.wide
    past = max(FEWEST, pipeline.config.lookback)
    if wide is not None:
        names = [wide.values.replace("*", f"{number}") for number in range(1, past + 1)]
        if wide.origin is None:
            names = [wide.values.replace("*", str(when)) for when in _periods(pipeline, past)]
        return [{wide.id: f"{wide.id} 1"} | {name: 1 + number % 7 for number, name in enumerate(names)}]
    ahead = any(each.role in ("price", "promotion", "holiday") for each in fields)
    stop = past + (pipeline.config.horizon if ahead else 0)
    rows = []
    for number, when in enumerate(_periods(pipeline, stop)):
        row = {each.name: each.example for each in fields}
        row |= {each.name: when for each in fields if each.kind == "time"}
        sold = 1 + number % 7 if number < past else None
        rows.append(row | {each.name: sold for each in fields if each.role == "quantity"})
        if number >= past:
            rows[-1] |= {each.name: None for each in fields if each.role == "stockout"}
    return rows


def _periods(pipeline: ForecastPipeline, count: int) -> list[str | int]:
    frequency, format = (pipeline.state or {}).get("frequency", "D"), pipeline.mapping.format
    start = datetime(2025, 1, 6)
    if frequency == "M":
        moments = [datetime(2020 + month // 12, 1 + month % 12, 1) for month in range(count)]
    else:
        moments = [start + number * STEPS.get(frequency, STEPS["D"]) for number in range(count)]
    return [moment(when, format) for when in moments]
