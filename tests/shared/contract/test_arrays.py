"""NumPy archives become tables: values, pictures and signals by role, or every fault with what the file holds."""

import io
import pickle
import re
import zipfile

import numpy as np
import pytest

from shared.contract import Format, Mapping, Role, check
from shared.contract.arrays import read_arrays
from shared.errors import ContractError
from shared.images.checking import Photo, check_photos
from shared.images.decoding import decode
from shared.images.inputs import PhotoInputs

RNG = np.random.default_rng(0)
PARTS = {"train": "train", "valid": "val", "test": "test"}
ROWS = {"train": 5, "valid": 2, "test": 3}
SCANS = {"image": "{part}_images", "label": "{part}_labels"}


def scans(kind=np.uint8, shape=(28, 28)):
    arrays = {}
    for part, rows in ROWS.items():
        arrays[f"{PARTS[part]}_images"] = RNG.integers(0, 256, (rows, *shape)).astype(kind)
        arrays[f"{PARTS[part]}_labels"] = np.arange(rows, dtype=np.uint8)[:, None] % 2
    return arrays


@pytest.fixture
def read(tmp_path):
    def read(arrays, columns, parts=None, *, predict=False, save=np.savez):
        save(tmp_path / "scans.npz", **arrays)
        asked = {"columns": columns, **({"parts": parts} if parts else {})}
        return read_arrays(tmp_path / "scans.npz", Format(arrays=asked), predict=predict)

    return read


@pytest.fixture
def faults(read):
    def faults(*asked, **how):
        with pytest.raises(ContractError) as error:
            read(*asked, **how)
        assert str(error.value).startswith("scans.npz cannot be read") and "scans.npz holds `" in str(
            error.value
        )
        return str(error.value)

    return faults


def test_parts_become_one_table_with_a_split_in_their_order(read):
    arrays = scans()
    raw = read(arrays, SCANS, PARTS, save=np.savez_compressed)
    assert raw.data.column("split").to_pylist() == [part for part, rows in ROWS.items() for _ in range(rows)]
    assert raw.data.column("label").to_pylist() == [0, 1, 0, 1, 0, 0, 1, 0, 1, 0]
    assert raw.notes == ["scans.npz is a NumPy archive of 10 rows: train 5, valid 2, test 3"]
    names = raw.data.column("image").to_pylist()
    whole = np.concatenate([arrays[f"{part}_images"] for part in PARTS.values()])
    assert names[0] == "image 1" and names[-1] == "image 10"
    for name, picture in zip(names, whole):
        np.testing.assert_array_equal(decode(raw.store.read(name))[..., 0], picture)


def test_the_table_fits_its_contract_and_the_pictures_are_checked_and_read_as_photos(read):
    raw = read(scans(shape=(32, 24, 3)), SCANS, PARTS)
    roles = [
        Role(name=name, kind=kind)
        for name, kind in (("image", "key"), ("label", "label"), ("split", "category"))
    ]
    table = check(raw, roles, Mapping(), solution="demo")
    assert table.frame["label"].tolist() == [0, 1, 0, 1, 0, 0, 1, 0, 1, 0] and table.rows.tolist()[-1] == 10
    photos = [Photo(int(row), raw.store, name) for row, name in zip(table.rows, table.frame["image"])]
    checked = check_photos(photos, named=False)
    assert (checked.faults, checked.notes) == ([], []) and checked.facts.channels.tolist() == [3] * 10
    batch = PhotoInputs(photos, side=32, channels=1).take(np.array([9, 0]))
    assert next(iter(batch.values())).shape == (2, 32, 32, 1)


