"""Which device trains, in which precision, compiled or not, alone or with others."""

import contextlib

import keras

from shared.errors import TrainingError
from shared.fit_settings import FitSettings


def gpu_names() -> list[str]:
    """Names of the GPUs that the Keras backend sees.

    Example:
        >>> isinstance(gpu_names(), list)
        True
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        return [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform == "gpu"]
    if backend == "torch":
        import torch

        return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return []


def has_bfloat16() -> bool:
    """Whether every GPU multiplies bfloat16 in hardware (compute capability 8 or above).

    Example:
        >>> has_bfloat16() <= bool(gpu_names())
        True
    """
    backend, capabilities = keras.backend.backend(), []
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        capabilities = [detail.get("compute_capability", (0, 0))[0] for detail in details]
    elif backend == "jax":
        import jax

        gpus = [device for device in jax.devices() if device.platform == "gpu"]
        capabilities = [float(getattr(device, "compute_capability", 0)) for device in gpus]
    elif backend == "torch":
        import torch

        capabilities = [torch.cuda.get_device_capability(n)[0] for n in range(torch.cuda.device_count())]
    return bool(capabilities) and min(capabilities) >= 8


@contextlib.contextmanager
def precision_policy(settings: FitSettings):
    """Layers built inside compute in `settings.precision`; the policy from before is put back afterwards.

    Yields:
        The name of the policy.
    Reference:
        Micikevicius et al., Mixed precision training, ICLR 2018, https://arxiv.org/abs/1710.03740
    Example:
        >>> with precision_policy(FitSettings(precision="mixed_bfloat16")):
        ...     keras.layers.Dense(1).compute_dtype
        'bfloat16'
    """
    before = keras.config.dtype_policy()
    chosen = settings.precision
    if chosen == "auto":
        chosen = "mixed_bfloat16" if has_bfloat16() else "float32"
    keras.config.set_dtype_policy(chosen)
    try:
        yield chosen
    finally:
        keras.config.set_dtype_policy(before)


def strategy_scope(settings: FitSettings):
    """Build the model inside, and `fit` shares each batch among several devices.

    `devices="auto"` takes all GPUs. A number takes that many GPUs or, where there are none, logical CPUs.

    Raises:
        TrainingError: If there are not that many devices, or the backend is not TensorFlow.
    Example:
        >>> with strategy_scope(FitSettings(devices=1)):
        ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    """
    if settings.devices == 1 or (settings.devices == "auto" and keras.backend.backend() != "tensorflow"):
        return contextlib.nullcontext()
    if keras.backend.backend() != "tensorflow":
        raise TrainingError(
            f"devices = {settings.devices} needs the TensorFlow backend, found {keras.backend.backend()}. "
            "Set devices = 1, or KERAS_BACKEND=tensorflow"
        )
    import tensorflow as tf

    gpus = tf.config.list_logical_devices("GPU")
    if settings.devices == "auto":
        names = [gpu.name for gpu in gpus]
    else:
        names = [device.name for device in gpus or tf.config.list_logical_devices("CPU")][: settings.devices]
        if len(names) < settings.devices:
            raise TrainingError(
                f"devices = {settings.devices}, but only {len(names)} found: {', '.join(names)}"
            )
    return tf.distribute.MirroredStrategy(names).scope() if len(names) > 1 else contextlib.nullcontext()


def strategy_of(model: keras.Model):
    """The strategy of several devices that the model was built in, or None.

    Example:
        >>> strategy_of(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])) is None
        True
    """
    strategy = (
        getattr(model, "distribute_strategy", None) if keras.backend.backend() == "tensorflow" else None
    )
    return strategy if strategy is not None and strategy.num_replicas_in_sync > 1 else None


def device_name(model: keras.Model) -> str:
    """What trains the model, for people.

    Example:
        >>> device_name(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])) != ""
        True
    """
    names, strategy = gpu_names(), strategy_of(model)
    count = strategy.num_replicas_in_sync if strategy else 1
    return f"{names[0] if names else 'CPU'}{f' x {count}' if count > 1 else ''}"


def jit_choice(settings: FitSettings, *, several: bool = False) -> bool | str:
    """What `model.compile(jit_compile=...)` is given.

    XLA on CPU makes networks with Dropout many times slower, so "auto" leaves it off there. On GPU the
    "auto" of Keras decides, since cuDNN's recurrent layers cannot be compiled. JAX is always compiled.

    Example:
        >>> jit_choice(FitSettings(jit=False))
        False
    """
    if settings.jit != "auto":
        return settings.jit
    if keras.backend.backend() == "jax":
        return True
    return "auto" if keras.backend.backend() == "tensorflow" and gpu_names() and not several else False
