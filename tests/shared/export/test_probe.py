"""Made-up rows look like those that a network reads."""

import keras
import numpy as np

from shared.export.probe import probe_inputs


def arrays(**shapes):
    inputs = {name: keras.Input(shape, name=name, dtype=dtype) for name, (shape, dtype) in shapes.items()}
    flat = [keras.ops.sum(keras.ops.reshape(keras.ops.cast(x, "float32"), (-1, 1))) for x in inputs.values()]
    return probe_inputs(keras.Model(inputs, sum(flat)), 50)


def test_rows_have_the_shapes_and_types_of_the_inputs_and_are_the_same_again():
    shapes = {"number": ((4,), "float32"), "photo": ((8, 8, 3), "uint8"), "category": ((2,), "int32")}
    made, again = arrays(**shapes), arrays(**shapes)
    for name, (shape, dtype) in shapes.items():
        assert made[name].shape == (50, *shape) and made[name].dtype == dtype
        assert np.array_equal(made[name], again[name])


def test_categories_are_missing_unseen_and_known_and_beyond_any_small_vocabulary():
    codes = arrays(category=((3,), "int32"))["category"]
    assert {0, 1, 2} <= set(codes.ravel().tolist()) and codes.max() > 10


def test_sequences_are_padded_where_the_house_pads_them():
    made = arrays(history=((6, 2), "float32"), signal=((6, 2), "float32"))
    padded = {name: (values == 0).all(axis=2) for name, values in made.items()}
    assert padded["history"][:, 0].any() and not padded["history"][:, -1].any()
    assert padded["signal"][:, -1].any() and not padded["signal"][:, 0].any()


def test_each_patient_has_a_modality_and_some_lack_one():
    present = arrays(presence=((3,), "float32"))["presence"]
    assert set(np.unique(present)) == {0.0, 1.0} and (present.sum(axis=1) >= 1).all()
