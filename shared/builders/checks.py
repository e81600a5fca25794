"""What the builders refuse, said in one way."""

from collections.abc import Sequence
from numbers import Integral, Real

PACKAGE = "keras_verticals"  # the name the layers and losses are registered under in a saved model


def check_counts(**values: int) -> None:
    """Raises ValueError unless every value is a whole number of at least 1.

    Example:
        >>> check_counts(units=0)
        Traceback (most recent call last):
        ValueError: units must be a whole number of at least 1, found 0
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, found {value!r}")


def check_share(**values: float) -> None:
    """Raises ValueError unless every value lies in [0, 1).

    Example:
        >>> check_share(dropout=1.5)
        Traceback (most recent call last):
        ValueError: dropout must lie in [0, 1), found 1.5
    """
    for name, value in values.items():
        if not isinstance(value, Real) or not 0 <= value < 1:
            raise ValueError(f"{name} must lie in [0, 1), found {value!r}")


def check_choice(choices: Sequence, **values) -> None:
    """Raises ValueError unless every value is one of `choices`.

    Example:
        >>> check_choice(("batch", None), normalization="group")
        Traceback (most recent call last):
        ValueError: normalization must be one of 'batch', None, found 'group'
    """
    for name, value in values.items():
        if value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, found {value!r}")


def check_shape(input_shape: Sequence[int | None], *forms: str) -> tuple[int | None, ...]:
    """The shape as a tuple, if it has the axes of one of `forms`, such as `"(steps, features)"`.

    The last axis must be known; so must `members`.

    Raises:
        ValueError: If no form fits.
    Example:
        >>> check_shape((10,), "(steps, features)")
        Traceback (most recent call last):
        ValueError: input_shape must be `(steps, features)` without the batch axis, found (10,)
    """
    shape = tuple(input_shape) if isinstance(input_shape, Sequence) else ()
    for form in forms:
        axes = form.strip("()").rstrip(",").split(", ")
        known = [size is not None or axis == "steps" for size, axis in zip(shape, axes)]
        if len(shape) == len(axes) and all(known):
            return shape
    expected = " or ".join(f"`{form}`" for form in forms)
    raise ValueError(f"input_shape must be {expected} without the batch axis, found {input_shape!r}")


def check_columns(layer, input_shape: Sequence[int | None], count: int | None = None) -> None:
    """Raises ValueError unless the input of `layer` is `(batch, count)`, for any known number if None."""
    if len(input_shape) != 2 or input_shape[1] is None or input_shape[1] != (count or input_shape[1]):
        expected = f"(batch, {count or 'columns'})"
        raise ValueError(f"{layer.name} expects input of shape `{expected}`, found {tuple(input_shape)}")
