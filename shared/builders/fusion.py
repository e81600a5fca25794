"""From what a table, a photo and a signal each say to one answer, whichever of them are there."""

import math
from collections.abc import Mapping, Sequence

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_counts, check_share


@keras.saving.register_keras_serializable(package=PACKAGE)
class LateFusion(keras.layers.Layer):
    """Adds up the evidence of the modalities that are there; one that is missing adds nothing.

    `logits = bias + sum over modalities of presence x evidence`. In log-odds this is a product of experts, and
    Bayes' rule for modalities that are independent given the class: the bias is the logarithm of the prior,
    each evidence a log-likelihood. What a missing modality holds does not matter, NaN included, and no gradient
    flows to it. With no modality at all, the answer is the prior.

    Args:
        classes: Number of classes, at least 2.
        prior: Share of each class in the training rows, where the bias starts; None starts from even shares.
    Input shape: `evidence`, a list with a tensor for each modality, `(batch, classes)` or
        `(batch, members, classes)`; `presence`, `(batch, modalities)`, 1 where the modality is there, else 0.
    Output shape: `(batch, classes)`, or `(batch, members, classes)` if any evidence has members; evidence
        without members counts for each of them. Logits, float32.
    Raises:
        ValueError: If there are fewer than two classes, the prior does not fit, or the shapes do not.
    Reference:
        Hinton, 2002, equation 1 (product of experts), https://doi.org/10.1162/089976602760128018;
        Baltrusaitis, Ahuja & Morency, 2019, section 6.1 (late fusion), https://arxiv.org/abs/1705.09406
    Example:
        >>> fuse = LateFusion(2, prior=[0.5, 0.5])
        >>> table, photo = ops.array([[0.0, 2.0]]), ops.array([[float("nan"), 1.0]])
        >>> logits = fuse([table, photo], ops.array([[1.0, 0.0]]))  # there is no photo
        >>> [round(x, 2) for x in ops.convert_to_numpy(ops.softmax(logits))[0].tolist()]
        [0.12, 0.88]
    """

    def __init__(self, classes: int, *, prior: Sequence[float] | None = None, **kwargs):
        # float32 whatever the precision of the rest: these are logits
        super().__init__(**{**kwargs, "dtype": "float32"})
        check_counts(classes=classes)
        if classes < 2:
            raise ValueError(f"classes must be at least 2, found {classes}")
        self.classes, self.prior = classes, _prior(prior, classes)

    def build(self, evidence_shape, presence_shape):
        self._check(evidence_shape, presence_shape)
        shares = self.prior or [1.0] * self.classes
        logs = [math.log(share / sum(shares)) for share in shares]
        start = (lambda shape, dtype: ops.convert_to_tensor(logs, dtype)) if self.prior else "zeros"
        self.bias = self.add_weight(name="bias", shape=(self.classes,), initializer=start)
        self.built = True

    def call(self, evidence, presence):
        members = any(len(each.shape) == 3 for each in evidence)
        total = self.bias
        for place, each in enumerate(evidence):
            if members and len(each.shape) == 2:
                each = each[:, None, :]
            there = presence[:, place] > 0.5
            there = there[:, None, None] if members else there[:, None]
            # chosen, not multiplied: 0 * NaN is NaN
            total = total + ops.where(there, each, ops.zeros_like(each))
        return total

    def compute_output_shape(self, evidence_shape, presence_shape):
        members = [shape[1] for shape in evidence_shape if len(shape) == 3]
        batch = presence_shape[0]
        return (batch, max(members), self.classes) if members else (batch, self.classes)

    def _check(self, evidence_shape, presence_shape):
        shapes = [tuple(shape) for shape in evidence_shape]
        for shape in shapes:
            if len(shape) not in (2, 3) or shape[-1] != self.classes:
                raise ValueError(
                    f"{self.name} expects evidence of shape `(batch, {self.classes})` or "
                    f"`(batch, members, {self.classes})`, found {shape}"
                )
        members = sorted({shape[1] for shape in shapes if len(shape) == 3} - {1})
        if len(members) > 1:
            raise ValueError(f"{self.name} expects one number of members, found {members}")
        if len(presence_shape) != 2 or presence_shape[1] != len(shapes):
            raise ValueError(
                f"{self.name} expects presence of shape `(batch, {len(shapes)})`, one column a modality, "
                f"found {tuple(presence_shape)}"
            )

    def get_config(self):
        return {**super().get_config(), "classes": self.classes, "prior": self.prior}


