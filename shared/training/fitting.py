"""`fit`: `keras.Model.fit`, one epoch at a time, on batches that are gathered ahead."""

import math
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np

from shared.errors import TrainingError
from shared.fit_settings import FitSettings, History, Score
from shared.training.batches import Feed
from shared.training.checkpoints import Checkpoint, copies, fingerprint
from shared.training.devices import device_name, strategy_of
from shared.training.feeding import arrange, as_inputs, as_rows, as_targets, beside, row_weights
from shared.training.optimizers import compile
from shared.training.prediction import predict
from shared.training.tracking import trackers


class _StopAtNaN(keras.callbacks.Callback):
    """Ends the epoch as soon as the loss is no number."""

    async_safe = True  # the step need not wait for it

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            self.model.stop_training = True


class _Fit:
    """One call of `fit`: what stays the same over its epochs, and the best weights so far."""

    def __init__(self, model, inputs, targets, train, valid, loss, settings, score, sample_weight):
        self.model, self.loss, self.settings, self.score = model, loss, settings, score
        self.inputs, self.given = as_inputs(inputs), np.asarray(targets)
        self.targets = as_targets(targets)
        rows = len(self.inputs)
        if len(self.targets) != rows:
            raise TrainingError(f"the inputs have {rows} rows, the targets have {len(self.targets)}")
        self.train, self.valid = as_rows(train, rows, name="train"), as_rows(valid, rows, name="valid")
        if not len(self.train):
            raise TrainingError("there are no training rows")
        self.weights = row_weights(self.targets, self.train, settings.class_weight, sample_weight)
        own = None if sample_weight is None else np.asarray(sample_weight, np.float32)
        self.own_weights = beside(own, self.targets)
        strategy = strategy_of(model)
        self.feed = Feed(
            model, self.inputs, self.targets, self.weights, self.train, batch_size=settings.batch_size,
            seed=settings.seed, multiple=strategy.num_replicas_in_sync if strategy else 1,
        )  # fmt: skip
        if not self.feed.steps:
            raise TrainingError(f"{len(self.train)} training rows are fewer than the devices that share them")
        if not model.built:
            model(arrange(model, self.inputs.take(self.train[:1])))
        self.job = None
        self.key = f"valid_{score.name}" if score else "valid_loss"
        self.sign = -1.0 if score and score.mode == "max" else 1.0
        self.best: list[np.ndarray] | None = None

    def fingerprint(self) -> str:
        arrays = {f"input {name}": array for name, array in getattr(self.inputs, "arrays", {}).items()}
        arrays |= {f"batch {name}": array for name, array in self.inputs.take(self.train[:64]).items()}
        arrays |= {"targets": self.given, "train": self.train, "valid": self.valid}
        if self.weights is not None:
            arrays["weights"] = self.weights
        return fingerprint(self.model, self.settings, self.loss, self.score, arrays)

    def train_epoch(self, data, epoch: int) -> float:
        """Trains for one epoch; its mean loss."""
        self.feed.epoch = epoch
        past = self.model.fit(
            data, epochs=epoch + 1, initial_epoch=epoch, steps_per_epoch=self.feed.steps, shuffle=False,
            verbose=0, callbacks=[_StopAtNaN()],
        )  # fmt: skip
        loss = float(past.history["loss"][-1])
        if not math.isfinite(loss):
            raise TrainingError(f"the loss became {loss} in epoch {epoch + 1}. {self.cause()}")
        for variable in self.model.weights:  # ReLU turns NaN into 0 on some devices: the loss may not show it
            if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
                raise TrainingError(
                    f"weights became NaN in epoch {epoch + 1} (`{variable.path}`). {self.cause()}"
                )
        return loss

    def cause(self) -> str:
        """Where the first value that is no number stands, or what else to change."""
        parts = {"targets": self.targets, **getattr(self.inputs, "arrays", {})}
        for name, array in parts.items():
            if array.dtype.kind != "f" or len(array) != len(self.targets):
                continue
            wrong = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
            if wrong.any():
                what = "the targets have" if name == "targets" else f"input `{name}` has"
                return f"{what} NaN or infinity in {wrong.sum()} rows, first in row {wrong.argmax() + 1}"
        return (
            f"Lower learning_rate (now {self.settings.learning_rate:g}), set clip_norm = 1.0, "
            "or check that the inputs are standardised"
        )

    def validate(self) -> dict[str, float]:
        """Loss and score of one pass over the validation rows."""
        if not len(self.valid):
            return {}
        outputs = predict(self.model, self.inputs, self.valid)
        figures = {"valid_loss": self.valid_loss(outputs)}
        if self.score:
            figures[self.key] = float(self.score.function(self.given[self.valid], outputs))
        return figures

    def valid_loss(self, outputs: np.ndarray) -> float:
        loss = keras.losses.get(self.loss)
        if not isinstance(loss, keras.losses.Loss):
            loss = _FunctionLoss(loss)
        size, total = max(1, 2**22 // max(1, outputs[0].size)), 0.0
        for start in range(0, len(outputs), size):  # in parts, so that large outputs do not fill the memory
            part, rows = outputs[start : start + size], self.valid[start : start + size]
            weights = None if self.own_weights is None else self.own_weights[rows]
            value = loss(self.targets[rows], part, sample_weight=weights)
            total += float(np.mean(keras.ops.convert_to_numpy(value))) * len(part)
        return total / len(outputs)

    def best_epoch(self, epochs: list[dict]) -> int:
        """The number of the first best epoch; of the last one if nothing was scored."""
        scores = [self.sign * entry.get(self.key, math.nan) for entry in epochs]
        if all(math.isnan(score) for score in scores):
            return len(epochs)
        return int(np.nanargmin(scores)) + 1

    def finished(self, epochs: list[dict]) -> bool:
        """Whether patience ran out."""
        patience = self.settings.patience if len(self.valid) else 0
        return bool(patience) and len(epochs) - self.best_epoch(epochs) >= patience

    def restore(self, checkpoint: Checkpoint, history: History) -> None:
        """Puts back the state of an interrupted run of the same job, or notes why not."""
        self.job = self.fingerprint()
        try:
            found = checkpoint.load()
        except ValueError as error:
            history.notes.append(f"{error}; training started afresh")
            return
        if found is None:
            return
        state, arrays = found
        if state["job"] != self.job:
            history.notes.append(f"{checkpoint.path} belongs to another job; training started afresh")
            return
        for group, variables in self.state().items():
            for variable, value in zip(variables, arrays[group], strict=True):
                variable.assign(value)
        self.best, history.epochs = arrays["best"], state["epochs"]
        history.resumed_from = len(history.epochs)

    def state(self) -> dict[str, list]:
        """All variables that the next epoch depends on; states of random generators are among the model's."""
        return {"model": self.model.variables, "optimizer": self.model.optimizer.variables}

    def save(self, checkpoint: Checkpoint, history: History) -> None:
        begun = time.perf_counter()
        arrays = {group: copies(variables) for group, variables in self.state().items()}
        state = {"job": self.job, "epochs": history.epochs}
        checkpoint.save(state, {**arrays, "best": self.best})
        history.checkpoint_seconds += time.perf_counter() - begun


class _FunctionLoss(keras.losses.Loss):
    """A loss function, averaged the way `model.compile` averages it."""

    def __init__(self, function):
        super().__init__(name="function_loss")
        self.function = function

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred)


