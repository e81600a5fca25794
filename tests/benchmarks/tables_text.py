"""Figures and tables as text, from the results of the benchmarks."""

import json
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def load(name: str) -> dict:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def figure(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1)


def span(entry: dict) -> str:
    return f"{figure(entry['value'])} ({figure(entry['low'])} to {figure(entry['high'])})"


def percent(entry: dict) -> str:
    return f"{100 * entry['value']:.1f} % ({100 * entry['low']:.1f} to {100 * entry['high']:.1f})"


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
