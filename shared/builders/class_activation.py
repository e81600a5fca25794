"""Where on a photo a class was seen: maps whose mean is the class's logit."""

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_counts


def class_activation_map(maps, kernel, place: int):
    """What speaks for one class at each place of a photo: `ReLU(sum over k of kernel[k, place] x maps[..., k])`.

    Of a network whose last maps are averaged and read by one dense layer this is Grad-CAM, but for a positive
    factor (the number of places): there the gradient by a map is the same at each place, and it is the weight.

    Args:
        maps: The last feature maps, `(batch, height, width, channels)`.
        kernel: Weights of the dense layer, `(channels, classes)`.
        place: Which class, from 0.
    Returns:
        `(batch, height, width)`, 0 or more, float, in the units of the logit.
    Raises:
        ValueError: If the shapes do not fit, or there is no such class.
    Reference:
        Selvaraju et al., 2017, section 3, equations 1 and 2 (Grad-CAM), and 3.1 (that it generalises CAM),
        https://arxiv.org/abs/1610.02391; Zhou et al., 2016, section 2, https://arxiv.org/abs/1512.04150
    Example:
        >>> maps, kernel = ops.ones((1, 2, 2, 3)), ops.array([[1.0, -1.0], [2.0, 0.0], [0.5, 0.0]])
        >>> ops.convert_to_numpy(class_activation_map(maps, kernel, 0))[0].tolist()
        [[3.5, 3.5], [3.5, 3.5]]
    """
    maps, kernel = ops.convert_to_tensor(maps), ops.convert_to_tensor(kernel)
    if len(maps.shape) != 4 or len(kernel.shape) != 2 or maps.shape[-1] != kernel.shape[0]:
        raise ValueError(
            "maps must be `(batch, height, width, channels)` and kernel `(channels, classes)`, "
            f"found {tuple(maps.shape)} and {tuple(kernel.shape)}"
        )
    if not 0 <= place < kernel.shape[1]:
        raise ValueError(f"place must be a class from 0 to {kernel.shape[1] - 1}, found {place!r}")
    return ops.relu(ops.matmul(maps, kernel[:, place : place + 1])[..., 0])


@keras.saving.register_keras_serializable(package=PACKAGE)
class ClassMaps(keras.layers.Layer):
    """Gives each place of a photo what it says for each class; a class's logit is the mean of its map, and a bias.

    The same as a dense layer on the mean of the feature maps, with the same weights, but the parts that the
    logit is the sum of are seen. ReLU of a map is its `class_activation_map`.

    Args:
        classes: Number of classes.
        use_bias: Whether logits get a bias of their own; False where `LateFusion` adds one.
        kernel_initializer: Of the weights; `"zeros"` where other evidence is to speak first.
    Input shape: feature maps `(batch, height, width, channels)`, float.
    Output: `{"logits": (batch, classes), "maps": (batch, height, width, classes)}`, float32. The maps, of
        either sign, are without the bias.
    Raises:
        ValueError: If `classes` is below 1 or the input does not have four axes.
    Reference:
        Zhou et al., 2016, section 2, equations 1 and 2, https://arxiv.org/abs/1512.04150
    Example:
        >>> found = ClassMaps(2)(ops.ones((5, 7, 7, 16)))
        >>> tuple(found["logits"].shape), tuple(found["maps"].shape)
        ((5, 2), (5, 7, 7, 2))
    """

    def __init__(self, classes: int, *, use_bias: bool = True, kernel_initializer="glorot_uniform", **kwargs):
        # float32 whatever the precision of the rest: these are logits
        super().__init__(**{**kwargs, "dtype": "float32"})
        check_counts(classes=classes)
        self.classes, self.use_bias = classes, use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        if len(input_shape) != 4 or input_shape[-1] is None:
            raise ValueError(
                f"{self.name} expects input of shape `(batch, height, width, channels)`, "
                f"found {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[-1], self.classes), initializer=self.kernel_initializer
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.classes,), initializer="zeros")
        self.built = True

    def call(self, maps):
        spoken = ops.matmul(maps, self.kernel)
        logits = ops.mean(spoken, axis=(1, 2))
        return {"logits": logits + self.bias if self.use_bias else logits, "maps": spoken}

    def compute_output_spec(self, maps):
        shapes = {"logits": (maps.shape[0], self.classes), "maps": (*maps.shape[:-1], self.classes)}
        return {name: keras.KerasTensor(shape, "float32") for name, shape in shapes.items()}

    def get_config(self):
        start = keras.initializers.serialize(self.kernel_initializer)
        own = {"classes": self.classes, "use_bias": self.use_bias, "kernel_initializer": start}
        return {**super().get_config(), **own}