def fit(
    model: keras.Model, inputs, targets, *, train, valid, loss, settings: FitSettings,
    score: Score | None = None, sample_weight=None, folder=None,
    on_epoch: Callable[[int, int, dict], None] | None = None,
) -> History:  # fmt: skip
    """Trains the model, and leaves it with the weights of its best epoch.

    Args:
        model: Built, under `set_seed`, `precision_policy` and `strategy_scope` where they are wanted.
        inputs: `shared.inputs.Inputs`, arrays by input name, or one array; of all rows.
        targets: `(n,)` or `(n, m)`, of all rows.
        train, valid: Row numbers or masks. Without validation rows nothing stops early.
        loss: A Keras loss, its name, or a function `(y_true, y_pred)`.
        score: What early stopping and best weights go by; None takes the validation loss.
        sample_weight: `(n,)`, multiplied with the class weights; weighs the validation loss too, which class
            weights do not.
        folder: Where the checkpoint is kept. One of the same job (settings, data, network) is resumed
            exactly; one of another job is overwritten, with a note in the history. It is deleted at the end.
        on_epoch: Called with `(epoch, epochs, figures)` after each epoch, counted from 1.
    Raises:
        TrainingError: If rows, labels or weights do not fit, or the loss is no number.
    Example:
        >>> from shared.training import set_seed
        >>> set_seed(0)
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
        >>> history = fit(model, x, x[:, 0], train=np.arange(48), valid=np.arange(48, 64), loss="mse",
        ...               settings=FitSettings(epochs=3, batch_size=16, learning_rate=0.1))
        >>> history.best_epoch, history.epochs[2]["loss"] < history.epochs[0]["loss"]
        (3, True)
    """
    job = _Fit(model, inputs, targets, train, valid, loss, settings, score, sample_weight)
    compile(model, loss, settings, steps=job.feed.steps)
    history = History(
        device=device_name(model), jit=bool(model.jit_compile), precision=model.dtype_policy.name,
        steps_per_execution=model.steps_per_execution, score=job.key,
    )  # fmt: skip
    checkpoint = Checkpoint(folder) if folder is not None else None
    if checkpoint:
        job.restore(checkpoint, history)
    _epochs(job, history, checkpoint, on_epoch)
    if job.best is not None:
        for variable, value in zip(model.weights, job.best, strict=True):
            variable.assign(value)
    history.best_epoch = job.best_epoch(history.epochs)
    history.stopped = "patience" if job.finished(history.epochs) else "epochs"
    seconds = [entry["train_seconds"] for entry in history.epochs]
    history.examples_per_second = job.feed.examples / statistics.median(seconds[1:] or seconds)
    if checkpoint and not settings.keep_checkpoint:
        checkpoint.remove()
    return history


def _epochs(job: _Fit, history: History, checkpoint: Checkpoint | None, on_epoch) -> None:
    """The epochs that are left."""
    logs, data = trackers(job.settings), job.feed.data()
    try:
        for log in logs:
            for entry in history.epochs:
                log.log(entry)
        while len(history.epochs) < job.settings.epochs and not job.finished(history.epochs):
            begun = time.perf_counter()
            entry = {"epoch": len(history.epochs) + 1, "loss": job.train_epoch(data, len(history.epochs))}
            trained = time.perf_counter()
            entry |= job.validate()
            done = time.perf_counter()
            entry |= {
                "seconds": done - begun,
                "train_seconds": trained - begun,
                "valid_seconds": done - trained,
            }
            history.epochs.append(entry)
            if job.best_epoch(history.epochs) == entry["epoch"]:
                job.best = copies(job.model.weights)
            if checkpoint:
                job.save(checkpoint, history)
            for log in logs:
                log.log(entry)
            if on_epoch:
                on_epoch(entry["epoch"], job.settings.epochs, dict(entry))
    finally:
        for log in logs:
            log.close()
