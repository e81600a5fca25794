"""Where the numbers of each epoch are logged: TensorBoard, MLflow."""

import importlib
from typing import Protocol

from shared.errors import MissingExtraError
from shared.fit_settings import FitSettings


class Tracker(Protocol):
    """What `fit` tells each epoch to."""

    def log(self, entry: dict[str, float]) -> None: ...
    def close(self) -> None: ...


def _extra(module: str, *, extra: str, purpose: str):
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingExtraError(module.partition(".")[0], extra=extra, purpose=purpose) from None


class TensorBoardTracker:
    """One scalar for each figure of an epoch, in a log that `tensorboard --logdir` shows."""

    def __init__(self, folder: str):
        summary = _extra("tensorboard.summary", extra="tensorboard", purpose="logging to TensorBoard")
        self.writer = summary.Writer(folder)

    def log(self, entry: dict[str, float]) -> None:
        for name, value in entry.items():
            if name != "epoch":
                self.writer.add_scalar(name, value, entry["epoch"])
        self.writer.flush()

    def close(self) -> None:
        self.writer.close()


class MLflowTracker:
    """One run of an MLflow experiment: the settings as parameters, the figures of each epoch as metrics."""

    def __init__(self, experiment: str, settings: FitSettings):
        self.mlflow = _extra("mlflow", extra="mlflow", purpose="logging to MLflow")
        self.mlflow.set_experiment(experiment)
        self.run = self.mlflow.start_run(nested=True)  # within the caller's own run, if there is one
        self.mlflow.log_params(settings.model_dump(mode="json", exclude={"mlflow", "tensorboard"}))

    def log(self, entry: dict[str, float]) -> None:
        figures = {name: value for name, value in entry.items() if name != "epoch"}
        self.mlflow.log_metrics(figures, step=entry["epoch"])

    def close(self) -> None:
        self.mlflow.end_run()


def trackers(settings: FitSettings) -> list[Tracker]:
    """Those that the settings ask for.

    Raises:
        MissingExtraError: If the package of one is not installed.
    Example:
        >>> trackers(FitSettings())
        []
    """
    chosen: list[Tracker] = []
    if settings.tensorboard:
        chosen.append(TensorBoardTracker(settings.tensorboard))
    if settings.mlflow:
        chosen.append(MLflowTracker(settings.mlflow, settings))
    return chosen
