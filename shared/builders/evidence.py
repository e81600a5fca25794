"""What one modality of a patient says for each class: tensors that `LateFusion` adds up."""

from collections.abc import Iterable, Mapping, Sequence

import keras
import numpy as np

from shared.builders.embeddings import CategoryIndicators
from shared.builders.inspection import Standardise
from shared.builders.random_convolutions import RandomConvolutions
from shared.inputs import Inputs

# Names of layers; saved networks know them, and `shared.diagnostic_start` finds the wide parts by them.
READ = {"table": "table_read", "signal": "signal_read"}
WIDE = {"table": "linear_table", "signal": "linear_signal"}
DEEP = {"table": "deep_evidence", "signal": "deep_signal_evidence"}
BOTH = {"table": "table_evidence", "signal": "signal_evidence"}
CONVOLUTIONS, SCALED = "random_convolutions", "random_convolutions_scaled"

MOST_CELLS = 200_000  # steps times random convolutions of one signal, so that memory lasts


def patient_inputs(inputs: Inputs) -> dict[str, keras.KerasTensor]:
    """The inputs of a network that reads patients: `number`, `category`, `photo`, `signal`, `presence`, as there are.

    Args:
        inputs: What the network will read; shapes and types are taken from its first row.
    Returns:
        `keras.Input` by name.
    Example:
        >>> given = patient_inputs(Inputs({"number": np.ones((5, 3), "float32"), "presence": np.ones((5, 1))}))
        >>> given["number"].shape, sorted(given)
        ((None, 3), ['number', 'presence'])
    """
    return {
        name: keras.Input(
            array.shape[1:], name=name, dtype="int32" if name == "category" else array.dtype.name
        )
        for name, array in inputs.take(np.arange(1)).items()
    }


def modalities_in(names: Iterable[str]) -> list[str]:
    """What a network with these inputs reads of a patient, in the order of the input `presence`.

    Example:
        >>> modalities_in(["signal", "category", "presence"])
        ['table', 'signal']
    """
    names = set(names)
    found = {"table": names & {"number", "category"}, "photo": "photo" in names, "signal": "signal" in names}
    return [name for name, there in found.items() if there]


def table_columns(given: Mapping[str, keras.KerasTensor], vocabularies: Mapping[str, Sequence[str]]):
    """The table as one tensor: the numbers, and of each category an indicator for missing and for each known text.

    Args:
        given: Inputs by name, with `number`, `category` or both.
        vocabularies: Known texts of each category, in the order of the columns of `category`.
    Output shape: `(batch, columns)`.
    Raises:
        ValueError: If there is no table.
    Example:
        >>> given = {"number": keras.Input((3,)), "category": keras.Input((2,), dtype="int32")}
        >>> table_columns(given, {"sex": ["f", "m"], "smoker": ["yes", "no", "was"]}).shape
        (None, 10)
    """
    if not {"number", "category"} & set(given):
        raise ValueError(f"a table has the inputs number, category or both, found {sorted(given)}")
    parts = [given["number"]] if "number" in given else []
    if "category" in given:
        sizes = [len(vocabulary) for vocabulary in vocabularies.values()]
        parts.append(CategoryIndicators(sizes, name="indicators")(given["category"]))
    return keras.layers.Concatenate(name="columns")(parts) if len(parts) > 1 else parts[0]


def random_convolution_features(signal: keras.KerasTensor, kernels: int):
    """What a linear model reads of a signal: `RandomConvolutions`, scaled once the training rows are known.

    Args:
        signal: `(batch, steps, features)`, as `RandomConvolutions` reads it.
        kernels: How many at most; of long signals fewer, but at least 100, so that memory lasts.
    Output shape: `(batch, 2 * kernels)`.
    Raises:
        ValueError: If `kernels` is below 1, or the shape does not fit.
    Example:
        >>> random_convolution_features(keras.Input((40, 2)), 500).shape
        (None, 1000)
        >>> random_convolution_features(keras.Input((1000, 2)), 500).shape
        (None, 400)
    """
    fitting = min(kernels, max(100, MOST_CELLS // signal.shape[1]))
    return Standardise(name=SCALED)(RandomConvolutions(fitting, name=CONVOLUTIONS)(signal))


def wide_and_deep(wide, deep, classes: int, *, modality: str):
    """The evidence of a table or a signal: what a linear model says, and what an encoding adds to it.

    Both start from nothing. `shared.diagnostic_start` then puts a logistic regression into the linear part, so that
    the network begins where that stands, and the encoding learns what is missing in it.

    Args:
        wide: What the linear part reads, `(batch, columns)`; None: there is no linear part.
        deep: The encoding, `(batch, units)` or `(batch, members, units)`; each member adds to one linear answer.
        classes: Number of classes.
        modality: `"table"` or `"signal"`; names the layers.
    Output shape: `(batch, classes)` or `(batch, members, classes)`.
    Raises:
        ValueError: If there is no such modality.
    Reference:
        Cheng et al., 2016, section 3, https://arxiv.org/abs/1606.07792 (there both parts are trained together)
    Example:
        >>> wide_and_deep(keras.Input((5,)), keras.Input((8, 16)), 3, modality="table").shape
        (None, 8, 3)
    """
    if modality not in WIDE:
        raise ValueError(f"modality must be one of {', '.join(WIDE)}, found {modality!r}")
    added = _linear(deep, classes, DEEP[modality])
    if wide is None:
        return added
    said = _linear(keras.layers.Identity(name=READ[modality])(wide), classes, WIDE[modality])
    if len(added.shape) == 3:
        said = keras.layers.Reshape((1, classes), name="linear_for_all")(said)
    return keras.layers.Add(name=BOTH[modality])([added, said])


def _linear(x, classes: int, name: str):
    return keras.layers.Dense(classes, kernel_initializer="zeros", use_bias=False, name=name)(x)