def test_columns_of_one_array_are_a_label_and_a_signal(read):
    whole = RNG.normal(size=(6, 141))
    whole[:, 0] = [1, 2, 5, 1, 1, 3]
    raw = read(
        {"TRAIN": whole[:4], "TEST": whole[4:]},
        {"signal": "{part}[:, 1:]", "label": "{part}[:, 0]"},
        {"train": "TRAIN", "test": "TEST"},
    )
    assert raw.data.column("label").to_pylist() == [1, 2, 5, 1, 1, 3]
    assert raw.signals.shape == (6, 140, 1) and raw.signals.dtype == np.float32
    np.testing.assert_array_equal(raw.signals[..., 0], whole[:, 1:].astype(np.float32))
    mapping = Mapping(labels={"1": 0, "2": 1, "3": 1, "5": 1})
    roles = [Role(name="signal", kind="key"), Role(name="label", kind="label")]
    assert check(raw, roles, mapping, solution="demo").frame["label"].tolist() == [0, 1, 1, 0, 0, 1]
    part = read({"x": whole}, {"signal": "x[:, 1:11]", "age": "x[:,140]", "label": "x[:, :1]"})
    assert part.signals.shape == (6, 10, 1) and part.data.column_names == ["signal", "age", "label"]
    np.testing.assert_array_equal(part.data.column("age").to_pylist(), whole[:, 140])


def test_signals_of_other_lengths_and_equal_rows_are_found(read):
    x = RNG.normal(size=(4, 9, 2))
    x[1, 5:], x[2], x[3] = np.nan, np.nan, x[0]
    raw = read({"x": x, "y": np.array([0, 1, 0, 0])}, {"signal": "x", "label": "y"})
    assert [None if each is None else len(each) for each in raw.signals] == [9, 5, None, 9]
    hashes = raw.data.column("signal").to_pylist()
    assert hashes[2] == "" and hashes[0] == hashes[3] != hashes[1]
    assert "1 row without a signal: 3" in raw.notes and "signals of 5 to 9 steps" in raw.notes
    parts = {"a_x": np.ones((2, 9)), "b_x": RNG.normal(size=(1, 7))}
    raw = read(parts, {"signal": "{part}_x"}, {"train": "a", "test": "b"})
    assert [len(each) for each in raw.signals] == [9, 9, 7]


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        (np.array([1.0, 0.0]), [1, 0]),
        (np.array([1.5, np.nan], ">f4"), [1.5, None]),
        (np.array([3.0, np.nan]), [3, None]),
        (np.array([True, False]), [True, False]),
        (np.array(["阳性", ""]), ["阳性", ""]),
        (np.array(["é".encode(), b"b"]), ["é", "b"]),
        (np.array([2**63], np.uint64), [2**63]),
    ],
)
def test_values_stay_what_they_are(read, values, cells):
    assert read({"x": values}, {"age": "x"}).data.column("age").to_pylist() == cells


@pytest.mark.parametrize(
    ("pixels", "white", "depth"),
    [
        (np.array([0, 1, 1], bool), 255, 8),
        (np.array([0, 51, 255], np.int64), 255, 8),
        (np.array([0, 51, 65535], np.uint16), 65535, 16),
        (np.array([0, 51, 255], np.uint16), 65535, 16),
        (np.array([0, 51, 1000], np.int32), 65535, 16),
        (np.array([0, 51, 255]) / 255, 1, 8),
        (np.array([0, 0.12345, 1], np.float32), 1, 16),
        (np.array([0.0, 51.0, 255.0]), 255, 8),
        (np.array([0.0, 51.25, 255.0]), 255, 16),
    ],
)
def test_pictures_of_every_type_keep_their_grey_values(read, pixels, white, depth):
    array = np.broadcast_to(pixels[:, None, None], (3, 16, 16))
    raw = read({"x": array}, {"image": "x"})
    checked = check_photos([Photo(row, raw.store, name) for row, name in enumerate(raw.store.names())])
    assert checked.facts.depth.tolist() == [depth] * 3
    read_again = [decode(raw.store.read(name))[0, 0, 0] for name in raw.store.names()]
    scale = 255 if pixels.dtype == bool else 255 / white
    np.testing.assert_allclose(read_again, pixels.astype(float) * scale, atol=0.003 if depth == 16 else 1e-4)


