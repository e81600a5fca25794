"""How the pipelines of each task are judged: what a run calls after each fit, and at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared import cases, forecast_verdicts, verdicts
from shared.diagnostic import DiagnosticPipeline
from shared.diagnostic_cases import explain_patients
from shared.diagnostic_scoring import Diagnosed, score_loaded_patients, score_patients
from shared.diagnostic_verdicts import judge_patients
from shared.forecast import ForecastPipeline
from shared.forecast_scoring import Forecasts, forecast_fold, forecast_loaded
from shared.image_scoring import Photographed, score_loaded_photos, score_photos
from shared.image_verdicts import explain_photos, judge_photos
from shared.imaging import ImagePipeline
from shared.pipeline import Pipeline
from shared.scoring import Scored, score_fold, score_loaded
from shared.splits import Split
from shared.stages import Stages


@dataclass(frozen=True)
class Task:
    """The judging of one kind of pipeline; a new kind needs one of these and nothing else in `run`.

    Args:
        scored: Makes what collects the test answers of all folds.
        fold: `(fitted, prepared, split, number, scored, stages)`: test answers of the model and of every rival.
        loaded: The same of a loaded pipeline, without rivals.
        judge: `(fitted, prepared, splits, scored, stages)`: entries of metrics.json, and the predictions.
        explain: `(fitted, prepared, split, predictions)`: further entries, on what drives the answers.
    """

    scored: Callable[[], Any]
    fold: Callable[..., None]
    loaded: Callable[..., None]
    judge: Callable[..., tuple[dict[str, Any], Any]]
    explain: Callable[..., dict[str, Any]]


BINARY = Task(Scored, score_fold, score_loaded, verdicts.judge_run, cases.explain_run)
FORECAST = Task(
    Forecasts,
    forecast_fold,
    forecast_loaded,
    forecast_verdicts.judge_forecasts,
    forecast_verdicts.explain_forecasts,
)


PATIENTS = Task(Diagnosed, score_patients, score_loaded_patients, judge_patients, explain_patients)
PHOTOS = Task(Photographed, score_photos, score_loaded_photos, judge_photos, explain_photos)


def judge_loaded(
    pipeline: Pipeline, prepared: Any, split: Split, stages: Stages
) -> tuple[dict[str, Any], Any]:
    """The test rows of a split by a loaded pipeline, without rivals: entries of metrics.json, and predictions."""
    task = task_of(pipeline)
    scored = task.scored()
    task.loaded(pipeline, prepared, split, 0, scored, stages)
    return task.judge(pipeline, prepared, [split], scored, stages)


def task_of(pipeline: Pipeline) -> Task:
    """The task that a pipeline is of."""
    if isinstance(pipeline, ForecastPipeline):
        return FORECAST
    if isinstance(pipeline, DiagnosticPipeline):
        return PATIENTS
    return PHOTOS if isinstance(pipeline, ImagePipeline) else BINARY
