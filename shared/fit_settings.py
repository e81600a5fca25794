"""What a fit is told and what it tells. Free of Keras, so that a solution's config loads at once."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveInt

from shared.config import Settings


class FitSettings(Settings):
    """How `shared.training.fit` trains. What is "auto" is chosen by device and size; `History` tells.

    Example:
        >>> FitSettings(epochs=3, class_weight="balanced").batch_size
        1024
    """

    epochs: int = Field(20, ge=1, description="most passes over the training rows")
    batch_size: int = Field(1024, ge=1, description="rows a step, over all devices together")
    learning_rate: float = Field(1e-3, gt=0, description="of Adam, at its highest")
    weight_decay: float = Field(0.0, ge=0, description="of AdamW; biases and normalisations are left out")
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="of the learning rate; cosine ends at 0"
    )
    warmup: float = Field(
        0.0, ge=0, lt=1, description="share of all steps in which the learning rate rises from 0"
    )
    patience: int = Field(
        5, ge=0, description="epochs without a better score before stopping; 0 never stops early"
    )
    clip_norm: float | None = Field(None, gt=0, description="largest norm of all gradients together")
    class_weight: Literal["none", "balanced"] | dict[float, NonNegativeFloat] = Field(
        "none",
        description="weight by label, such as {0 = 1, 1 = 20}; balanced gives all classes one total weight",
    )
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "auto", description="float32 on CPU, mixed_bfloat16 on GPUs that have it; weights are float32 always"
    )
    jit: Literal["auto"] | bool = Field(
        "auto", description="XLA; auto is off on CPU, on where a GPU gains by it"
    )
    steps_per_execution: Literal["auto"] | PositiveInt = Field(
        "auto", description="steps that run without a stop in Python"
    )
    devices: Literal["auto"] | PositiveInt = Field(
        "auto", description="number of devices to share each batch; auto: all GPUs"
    )
    seed: int = Field(0, ge=0, description="of weights, dropout and the order of rows")
    keep_checkpoint: bool = Field(False, description="leave the resumable checkpoint behind after success")
    tensorboard: str | None = Field(None, description="folder for TensorBoard's log")
    mlflow: str | None = Field(None, description="name of the MLflow experiment to log to")


@dataclass(frozen=True)
class Score:
    """The metric that decides when to stop and which weights to keep.

    Args:
        name: Shown as `valid_<name>`.
        function: `(y_true, y_pred) -> float`, in NumPy; `y_true` as given to `fit`, `y_pred` raw outputs.
        mode: Whether "max" or "min" is better.
    Example:
        >>> Score("error", lambda y_true, y_pred: np.abs(y_true - y_pred[:, 0]).mean(), "min").name
        'error'
    """

    name: str
    function: Callable[[np.ndarray, np.ndarray], float]
    mode: str = "max"

    def __post_init__(self):
        if self.mode not in ("max", "min"):
            raise ValueError(f'mode must be "max" or "min", found {self.mode!r}')


@dataclass
class History:
    """What happened in a fit.

    Args:
        epochs: For each epoch `epoch` (from 1), `loss`, `valid_loss`, `valid_<score>`, `seconds`, and of
            these `train_seconds` and `valid_seconds`. `loss` is the epoch's mean, regularisation included.
        best_epoch: The epoch whose weights the model has now.
        examples_per_second: Training rows a second while training; the first epoch is left out if it can be.
        stopped: "patience" or "epochs".
        checkpoint_seconds: Spent on writing checkpoints, in all.
        notes: What the user should know.
    """

    epochs: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    examples_per_second: float = 0.0
    stopped: str = "epochs"
    device: str = ""
    jit: bool = False
    precision: str = "float32"
    steps_per_execution: int = 1
    score: str = "valid_loss"
    resumed_from: int = 0
    checkpoint_seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict:
        """Plain JSON.

        Example:
            >>> History().to_dict()["stopped"]
            'epochs'
        """
        return asdict(self)


def progress(epoch: int, epochs: int, logs: dict[str, float]) -> str:
    """What an epoch came to, in one line.

    Example:
        >>> progress(1, 3, {"loss": 0.5, "valid_auc": 0.75, "seconds": 2.0})
        'epoch 1/3  loss 0.5000  valid_auc 0.7500'
    """
    figures = "  ".join(
        f"{name} {logs[name]:.4f}"
        for name in logs
        if name == "loss" or (name.startswith("valid_") and not name.endswith("seconds"))
    )
    return f"epoch {epoch}/{epochs}  {figures}"
