"""ONNX files made smaller: weights of 8 or 16 bits."""

import logging
from pathlib import Path

FEWEST = 256  # numbers of a weight that is worth keeping in half: others save nothing


def int8_weights(path: Path) -> None:
    """Turns the weights of matrix products into 8 bits; what they are multiplied with is rounded while it runs.

    Convolutions stay as they are: ONNX Runtime computes them ten times slower in 8 bits.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    muted = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it advises a step that changes nothing here
    try:
        quantize_dynamic(
            path,
            path,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm", "LSTM", "Attention"],
            extra_options={"DefaultTensorType": 1, "MatMulConstBOnly": True},
        )
    finally:
        logging.disable(muted)


def float16_weights(path: Path) -> None:
    """Keeps the larger weights in 16 bits; they are widened when the file is loaded, and computed in 32 bits."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    graph, casts = model.graph, []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != onnx.TensorProto.FLOAT or values.size < FEWEST:
            continue
        if np.abs(values).max() > np.finfo(np.float16).max:
            continue
        name, half = weight.name, f"{weight.name}_float16"
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(
            onnx.helper.make_node("Cast", [half], [name], f"{name}_widened", to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)