def test_colours_of_more_than_eight_bits_are_rounded_to_eight(read):
    deep = RNG.integers(0, 65536, (2, 16, 16, 3)).astype(np.uint16)
    for array in (deep, deep / 65535):
        raw = read({"x": array}, {"image": "x"})
        assert raw.store.pictures.dtype == np.uint8
        np.testing.assert_array_equal(raw.store.pictures, np.round(deep / 257))


def test_missing_arrays_are_named_with_the_nearest_all_at_once(faults):
    said = faults(
        scans(), {"image": "{part}_image", "label": "{part}_labels"}, {"train": "train", "valid": "valid"}
    )
    assert "(4 faults)" not in said and "(3 faults)" in said
    assert "there is no array `train_image` (role `image`). Did you mean `train_images`?" in said
    assert "there is no array `valid_labels` (role `label`). Did you mean `val_labels`?" in said
    assert "scans.npz holds `train_images` uint8 (5, 28, 28), `train_labels` uint8 (5, 1)," in said


def test_a_table_to_predict_may_lack_parts_and_labels_and_nothing_else(read, faults):
    arrays = {"test_images": scans()["test_images"]}
    raw = read(arrays, SCANS, PARTS, predict=True)
    assert raw.data.column_names == ["image", "split"] and set(raw.data.column("split").to_pylist()) == {
        "test"
    }
    assert "scans.npz has no array of: train, valid, label" in raw.notes
    assert "Did you mean `test_images`?" in faults(arrays, SCANS, {"train": "tset"}, predict=True)
    assert "there is no array" in faults(arrays, SCANS, PARTS)


X = np.zeros((3, 20, 20), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "columns", "text"),
    [
        ({"x": X, "y": np.zeros(2)}, {"image": "x", "label": "y"}, "different length: `x` 3, `y` 2 rows"),
        (
            {"y": np.array([0, np.nan, np.nan])},
            {"label": "y"},
            r"row 2: array `y` is NaN.*\(and 1 more row: 3\)",
        ),
        ({"y": np.zeros((3, 14))}, {"label": "y"}, r"shape \(3, 14\), expected one value a row.*y\[:, 0\]"),
        ({"y": np.zeros(3, complex)}, {"label": "y"}, "holds complex128, expected numbers or texts"),
        ({"y": np.array(3)}, {"label": "y"}, "a single value"),
        ({"y": np.zeros((0,))}, {"label": "y"}, "no rows"),
        ({"y": np.zeros(3)}, {"label": "y[:, 0]"}, r"no columns to choose from. Leave out \[:, 0\]"),
        ({"y": np.zeros((3, 4))}, {"label": "y[:, 4]"}, r"4 columns, numbered from 0: \[:, 4\] is none"),
        ({"y": np.zeros((3, 4))}, {"signal": "y[:, 3:2]"}, r"\[:, 3:2\] is none of them"),
        ({"y": np.zeros(3)}, {"signal": "y"}, r"expected \(rows, steps\)"),
        ({"y": np.array([["a", "b"]])}, {"signal": "y"}, "expected numbers"),
        (
            {"y": np.array([[1, 2.0], [1, np.inf]])},
            {"signal": "y"},
            "row 2: array `y` is not finite at step 2",
        ),
        ({"x": X[0]}, {"image": "x"}, r"shape \(20, 20\), expected \(rows, height, width\)"),
        ({"x": np.zeros((3, 3, 20, 20))}, {"image": "x"}, "channels stand first.*moveaxis"),
        ({"x": np.zeros((3, 20, 20, 4))}, {"image": "x"}, "4 channels, expected 1 or 3"),
        ({"x": X - 1.0}, {"image": "x"}, "pixels from -1 to -1.*Shift and scale"),
        ({"x": X + 300.0}, {"image": "x"}, "pixels from 300 to 300"),
        ({"x": X.astype(np.int32) + 70000}, {"image": "x"}, "pixels from 70000"),
        (
            {"x": np.where(X + np.arange(3)[:, None, None] == 1, np.nan, 0)},
            {"image": "x"},
            "row 2: array `x` has pix",
        ),
        ({"x": X.astype(str)}, {"image": "x"}, "expected numbers"),
    ],
)
def test_arrays_that_fit_no_role_say_why(faults, arrays, columns, text):
    assert re.search(text, faults(arrays, columns)), faults(arrays, columns)


