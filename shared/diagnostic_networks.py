"""The networks of a diagnosis: one a fold of the training rows, each with other rows held out, joined into one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from shared.contract import Table
from shared.fit_settings import progress
from shared.inputs import Arrays, Inputs
from shared.patients.calibration import probabilities
from shared.patients.inputs import PatientInputs
from shared.patients.parts import inner_folds
from shared.patients.reading import parts_of
from shared.splits import Split
from shared.stages import Stages

Rows = tuple[np.ndarray, np.ndarray]

MANY = 20_000  # training rows from which one network is enough
SMALLEST = 1e-12  # probability that is told from 0


def network_count(table: Table, code: np.ndarray, inner_folds: int | str) -> int:
    """How many networks are fitted, each with other rows held out.

    Args:
        table: One network is enough where it gives a validation part.
        code: Class of each row; -1: not known.
        inner_folds: As it is set; "auto": five, or one where there are photos or more than 20,000 rows.
    """
    if any(part == "valid" for part in parts_of(table)):
        return 1
    if inner_folds != "auto":
        return int(inner_folds)
    return 1 if table.photos is not None or (code >= 0).sum() > MANY else 5


def fold_rows(split: Split, code: np.ndarray, groups, *, networks: int, seed: int) -> list[Rows]:
    """Rows to fit on and rows held out, one pair a network: the validation part's, or else inner folds of training.

    Args:
        code: Class of each row.
        groups: Patient of each row, whole numbers; None: rows are taken for patients.
        networks: How many, where no row validates; at least two.
    Raises:
        SplitError: If a class has too few rows or patients to be parted so.
    Example:
        >>> split = Split("given", np.arange(8), np.arange(0), np.arange(8, 12), {})
        >>> folds = fold_rows(split, np.arange(12) % 2, None, networks=4, seed=0)
        >>> [len(held) for _, held in folds]
        [2, 2, 2, 2]
    """
    if len(split.valid):
        return [(split.train, split.valid)]
    return inner_folds(split.train, code, folds=max(2, networks), seed=seed, groups=groups)


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
        layers = pipeline.photo_changes(seed=pipeline.config.seed + number)
        batch = Inputs(changed_photos(inputs.take(rows), layers))
        batch.most_rows = inputs.most_rows
        found.append(_outputs(model, batch, np.arange(len(rows))))
    return np.concatenate(found)


def changed_photos(arrays: Arrays, layers: Sequence[Any]) -> Arrays:
    """A batch with each photo changed once, as in training.

    Args:
        arrays: Arrays by input name, `photo` among them.
        layers: What changes a photo, in turn, such as those of `photo_augmentation`.
    Example:
        >>> import keras
        >>> arrays = {"photo": np.arange(4, dtype="uint8").reshape(1, 2, 2, 1), "presence": np.ones((1, 1))}
        >>> changed_photos(arrays, [keras.layers.Rescaling(2)])["photo"].ravel().tolist()
        [0, 2, 4, 6]
    """
    import keras

    photo = arrays["photo"]
    for layer in layers:
        photo = layer(photo, training=True)
    return arrays | {"photo": np.asarray(keras.ops.convert_to_numpy(photo), arrays["photo"].dtype)}


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


def log_loss(y_true: np.ndarray, raw: np.ndarray) -> float:
    """Log loss of the members' mean.

    Args:
        y_true: Class of each row.
        raw: Logits `(rows, members, classes)`.
    Example:
        >>> round(log_loss(np.array([0, 1]), np.zeros((2, 3, 2))), 4)
        0.6931
    """
    p = probabilities(raw)[np.arange(len(y_true)), np.asarray(y_true).reshape(-1).astype(np.int64)]
    return float(-np.log(np.maximum(p, SMALLEST)).mean())


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


def class_maps(model, inputs: PatientInputs, rows: np.ndarray) -> np.ndarray | None:
    """What each place of a photo says for each class, the mean over the networks: Grad-CAM before its ReLU.

    Args:
        model: Of one network, or of several that are joined, which may hold a layer `ClassMaps`.
        inputs: Of all rows.
        rows: Whose photos are looked at.
    Output shape: `(rows, height, width, classes)`; None where the network reads no photos.
    """
    import keras

    from shared import training
    from shared.builders import ClassMaps

    networks = [layer for layer in model.layers if isinstance(layer, keras.Model) and "network" in layer.name]
    found = []
    for network in networks or [model]:
        layer = next((layer for layer in network.layers if isinstance(layer, ClassMaps)), None)
        if layer is None:
            return None
        outputs = keras.tree.flatten(layer.output)  # Keras keeps a dictionary as a list
        maps = next(each for each in outputs if len(each.shape) == 4)
        reader = keras.Model({"photo": network.input["photo"]}, maps)
        found.append(training.predict(reader, Inputs({"photo": inputs.take(rows)["photo"]})))
    return np.mean(found, axis=0)
