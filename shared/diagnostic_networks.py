"""The networks of a diagnosis: one a fold of the training rows, each with other rows held out, joined into one."""

import numpy as np

from shared.fit_settings import progress
from shared.inputs import Inputs
from shared.patients.inputs import PatientInputs
from shared.stages import Stages


def fit_networks(pipeline, inputs, code: np.ndarray, folds, *, folder, stages: Stages) -> np.ndarray:
    """Fits one network a fold and joins them, as `pipeline.model`; returns what each said of the rows it did not see.

    Args:
        pipeline: A `DiagnosticPipeline`, whose hooks build, start and score the networks.
        inputs: Of all rows.
        code: Class of each row.
        folds: Rows to fit on and rows held out, one pair a network.
        folder: Where interrupted fits keep what they need to go on; None: nowhere.
    Output shape: `(rows held out, members, classes)`, logits.
    """
    models, raw, best = [], [], []
    pipeline.seconds = 0.0
    for number, (rows, held) in enumerate(folds):
        place = f"network {number + 1}/{len(folds)}  " if len(folds) > 1 else ""
        model, epoch = _fit_network(
            pipeline,
            inputs,
            code,
            (rows, held),
            seed=pipeline.config.seed + number,
            folder=None if folder is None else folder / f"network{number}",
            say=lambda text, place=place: stages.say(place + text),
        )
        models.append(model)
        best.append(epoch)
        raw.append(_held_outputs(pipeline, model, inputs, held))
    if len(models) > 1:
        pipeline.history.notes.append(
            f"{len(models)} networks, each with other rows held out; best epochs {', '.join(map(str, best))} "
            "(0: as it started); the curve: the last one's"
        )
    pipeline.model = joined_networks(models)
    return np.concatenate(raw)


def _held_outputs(pipeline, model, inputs: PatientInputs, held: np.ndarray) -> np.ndarray:
    """What a network says of rows that it did not see, for calibration."""
    if inputs.photos is None:
        return _outputs(model, inputs, held)
    batches = [held[start : start + 256] for start in range(0, len(held), 256)]
    found = []
    for number, rows in enumerate(batches):
        batch = Inputs(pipeline.changed(inputs.take(rows), number))
        batch.most_rows = inputs.most_rows
        found.append(_outputs(model, batch, np.arange(len(rows))))
    return np.concatenate(found)


def _fit_network(pipeline, inputs, code, fold, *, seed: int, folder, say):
    """One network, with the weights that the rows held out find best, those it started from included."""
    from shared import training

    config, (rows, held) = pipeline.config, fold
    truth, score = np.maximum(code, 0).astype(np.float32), pipeline.score()
    training.set_seed(seed)
    with training.strategy_scope(config), training.precision_policy(config):
        model = pipeline.build(inputs, pipeline.prior)
    started, begun = pipeline.start(model, inputs, code, rows, held), None
    if started:
        begun = model.get_weights()
        before = score.function(truth[held], _outputs(model, inputs, held))
    pipeline.history = training.fit(
        model,
        inputs,
        truth,
        train=rows,
        valid=held,
        loss=pipeline.loss(),
        settings=config,
        score=score,
        folder=folder,
        on_epoch=lambda epoch, epochs, logs: say(progress(epoch, epochs, logs)),
    )
    pipeline.seconds += sum(entry["seconds"] for entry in pipeline.history.epochs)
    if started and before <= score.function(truth[held], _outputs(model, inputs, held)):
        model.set_weights(begun)
        pipeline.history.best_epoch = 0
        pipeline.history.notes.append("no epoch was better than the start, which is kept")
    return model, pipeline.history.best_epoch


def probabilities(raw: np.ndarray) -> np.ndarray:
    """Logits `(rows, members, classes)` -> probabilities `(rows, classes)`, the mean over the members, float64.

    Example:
        >>> probabilities(np.zeros((1, 3, 2))).tolist()
        [[0.5, 0.5]]
    """
    raw = np.asarray(raw, np.float64)
    raw = raw if raw.ndim == 3 else raw[:, None, :]
    odds = np.exp(raw - raw.max(axis=-1, keepdims=True))
    return (odds / odds.sum(axis=-1, keepdims=True)).mean(axis=1)


def _outputs(model, inputs, rows: np.ndarray) -> np.ndarray:
    from shared import training

    return training.predict(model, inputs, rows)


def joined_networks(models: list):
    """One network whose members are those of all; a single one stays as it is."""
    import keras

    if len(models) == 1:
        return models[0]
    for number, model in enumerate(models):
        model.name = f"network{number + 1}"
    inputs = {
        name: keras.Input(each.shape[1:], name=name, dtype=each.dtype)
        for name, each in models[0].input.items()
    }
    outputs = [model(inputs) for model in models]
    return keras.Model(inputs, keras.layers.Concatenate(axis=1, name="members")(outputs), name="networks")
