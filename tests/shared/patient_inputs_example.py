"""Inputs of made-up patients who show something of their class, and a small network of what builders give."""

import numpy as np

ROWS = 160
TRAIN, HELD = np.arange(0, 110), np.arange(110, ROWS)
STATE = {"categories": {"sex": ["f", "m"], "smoker": ["yes", "no", "was"]}}


class Squares:
    """Photos that are decoded already."""

    side, channels, dtype, most_rows = 32, 1, "uint8", 64

    def __init__(self, pictures):
        self.pictures = pictures

    def take(self, rows):
        return {"photo": self.pictures[rows]}


def code(classes, seed=0):
    """Class of each row, all about as frequent."""
    return np.random.default_rng(seed).permutation(np.arange(ROWS) % classes)


def inputs(classes, *modalities, missing=0.0, seed=0):
    """Inputs of rows that know something of their class."""
    from shared.patients.inputs import PatientInputs

    rng, truth = np.random.default_rng(seed + 1), code(classes, seed)
    arrays, photos = {}, None
    if "table" in modalities:
        number = rng.normal(size=(ROWS, 4)) + truth[:, None] * [0.8, 0, -0.5, 0]
        arrays["number"] = number.astype("float32")
        arrays["category"] = rng.integers(0, [4, 5], (ROWS, 2)).astype("int32")
    if "signal" in modalities:
        signal = np.ones((ROWS, 24, 2), "float32")
        signal[..., 0] = rng.normal(size=(ROWS, 24)) + truth[:, None] * np.sin(np.arange(24) / 3)
        arrays["signal"] = signal
    if "photo" in modalities:
        photos = Squares(rng.integers(0, 255, (ROWS, 32, 32, 1)).astype("uint8"))
    arrays["presence"] = (rng.random((ROWS, len(modalities))) >= missing).astype("float32")
    return PatientInputs(arrays, photos, np.arange(ROWS))


def network(given, classes, *, seed=0, prior=None):
    """A small network that reads what is given; table and signal have a linear part, the table has two members."""
    import keras

    from shared import builders

    keras.utils.set_random_seed(seed)
    read, evidence = builders.patient_inputs(given), []
    there = builders.modalities_in(read)
    if "table" in there:
        columns = builders.table_columns(read, STATE["categories"])
        deep = builders.tabm_encoder(columns.shape[1:], units=8, depth=1, members=2)(columns)
        evidence.append(builders.wide_and_deep(columns, deep, classes, modality="table"))
    if "photo" in there:
        maps = builders.small_image_encoder(read["photo"].shape[1:], units=16, depth=1)(read["photo"])
        evidence.append(builders.ClassMaps(classes, use_bias=False)(maps)["logits"])
    if "signal" in there:
        wide = builders.random_convolution_features(read["signal"], 20)
        encoder = builders.signal_encoder(read["signal"].shape[1:], units=8, depth=1, lstm_units=4)
        evidence.append(builders.wide_and_deep(wide, encoder(read["signal"]), classes, modality="signal"))
    prior = np.full(classes, 1 / classes) if prior is None else prior
    return builders.fused_network(read, evidence, prior=prior, modality_dropout=0.2)


def said(model, given, rows=slice(None)):
    """Logits of `rows`."""
    import keras

    return keras.ops.convert_to_numpy(model(given.take(np.arange(ROWS)[rows])))
