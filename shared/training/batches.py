"""Batches for `model.fit`: shuffled by seed and epoch, gathered ahead of the step."""

import keras
import numpy as np

from shared.training.feeding import arrange, beside

PIECE_BYTES = 2**19  # gathered by one call: enough that Python costs little, too little to leave the cache


class Feed:
    """Batches of the training rows, in another order each epoch, the same for one seed and epoch.

    Args:
        model: Whose structure of inputs the batches follow.
        inputs: What it reads; `take` is called in another thread, ahead of the step.
        targets, weights: Of all rows; `weights` may be None.
        rows: The training rows.
        batch_size: Rows a batch. The last batch of an epoch is smaller, not dropped.
        seed: Of the order; epoch `e` uses `numpy.random.default_rng((seed, e))`.
        multiple: Rows of an epoch are cut to a multiple of this, so that several devices get equal shares.
    """

    def __init__(
        self, model, inputs, targets, weights, rows, *, batch_size: int, seed: int, multiple: int = 1
    ):
        self.model, self.inputs, self.targets = model, inputs, targets
        self.weights = beside(weights, targets)
        self.rows, self.batch_size, self.seed, self.epoch = rows, batch_size, seed, 0
        self.examples = len(rows) // multiple * multiple
        self.steps = -(-self.examples // batch_size)

    def order(self) -> np.ndarray:
        """The rows of this epoch, in order."""
        return np.random.default_rng((self.seed, self.epoch)).permutation(self.rows)[: self.examples]

    def batch(self, rows: np.ndarray) -> tuple:
        """`(x, y)` or `(x, y, weight)` of the rows."""
        x, y = arrange(self.model, self.inputs.take(rows)), self.targets[rows]
        return (x, y) if self.weights is None else (x, y, self.weights[rows])

    def data(self):
        """What `model.fit` reads: a `tf.data.Dataset` on TensorFlow, a `keras.utils.PyDataset` elsewhere.

        A `tf.data` pipeline of row numbers calls Python for pieces of several batches, one ahead of the step.
        `Dataset.from_generator` does the same, but copies three times as slowly.
        """
        if keras.backend.backend() != "tensorflow":
            return Batches(self)
        import tensorflow as tf

        one = self.batch(self.rows[:1])
        signature = keras.tree.map_structure(lambda a: tf.TensorSpec((None, *a.shape[1:]), a.dtype), one)
        specs = keras.tree.flatten(signature)
        batch_bytes = self.batch_size * sum(array.nbytes for array in keras.tree.flatten(one))
        piece = self.batch_size * max(1, PIECE_BYTES // batch_bytes)
        order = self.rows

        def gather(start):
            nonlocal order
            order = self.order() if start == 0 else order
            return keras.tree.flatten(self.batch(order[start : start + piece]))

        def read(start):
            tensors = tf.numpy_function(gather, [start], [spec.dtype for spec in specs])
            for tensor, spec in zip(tensors, specs, strict=True):
                tensor.set_shape(spec.shape)
            return keras.tree.pack_sequence_as(signature, tensors)

        data = tf.data.Dataset.range(0, self.examples, piece).map(read)
        if piece > self.batch_size:
            data = data.prefetch(1).rebatch(self.batch_size)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        options.autotune.enabled = False  # nothing to tune, and its thread holds up the end of an epoch
        return data.prefetch(4).with_options(options)


class Batches(keras.utils.PyDataset):
    """A `Feed` for backends that cannot read `tf.data`."""

    def __init__(self, feed: Feed):
        super().__init__()
        self.feed, self.shuffled = feed, (-1, feed.rows)

    def __len__(self) -> int:
        return self.feed.steps

    def __getitem__(self, number: int) -> tuple:
        if self.shuffled[0] != self.feed.epoch:
            self.shuffled = (self.feed.epoch, self.feed.order())
        size = self.feed.batch_size
        return self.feed.batch(self.shuffled[1][number * size : (number + 1) * size])
