"""How unlike the Gaussian of good patches each patch of a photo is: PaDiM."""

from collections.abc import Iterable

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE, check_choice, check_counts


@keras.saving.register_keras_serializable(package=PACKAGE)
class GaussianPatches(keras.layers.Layer):
    """The Mahalanobis distance of each patch to the Gaussian of good patches (PaDiM).

    Args:
        mode: `"shared"`: one Gaussian for all places, for parts that lie anywhere; `"position"`: one for each,
            for parts that always lie alike.
        dims: Channels that are drawn and read; None: all.
        regularisation: Added to each variance, the paper's epsilon.
        seed: Of the draw of channels.
    Input shape: `(batch, g, g, channels)`, float; grid known in mode `"position"`.
    Output shape: `(batch, g, g)`, float32.
    Raises:
        ValueError: If a setting is out of its bounds or the input has an unknown axis.
    Reference:
        Defard et al., PaDiM, 2020, section III, equations 1 and 2, https://arxiv.org/abs/2011.08785
    Example:
        >>> layer = GaussianPatches(regularisation=0.0)
        >>> layer.fit([np.array([[-1.0], [1.0]]) * np.sqrt(2), np.zeros((3, 1))])
        >>> np.asarray(layer(np.full((1, 1, 1, 1), 3.0, "float32"))).round(4).tolist()
        [[[3.0]]]
    """

    def __init__(
        self,
        mode: str = "shared",
        dims: int | None = None,
        *,
        regularisation: float = 0.01,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32"} | kwargs)
        check_choice(("shared", "position"), mode=mode)
        if dims is not None:
            check_counts(dims=dims)
        if not regularisation >= 0:
            raise ValueError(f"regularisation must be at least 0, found {regularisation!r}")
        self.mode, self.dims, self.regularisation, self.seed = mode, dims, regularisation, seed

    def build(self, shape):
        places = () if self.mode == "shared" else tuple(shape[1:3])
        if None in (*places, shape[-1]):
            raise ValueError(f"{self.name} expects patches of known shape, found {tuple(shape)}")
        dims = min(self.dims or shape[-1], shape[-1])
        drawn = np.sort(np.random.default_rng(self.seed).permutation(shape[-1])[:dims]).astype("int32")
        frozen = {"trainable": False}
        # The channels are stored, so that a saved layer does not hang on how NumPy draws.
        self.channels = self.add_weight(
            shape=(dims,), initializer=_constant(drawn), dtype="int32", name="channels", **frozen
        )
        self.mean = self.add_weight(shape=(*places, dims), initializer="zeros", name="mean", **frozen)
        # distance^2 = |x W|^2 with W the transposed inverse of the Cholesky factor of the covariance
        eye = _constant(np.broadcast_to(np.eye(dims, dtype="float32"), (*places, dims, dims)))
        self.whiten = self.add_weight(
            shape=(*places, dims, dims), initializer=eye, name="inverse_factor", **frozen
        )
        self.built = True

    def fit(self, patches: Iterable[np.ndarray]) -> None:
        """Learns mean and covariance of good patches, part by part, in float64.

        Args:
            patches: Arrays `(..., channels)`, or `(batch, g, g, channels)` in mode `"position"`.
        Raises:
            ValueError: If there are fewer than two patches (of each place), or the covariance is singular
                because `regularisation` is 0.
        """
        count, total, products = 0, 0.0, 0.0
        for part in patches:
            part = np.asarray(part, np.float64)
            if not self.built:
                self.build((None, *part.shape[-3:]) if part.ndim > 2 else (None, None, None, part.shape[-1]))
            part = part[..., ops.convert_to_numpy(self.channels)]
            part = part.reshape(-1, part.shape[-1]) if self.mode == "shared" else part
            if count == 0:
                start = part[:1].copy()  # sums of small differences lose no digits
            part = part - start
            count += len(part)
            total = total + part.sum(axis=0)
            # one matrix a place: (..., n, d) -> (..., d, d)
            rows = part if self.mode == "shared" else part.transpose(1, 2, 0, 3)
            products = products + np.swapaxes(rows, -1, -2) @ rows
        if count < 2:
            raise ValueError(f"a Gaussian needs at least two patches of each place, found {count}")
        mean = total / count
        covariance = (products - count * mean[..., :, None] * mean[..., None, :]) / (count - 1)
        self.mean.assign(mean + start[0])
        self.whiten.assign(_whitening(covariance, self.regularisation))

    def call(self, patches):
        away = ops.take(patches, self.channels, axis=-1) - self.mean
        if self.mode == "shared":
            white = ops.matmul(away, self.whiten)
        else:
            white = ops.einsum("bijc,ijcd->bijd", away, self.whiten)
        return ops.sqrt(ops.sum(white * white, axis=-1))

    def compute_output_shape(self, shape):
        return shape[:-1]

    def get_config(self):
        settings = ("mode", "dims", "regularisation", "seed")
        return super().get_config() | {name: getattr(self, name) for name in settings}


def _constant(values: np.ndarray):
    return lambda shape, dtype: ops.convert_to_tensor(values, dtype)


def _whitening(covariance: np.ndarray, regularisation: float) -> np.ndarray:
    size = covariance.shape[-1]
    try:
        factor = np.linalg.cholesky(covariance + regularisation * np.eye(size))
    except np.linalg.LinAlgError:
        raise ValueError(
            f"the covariance of the good patches is singular: set regularisation above {regularisation}"
        ) from None
    inverse = np.linalg.solve(factor, np.broadcast_to(np.eye(size), factor.shape))
    return np.swapaxes(inverse, -1, -2)