@keras.saving.register_keras_serializable(package=PACKAGE)
class ModalityDropout(keras.layers.Layer):
    """Takes modalities away by chance in training, so that each learns to speak for itself.

    Each modality that is there goes with the chance `rate`, all for themselves, but the last one never: a row
    that would lose all keeps one of them, each with the same chance. What is missing stays missing.

    Args:
        rate: Chance that a modality is taken away, in [0, 1).
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: presence, `(batch, modalities)`, 1 where the modality is there, else 0.
    Output shape: the same; as given outside training.
    Raises:
        ValueError: If `rate` is out of its bounds.
    Reference:
        Neverova et al., 2016, "ModDrop", https://arxiv.org/abs/1501.00102
    Example:
        >>> layer = ModalityDropout(0.9, seed=0)
        >>> ops.convert_to_numpy(layer(ops.array([[0.0, 1.0, 0.0]]), training=True)).tolist()
        [[0.0, 1.0, 0.0]]
    """

    def __init__(self, rate: float = 0.2, *, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_share(rate=rate)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, presence, training=False):
        if not training or not self.rate:
            return presence
        there = presence > 0.5
        drawn = keras.random.uniform(ops.shape(presence), seed=self.seed_generator, dtype="float32")
        drawn = ops.where(there, drawn, -ops.ones_like(drawn))
        # the highest draw of a row stays in any case
        stays = ops.logical_or(drawn >= self.rate, drawn == ops.max(drawn, axis=-1, keepdims=True))
        return ops.cast(ops.logical_and(there, stays), presence.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def fused_network(
    given: Mapping[str, keras.KerasTensor],
    evidence: Sequence[keras.KerasTensor],
    *,
    prior: Sequence[float],
    modality_dropout: float = 0.0,
    name: str = "fused_network",
) -> keras.Model:
    """The network that adds up what the modalities say, whichever of them are there.

    Args:
        given: All inputs by name, `presence` among them.
        evidence: Of each modality, in the order of `presence`, as `LateFusion` reads it.
        prior: Share of each class in the training rows.
        modality_dropout: Chance that a modality is withheld in training, where there are several.
    Output shape: `(batch, members, classes)`, logits; one member if no evidence has members.
    Raises:
        ValueError: If the shapes do not fit, or a share is out of its bounds.
    Example:
        >>> shapes = {"table": (3,), "photo": (3,), "presence": (2,)}
        >>> given = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
        >>> evidence = [given["table"], given["photo"]]
        >>> fused_network(given, evidence, prior=[0.6, 0.3, 0.1], modality_dropout=0.2).output_shape
        (None, 1, 3)
    """
    presence, classes = given["presence"], len(prior)
    if len(evidence) > 1 and modality_dropout:
        presence = ModalityDropout(modality_dropout, name="modality_dropout")(presence)
    logits = LateFusion(classes, prior=prior, name="fusion")(list(evidence), presence)
    if len(logits.shape) == 2:
        logits = keras.layers.Reshape((1, classes), name="one_member")(logits)
    return keras.Model(dict(given), logits, name=name)


def _prior(prior: Sequence[float] | None, classes: int) -> list[float] | None:
    if prior is None:
        return None
    shares = [float(share) for share in prior]
    if len(shares) != classes or not all(0 < share < math.inf for share in shares):
        raise ValueError(f"prior must be {classes} shares above 0, one a class, found {shares}")
    return shares
