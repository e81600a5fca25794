"""Seeds, learning rate, optimizer, and how a model is compiled."""

import contextlib

import keras

from shared.fit_settings import FitSettings
from shared.training.devices import jit_choice, strategy_of


def set_seed(seed: int) -> None:
    """Seeds Python, NumPy and Keras; call it before the model is built.

    Two runs on one machine then give equal weights. On GPU this needs deterministic kernels too, which are
    switched on for TensorFlow. Keras seeds TensorFlow too wherever it is installed, whatever the backend.

    Example:
        >>> set_seed(1); a = keras.random.uniform((2,))
        >>> set_seed(1); b = keras.random.uniform((2,))
        >>> bool(keras.ops.all(a == b))
        True
    """
    # TensorFlow adds gradients up in the order of the layers' names, so `dense_9` and `dense_10` are another sum
    # than `dense` and `dense_1`: names begin anew with each seed, only the precision that was set stays.
    policy = keras.config.dtype_policy()
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy(policy)
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()


def learning_rate(settings: FitSettings, steps: int | None):
    """A number, or a schedule over all `steps` of the fit: linear warm-up, then constant or cosine to 0.

    Reference:
        Loshchilov & Hutter, SGDR, ICLR 2017, eq. 5 without restarts, https://arxiv.org/abs/1608.03983
    Example:
        >>> rate = learning_rate(FitSettings(schedule="cosine", learning_rate=0.1), 100)
        >>> round(float(rate(50)), 4)
        0.05
    """
    if settings.schedule == "constant" and not settings.warmup:
        return settings.learning_rate
    if steps is None:
        raise ValueError("a cosine schedule and a warm-up need `steps`")
    warmup = round(settings.warmup * steps)
    constant = 1.0 if settings.schedule == "constant" else 0.0
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else settings.learning_rate,
        max(1, steps - warmup),
        alpha=constant,
        warmup_target=settings.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


def optimizer(settings: FitSettings, steps: int | None = None) -> keras.optimizers.Optimizer:
    """Adam, or AdamW that leaves biases and normalisations alone.

    Args:
        steps: Of the whole fit; only schedules need it.
    Reference:
        Kingma & Ba, Adam, ICLR 2015, https://arxiv.org/abs/1412.6980; Loshchilov & Hutter, Decoupled weight
        decay regularization, ICLR 2019, https://arxiv.org/abs/1711.05101
    Example:
        >>> type(optimizer(FitSettings(weight_decay=0.01))).__name__
        'AdamW'
    """
    rate = learning_rate(settings, steps)
    if not settings.weight_decay:
        return keras.optimizers.Adam(rate, global_clipnorm=settings.clip_norm)
    chosen = keras.optimizers.AdamW(
        rate, weight_decay=settings.weight_decay, global_clipnorm=settings.clip_norm
    )
    chosen.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return chosen


def compile(model: keras.Model, loss, settings: FitSettings, *, steps: int | None = None) -> keras.Model:
    """Compiles the model as the settings say, and returns it.

    Args:
        loss: A Keras loss, its name, or a function `(y_true, y_pred)`.
        steps: Steps of one epoch. Schedules need it, and it bounds `steps_per_execution`.
    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> compile(model, "mse", FitSettings(clip_norm=1.0)).optimizer.global_clipnorm
        1.0
    """
    several, together = strategy_of(model), settings.steps_per_execution
    if together == "auto":  # JAX unrolls the steps it runs together, and would compile for long
        together = min(16, steps or 1) if keras.backend.backend() == "tensorflow" else 1
    if several:  # Keras cannot run several steps together on several devices
        together = 1
    with several.scope() if several else contextlib.nullcontext():
        model.compile(
            optimizer(settings, None if steps is None else steps * settings.epochs),
            loss,
            jit_compile=jit_choice(settings, several=several is not None),
            steps_per_execution=together,
        )
        if model.built:  # so that the optimizer's variables exist before a checkpoint is read into them
            model.optimizer.build(model.trainable_variables)
    return model
