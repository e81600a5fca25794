"""Where the network of a diagnosis begins: at the best logistic regression of its table and its signals."""

import numpy as np

from shared.inputs import Inputs
from shared.patients.inputs import PatientInputs

STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # C of the logistic regressions that are tried


def start_from_logistic_regression(
    model, inputs: PatientInputs, code: np.ndarray, rows: np.ndarray, held: np.ndarray
) -> bool:
    """Puts the best logistic regression of table and signal into the linear parts, and freezes them.

    On a few hundred rows that is rarely beaten; so the network begins where it stands, and what learns on top moves
    the answer only as far as the rows held out reward it.

    Args:
        model: Built of `wide_and_deep` and `fused_network`, not fitted.
        inputs: Of all rows.
        code: Class of each row.
        rows, held: Rows to fit on, and those that choose the strength of the penalty.
    Returns:
        Whether there was a linear part.
    Example:
        >>> import keras
        >>> from shared import builders
        >>> inputs = PatientInputs({"number": np.eye(4, dtype="float32"), "presence": np.ones((4, 1), "float32")})
        >>> given = builders.patient_inputs(inputs)
        >>> evidence = builders.wide_and_deep(given["number"], given["number"], 2, modality="table")
        >>> model = builders.fused_network(given, [evidence], prior=[0.5, 0.5])
        >>> rows = np.arange(4)
        >>> start_from_logistic_regression(model, inputs, np.array([0, 0, 1, 1]), rows, rows)
        True
        >>> keras.ops.convert_to_numpy(model(inputs.take(rows)))[:, 0].argmax(axis=1).tolist()
        [0, 0, 1, 1]
    """
    from shared.builders.evidence import CONVOLUTIONS, READ, SCALED, WIDE, modalities_in

    layers = {layer.name: layer for layer in model.layers}
    linear = {name: layers[layer] for name, layer in WIDE.items() if layer in layers}
    if not linear:
        return False
    both = np.concatenate([rows, held])
    presence = dict(zip(modalities_in(model.input), inputs.arrays["presence"].T))
    if SCALED in layers:
        there = rows[presence["signal"][rows] > 0]  # a signal that is missing teaches nothing
        layers[SCALED].adapt(_read(model, CONVOLUTIONS, "signal", inputs, there))
    # What is missing adds nothing to the answer, so it adds nothing here.
    views = [_read(model, READ[name], name, inputs, both) * presence[name][both, None] for name in linear]
    x, order = np.concatenate(views, axis=1), np.arange(len(both))
    fusion = layers["fusion"]
    slopes, bias = _logistic_regression(x, code[both], order[: len(rows)], order[len(rows) :], fusion.classes)
    start = 0
    for layer, view in zip(linear.values(), views):
        layer.set_weights([slopes[start : start + view.shape[1]]])
        layer.trainable = False
        start += view.shape[1]
    fusion.set_weights([bias])
    return True


def _read(model, layer: str, modality: str, inputs: PatientInputs, rows: np.ndarray) -> np.ndarray:
    """What a layer that reads one modality makes of `rows`."""
    import keras

    from shared import training

    names = ("number", "category") if modality == "table" else (modality,)
    given = {name: each for name, each in model.input.items() if name in names}
    reader = keras.Model(given, model.get_layer(layer).output)
    arrays = Inputs({name: inputs.arrays[name] for name in given})
    return training.predict(reader, arrays, rows, batch_size=8192 if modality == "table" else 256)


def _logistic_regression(x, code, rows, held, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Slopes `(columns, classes)` and biases `(classes,)` of the strength that the rows held out find best."""
    from sklearn.linear_model import LogisticRegression

    present = np.unique(code[rows])
    inside = held[np.isin(code[held], present)]
    place, turn = np.searchsorted(present, code[inside]), None
    if x.shape[1] > len(rows):  # no direction that the rows do not span gets a slope
        turn = np.linalg.svd(x[rows], full_matrices=False)[2].T
        x = x @ turn

    def loss(fitted) -> float:
        p = fitted.predict_proba(x[inside])[np.arange(len(inside)), place]
        return float(-np.log(np.maximum(p, 1e-9)).sum())

    tried = [LogisticRegression(C=each, max_iter=1000).fit(x[rows], code[rows]) for each in STRENGTHS]
    best = min(tried, key=loss)
    found = best.coef_ if turn is None else best.coef_ @ turn.T
    slopes = np.zeros((found.shape[1], classes), np.float32)
    bias = np.full(classes, _rare(best.decision_function(x[rows])), np.float32)  # of a class that they lack
    if len(present) == 2:
        slopes[:, present] = np.stack([-found[0], found[0]], axis=1) / 2
        bias[present] = np.r_[-1, 1] * best.intercept_[0] / 2
    else:
        slopes[:, present], bias[present] = found.T, best.intercept_
    return slopes, bias


def _rare(odds: np.ndarray) -> float:
    """The logit of a class that would have half a row beside classes whose log odds are these."""
    level = np.median(np.log(np.exp(odds.reshape(len(odds), -1)).sum(axis=1)))
    return level + np.log(0.5 / len(odds))
