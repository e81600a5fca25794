"""Steps of a forecast that are known, and those that are not: their loss and gradient are zero."""

import keras
from keras import ops


def check_horizon(loss: keras.losses.Loss, y_true, y_pred, numbers: int, *, members: bool = False) -> None:
    """Raises ValueError unless `y_true` is `(n, horizon)` and `y_pred` `(n, horizon, numbers)`.

    Args:
        members: Whether `(n, members, horizon, numbers)` is right as well.
    """
    true, found = tuple(y_true.shape), tuple(y_pred.shape)
    axes = (3, 4) if members else (3,)
    if len(true) != 2 or len(found) not in axes or found[-2] != true[1] or found[-1] != numbers:
        also = f" or `(n, members, horizon, {numbers})`" if members else ""
        raise ValueError(
            f"{loss.name} needs y_true `(n, horizon)` and y_pred `(n, horizon, {numbers})`{also}, found "
            f"{true} and {found}"
        )


def known_steps(y_true):
    """Where the target is known, bool, and the target with 0 where it is not, both `(n, horizon)`.

    Example:
        >>> known, values = known_steps(ops.convert_to_tensor([[3.0, float("nan")]]))
        >>> ops.convert_to_numpy(known).tolist(), ops.convert_to_numpy(values).tolist()
        ([[True, False]], [[3.0, 0.0]])
    """
    known = ops.logical_not(ops.isnan(y_true))
    return known, ops.where(known, y_true, 0.0)


def row_means(losses, known):
    """The mean over the last axis of the steps that are known; 0 for a row without any.

    Args:
        losses: `(..., horizon)`, finite.
        known: Bool, of a shape that can be broadcast to it.
    Returns:
        `(...)`.
    Example:
        >>> found = row_means(ops.convert_to_tensor([[2.0, 9.0], [9.0, 9.0]]), [[True, False], [False, False]])
        >>> ops.convert_to_numpy(found).tolist()
        [2.0, 0.0]
    """
    known = ops.convert_to_tensor(known, dtype="bool")
    total = ops.sum(ops.where(known, losses, 0.0), axis=-1)
    return total / ops.maximum(ops.sum(ops.cast(known, "float32"), axis=-1), 1.0)
