"""A Keras network as one TensorFlow function with named inputs: what all formats are written from."""

from shared.export.ports import Ports, Signature, flat


def concrete_function(model, signature: Signature, *, batch: int | None = None):
    """`model(x, training=False)` from the inputs, in the signature's order, to a list of float32 outputs.

    Args:
        model: A Keras model on the TensorFlow backend.
        batch: Of a fixed number of rows; None: of any.
    """
    import tensorflow as tf

    def call(*arrays):
        outputs = model(_packed(signature.inputs, arrays), training=False)
        return [tf.cast(output, tf.float32) for output in _flattened(signature.outputs, outputs)]

    specs = [
        tf.TensorSpec((batch, *port.shape[1:]), port.dtype, name=port.name) for port in flat(signature.inputs)
    ]
    return tf.function(call, input_signature=specs)


def _packed(ports: Ports, arrays):
    return dict(zip(ports, arrays, strict=True)) if isinstance(ports, dict) else arrays[0]


def _flattened(ports: Ports, outputs):
    return [outputs[name] for name in ports] if isinstance(ports, dict) else [outputs]
