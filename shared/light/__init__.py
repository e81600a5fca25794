"""Scoring with NumPy and ONNX Runtime alone: no pandas, no Keras, no TensorFlow."""
