"""Vectors for numbers: piecewise-linear bins and periodic waves."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE, check_columns, check_counts


def quantile_edges(x: np.ndarray, bins: int = 16) -> list[list[float]]:
    """Edges of bins that hold about equally many values of each column.

    Missing and infinite values are left out, equal edges are merged, and a constant or empty column gets
    one bin, so columns may end with fewer bins than asked.

    Args:
        x: `(rows, columns)`, numbers of the training rows.
        bins: Number of bins a column, at most.
    Returns:
        For each column, its strictly increasing edges as plain floats, ready for JSON.
    Raises:
        ValueError: If `x` does not have two axes or `bins` is below 1.
    Reference:
        Gorishniy et al., 2022, section 3.2.1, https://arxiv.org/abs/2203.05556
    Example:
        >>> quantile_edges(np.array([[0.0, 5.0], [1.0, 5.0], [np.nan, 5.0], [2.0, 5.0]]), bins=2)
        [[0.0, 1.0, 2.0], [5.0, 10.0]]
    """
    x = np.asarray(x)
    check_counts(bins=bins)
    if x.ndim != 2:
        raise ValueError(f"x must be `(rows, columns)`, found shape {x.shape}")
    with np.errstate(over="ignore"):
        return [_edges_of(column.astype("float32"), bins) for column in x.T]


def _edges_of(values: np.ndarray, bins: int) -> list[float]:
    values = values[np.isfinite(values)].astype("float64")
    if not len(values):
        return [0.0, 1.0]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)).astype("float32")).astype("float64")
    span = edges[-1] - edges[0]
    if span == 0:
        return [float(edges[0]), float(edges[0] + max(1.0, abs(edges[0])))]
    wide = np.diff(edges, prepend=-np.inf) > 1e-6 * span  # a hair-thin bin would overflow in float32
    return [float(edge) for edge in edges[wide]]


def tree_edges(x: np.ndarray, label: np.ndarray, bins: int = 16, *, leaf: int = 20) -> list[list[float]]:
    """Edges where a small decision tree on each column alone would split, joined with the quantiles'.

    Quantiles crowd where the rows are; a tree looks for where the label changes, which for rare labels is in
    the far tail of a column.

    Args:
        x: `(rows, columns)`, numbers of the training rows.
        label: Class of each training row, `(rows,)`.
        bins: Number of bins of each kind a column, at most.
        leaf: Fewest training rows on a side of a split.
    Returns:
        For each column, its strictly increasing edges as plain floats, ready for JSON.
    Reference:
        Gorishniy et al., 2022, section 3.2.2, https://arxiv.org/abs/2203.05556
    Example:
        >>> x = np.arange(100.0)[:, None]
        >>> tree_edges(x, x[:, 0] > 89.5, bins=2, leaf=5)
        [[0.0, 49.5, 89.5, 99.0]]
    """
    from sklearn.tree import DecisionTreeClassifier

    if bins < 2:
        return quantile_edges(x, bins)
    found = []
    for column, edges in zip(np.asarray(x, "float32").T, quantile_edges(x, bins)):
        known = np.isfinite(column)
        tree = DecisionTreeClassifier(max_leaf_nodes=bins, min_samples_leaf=leaf, random_state=0)
        if known.sum() < 2 * leaf:
            found.append(edges)
            continue
        tree = tree.fit(column[known, None], np.asarray(label)[known]).tree_
        splits = tree.threshold[tree.feature >= 0]
        both = np.unique(np.r_[edges, splits[(splits > edges[0]) & (splits < edges[-1])]].astype("float32"))
        wide = np.diff(both, prepend=-np.inf) > 1e-5 * (both[-1] - both[0])
        found.append([float(edge) for edge in both[wide]])
    return found


@keras.saving.register_keras_serializable(package=PACKAGE)
class PiecewiseLinearEmbedding(keras.layers.Layer):
    """Encodes a number by how far it fills each bin, then gives each feature a linear map of its own.

    With edges `b_0 < ... < b_T` the encoding of bin t is `(x - b_{t-1}) / (b_t - b_{t-1})`, cut to [0, 1]
    except below the first and above the last edge, where it goes on. Missing and infinite numbers read as
    0, as they do when imputed with the mean of a standardised column: say with an indicator column of its
    own that a value was missing.

    Args:
        edges: Strictly increasing edges of each feature, as from `quantile_edges`.
        dim: Width of the embedding; None returns the bare encoding, padded to the most bins of a feature.
        activation: Follows the linear map: `"relu"` is the paper's PLE-LR, None its PLE-L.
        concatenate: Whether to lay the features' vectors end to end.
    Input shape: `(batch, features)`, float.
    Output shape: `(batch, features, dim)`, or `(batch, features * dim)` with `concatenate`.
    Raises:
        ValueError: If a feature's edges do not increase, or the input has another number of features.
    Reference:
        Gorishniy et al., 2022, section 3.2, equation 1, https://arxiv.org/abs/2203.05556
    Example:
        >>> layer = PiecewiseLinearEmbedding([[0.0, 1.0, 3.0]])
        >>> np.asarray(layer(np.array([[0.5], [2.0], [5.0], [np.nan]]))).tolist()
        [[[0.5, 0.0]], [[1.0, 0.5]], [[1.0, 2.0]], [[0.0, 0.0]]]
    """

    def __init__(
        self, edges: Sequence[Sequence[float]], dim=None, *, activation=None, concatenate=False, **kwargs
    ):
        super().__init__(**kwargs)
        self.autocast = False  # bins are found in float32: bfloat16 keeps three digits
        self.edges = [[float(edge) for edge in feature] for feature in edges]
        for i, feature in enumerate(self.edges):
            if len(feature) < 2 or not np.isfinite(feature).all() or (np.diff(feature) <= 0).any():
                raise ValueError(
                    f"edges of feature {i} must be two or more increasing numbers, found {feature}"
                )
        if not self.edges:
            raise ValueError("edges must hold the edges of at least one feature, found none")
        if dim is not None:
            check_counts(dim=dim)
        self.dim, self.concatenate = dim, concatenate
        self.activation = keras.activations.get(activation)
        self.bins = max(len(feature) for feature in self.edges) - 1
        self._set_bins()

    def _set_bins(self):
        shape = (len(self.edges), self.bins)
        self.lower, self.width = np.zeros(shape, "float32"), np.ones(shape, "float32")
        self.floor, self.ceiling = np.zeros(shape, "float32"), np.zeros(shape, "float32")  # padding stays 0
        for i, feature in enumerate(self.edges):
            count = len(feature) - 1
            self.lower[i, :count], self.width[i, :count] = feature[:-1], np.diff(feature)
            self.ceiling[i, :count] = 1
            self.floor[i, 0], self.ceiling[i, count - 1] = -np.inf, np.inf

    def build(self, input_shape):
        check_columns(self, input_shape, len(self.edges))
        if self.dim is not None:
            _add_linear(self, features=len(self.edges), inputs=self.bins)
        self.built = True

    def call(self, inputs):
        filled = (_finite(inputs)[..., None] - self.lower) / self.width
        encoded = ops.minimum(ops.maximum(filled, self.floor), self.ceiling)
        return _finish(self, ops.cast(encoded, self.compute_dtype))

    def compute_output_shape(self, input_shape):
        return _shape_of(self, input_shape, self.bins)

    def get_config(self):
        return {**super().get_config(), "edges": self.edges, **_numeric_config(self)}


@keras.saving.register_keras_serializable(package=PACKAGE)
class PeriodicEmbedding(keras.layers.Layer):
    """Encodes a number as sines and cosines of learnt frequencies, then maps it linearly.

    `[sin(2 pi c x), cos(2 pi c x)]` with `frequencies` values of c a feature, drawn from N(0, sigma).
    Missing and infinite numbers read as 0, as in `PiecewiseLinearEmbedding`.

    Args:
        frequencies: Number of frequencies a feature.
        dim: Width of the embedding; None returns the bare waves, `2 * frequencies` wide.
        sigma: Standard deviation of the frequencies at the start; the setting that matters most.
        activation: Follows the linear map: `"relu"` is the paper's PLR.
        lite: Whether all features share one linear map (PLR-lite: fewer weights, often as good).
        concatenate: Whether to lay the features' vectors end to end.
    Input shape: `(batch, features)`, float, standardised.
    Output shape: `(batch, features, dim)`, or `(batch, features * dim)` with `concatenate`.
    Raises:
        ValueError: If a size is below 1 or `sigma` is not above 0.
    Reference:
        Gorishniy et al., 2022, section 3.3, equation 2, https://arxiv.org/abs/2203.05556;
        "lite": Gorishniy et al., 2024, TabR, https://arxiv.org/abs/2307.14338
    Example:
        >>> PeriodicEmbedding(frequencies=8, dim=4)(keras.Input((2,))).shape
        (None, 2, 4)
    """

    def __init__(
        self, frequencies=16, dim=8, *, sigma=0.05, activation="relu", lite=False, concatenate=False, **kwargs
    ):
        super().__init__(**kwargs)
        self.autocast = False
        check_counts(frequencies=frequencies, **({} if dim is None else {"dim": dim}))
        if not sigma > 0:
            raise ValueError(f"sigma must be above 0, found {sigma!r}")
        self.frequencies, self.dim, self.sigma = frequencies, dim, float(sigma)
        self.lite, self.concatenate = lite, concatenate
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        check_columns(self, input_shape)
        self.coefficients = self.add_weight(
            name="coefficients",
            shape=(input_shape[-1], self.frequencies),
            initializer=keras.initializers.RandomNormal(stddev=self.sigma),
        )
        if self.dim is not None:
            _add_linear(self, features=1 if self.lite else input_shape[-1], inputs=2 * self.frequencies)
        self.built = True

    def call(self, inputs):
        angles = 2 * np.pi * _finite(inputs)[..., None] * ops.cast(self.coefficients, "float32")
        waves = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
        return _finish(self, ops.cast(waves, self.compute_dtype))

    def compute_output_shape(self, input_shape):
        return _shape_of(self, input_shape, 2 * self.frequencies)

    def get_config(self):
        own = {"frequencies": self.frequencies, "sigma": self.sigma, "lite": self.lite}
        return {**super().get_config(), **own, **_numeric_config(self)}


def _finite(inputs):
    inputs = ops.cast(inputs, "float32")
    return ops.where(ops.isfinite(inputs), inputs, 0.0)


def _add_linear(layer, *, features: int, inputs: int) -> None:
    limit = inputs**-0.5
    spread = keras.initializers.RandomUniform(-limit, limit)
    layer.kernel = layer.add_weight(name="kernel", shape=(features, inputs, layer.dim), initializer=spread)
    layer.bias = layer.add_weight(name="bias", shape=(features, layer.dim), initializer=spread)


def _finish(layer, encoded):
    """The linear map of each feature (or one for all), the activation, and the layout asked for."""
    if layer.dim is not None:
        kernel, bias = (ops.cast(weight, layer.compute_dtype) for weight in (layer.kernel, layer.bias))
        if kernel.shape[0] == encoded.shape[1]:
            encoded = ops.einsum("bft,ftd->bfd", encoded, kernel)
        else:
            encoded = ops.matmul(encoded, kernel[0])
        encoded = layer.activation(encoded + bias)
    if layer.concatenate:
        encoded = ops.reshape(encoded, (-1, encoded.shape[1] * encoded.shape[2]))
    return encoded


def _shape_of(layer, input_shape, width: int):
    width = width if layer.dim is None else layer.dim
    return (input_shape[0], input_shape[1] * width) if layer.concatenate else (*input_shape, width)


def _numeric_config(layer) -> dict:
    activation = keras.activations.serialize(layer.activation)
    return {"dim": layer.dim, "activation": activation, "concatenate": layer.concatenate}