def test_parts_that_do_not_fit_each_other_are_named(faults):
    parts = {"train": "a", "test": "b"}
    other = {"a": X, "b": X[:, :18]}
    assert "pictures of different shapes: `a` (3, 20, 20), `b` (3, 18, 20)" in faults(
        other, {"image": "{part}"}, parts
    )
    other = {"a": np.zeros((3, 9)), "b": np.zeros((3, 9, 2))}
    assert "signals of different numbers of channels" in faults(other, {"signal": "{part}"}, parts)
    other = {"a": np.zeros(3), "b": np.array(["x"])}
    assert "arrays of different types: `a` float64, `b` <U1" in faults(other, {"label": "{part}"}, parts)
    other = {"a": np.zeros(3), "b": np.array([0, np.nan])}
    assert "row 5: array `b` is NaN" in faults(other, {"label": "{part}"}, parts)
    assert "split is given by the parts" in faults(other, {"split": "{part}"}, parts)


def test_nothing_pickled_is_ever_loaded(tmp_path, read, faults):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("it ran",))

    trapped = np.array([Trap()], dtype=object)
    assert "array `x` holds Python objects" in faults({"x": trapped}, {"label": "x"})
    assert len(read({"x": trapped, "y": np.zeros(1)}, {"label": "y"})) == 1
    path = tmp_path / "raw.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", pickle.dumps(Trap()))
    for data in (path.read_bytes(), pickle.dumps(Trap())):
        path.write_bytes(data)
        with pytest.raises(ContractError, match="cannot be read"):
            read_arrays(path, Format(arrays={"columns": {"label": "x"}}))


def test_files_that_are_no_archive_are_refused_with_the_way_out(tmp_path):
    good = io.BytesIO()
    np.savez(good, x=np.arange(1000))
    one, empty = io.BytesIO(), io.BytesIO()
    np.save(one, np.arange(3))
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("a.txt", "x")
    whole = good.getvalue()
    for data, text in (
        (whole[:-30], "damaged or cut off"),
        (whole.replace(b"\x93NUMPY", b"\x93NUMPX"), "damaged or cut off"),
        (one.getvalue(), "one array .*numpy.savez"),
        (b"a,b\n1,2\n", "no NumPy archive"),
        (empty.getvalue(), "a zip archive without arrays"),
    ):
        (tmp_path / "a.npz").write_bytes(data)
        with pytest.raises(ContractError, match=text):
            read_arrays(tmp_path / "a.npz", Format(arrays={"columns": {"label": "x"}}))
    with pytest.raises(ContractError, match="Did you mean `a.npz`"):
        read_arrays(tmp_path / "b.npz", Format())
    (tmp_path / "a.npz").write_bytes(whole)
    with pytest.raises(
        ContractError, match=r"Set \[format.arrays\] columns.*a.npz holds `x` int64 \(1000,\)"
    ):
        read_arrays(tmp_path / "a.npz", Format())


def test_damaged_contents_behind_a_sound_header_are_found(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.full(1000, 7))
    data = (tmp_path / "a.npz").read_bytes()
    at = data.rindex(np.int64(7).tobytes())
    (tmp_path / "a.npz").write_bytes(data[:at] + b"\x08" + data[at + 1 :])
    with pytest.raises(ContractError, match="array `x` is damaged"):
        read_arrays(tmp_path / "a.npz", Format(arrays={"columns": {"label": "x"}}))
