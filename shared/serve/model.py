"""What `/v1/model` says of a bundle: what it decides, from which columns, at which thresholds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.bundle import FACTS
from shared.decisions import BLOCK, PASS, REVIEW
from shared.images.thresholds import ACCEPT, AGAIN, REJECT
from shared.protocol import NEGATIVE, POSITIVE, REFER
from shared.report.words import catalogue
from shared.serve.examples import examples_of
from shared.serve.fields import Field, kind_of
from shared.serve.reasons import tells_reasons
from shared.serve.scoring import Scoring
from shared.serve.settings import ServeSettings

WORDS = {
    "image": "inspection",
    "diagnosis": "diagnosis",
}  # kinds of report whose words go before the common ones


class Model:
    """A bundle, told to those who ask.

    Args:
        scoring: The loaded bundle.
        settings: How it is served.
    Attributes:
        fields: The columns of a row, with examples.
        rows: Made-up rows that are accepted.
    """

    def __init__(self, scoring: Scoring, settings: ServeSettings):
        self.scoring, self.settings, self.pipeline = scoring, settings, scoring.pipeline
        self.kind = kind_of(self.pipeline)
        self.fields: list[Field]
        self.fields, self.rows = examples_of(self.pipeline)

    @property
    def brief(self) -> dict[str, Any]:
        """What stands in every answer."""
        return {
            "solution": self.scoring.content["solution"],
            "version": self.scoring.version,
            "saved_with": self.scoring.content["versions"].get("keras-verticals"),
            "runtime": self.scoring.runtime,
        }

    def to_dict(self) -> dict[str, Any]:
        """For `/v1/model`."""
        looks_back = "store" if self.settings.store is not None else "rows"
        return self.brief | {
            "title": self.pipeline.title,
            "task": self.pipeline.task,
            "created": self._created(),
            "simulated": self.pipeline.mapping.simulated,
            "kind": self.kind,
            "fields": [each.to_dict() for each in self.fields],
            "example": {"rows": self.rows},
            "thresholds": self.scoring.content.get("decision"),
            "decisions": self.decisions(),
            "reasons": tells_reasons(self.pipeline),
            "history": looks_back if self.scoring.looks_back else None,
            "limits": {
                "rows": self.settings.max_rows,
                "bytes": self.settings.max_bytes,
                "seconds": self.settings.max_seconds,
            },
        }

    def decisions(self) -> dict[str, dict[str, str]]:
        """What an answer may decide, in each language; of a forecast nothing."""
        words = {**catalogue(WORDS.get(self.kind)), **self.pipeline.words()}
        names = {
            "binary": (PASS, REVIEW, BLOCK),
            "image": (ACCEPT, AGAIN, REJECT),
            "diagnosis": _diagnoses(self.pipeline),
        }.get(self.kind, ())
        return {name: _worded(name, words) for name in names}

    def _created(self) -> str:
        """When the bundle was saved, as its file says."""
        saved = (Path(self.settings.bundle) / FACTS).stat().st_mtime
        return datetime.fromtimestamp(saved, UTC).isoformat(timespec="seconds")


def _diagnoses(pipeline) -> tuple[str, ...]:
    names = tuple(getattr(pipeline, "names", ()))
    return (*(names if len(names) > 2 else (NEGATIVE, POSITIVE)), REFER)


def _worded(name: str, words: Mapping[str, dict[str, str]]) -> dict[str, str]:
    found = words.get(f"decision.{name}") or words.get(f"class_name.{name}")
    return found or {"en": name, "zh": name}
