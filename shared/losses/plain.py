"""What the losses have in common: float32, and labels of shape `(n,)` and `(n, 1)` alike."""

import keras

PACKAGE = "keras_verticals"


class FloatLoss(keras.losses.Loss):
    """A loss that computes in float32, whatever the precision of the network.

    Args:
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    """

    def __init__(self, *, reduction, name):
        super().__init__(name=name, reduction=reduction, dtype="float32")


def column(y_true):
    """Labels `(n,)` as `(n, 1)`; others as they are."""
    return y_true[:, None] if len(y_true.shape) == 1 else y_true


def same_shape(loss: keras.losses.Loss, y_true, y_pred):
    """Both as `(n, labels)`: labels of another shape would be broadcast to a wrong loss without a word.

    Raises:
        ValueError: If they are not of one shape.
    """
    y_true, y_pred = column(y_true), column(y_pred)
    if len(y_true.shape) != 2 or len(y_pred.shape) != 2 or y_true.shape[1] != y_pred.shape[1]:
        raise ValueError(
            f"{loss.name} needs y_true and y_pred of one shape, `(n,)` or `(n, labels)`, found "
            f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}; wrap it in MemberLoss for several members"
        )
    return y_true, y_pred


def as_loss(loss) -> keras.losses.Loss:
    """A Keras loss, from itself or from what it was saved as.

    Raises:
        ValueError: If it is neither.
    """
    if isinstance(loss, dict):
        loss = keras.saving.deserialize_keras_object(loss)
    if not isinstance(loss, keras.losses.Loss):
        raise ValueError(f"loss must be a keras.losses.Loss, such as BinaryCrossentropy(), found {loss!r}")
    return loss


def row_losses(loss: keras.losses.Loss, y_true, y_pred):
    """The loss of each row, `(n,)`.

    Raises:
        ValueError: If the loss does not give one value a row.
    """
    losses = loss.call(y_true, y_pred)
    if len(losses.shape) != 1:
        raise ValueError(f"{loss.name} must give one value a row, found shape {tuple(losses.shape)}")
    return losses
