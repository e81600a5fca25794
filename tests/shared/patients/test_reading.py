"""What a clinic delivers is read, with files beside it, and no file's or patient's name is told."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.contract import Format, Mapping, Role, check, joined, raw_table
from shared.errors import ContractError, Fault
from shared.images.store import FolderStore
from shared.patients.reading import cells_of, parts_of, photos_of, read_patients, refuse, signals_of

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "inspection_example.py"))
ROLES = (
    Role(name="label", kind="label", predict=False, missing=True),
    *(
        Role(name=name, kind="category", required=False, missing=True, private=True)
        for name in ("image", "signal", "split")
    ),
)


def table_of(frame, *, predict=False, **columns):
    mapping = Mapping(columns={"label": "label"} | columns)
    return check(raw_table(frame), ROLES, mapping, solution="test", predict=predict)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(4):
        picture = rng.integers(0, 255, (32, 32))
        (tmp_path / f"Smith{number}.png").write_bytes(EXAMPLE["png"](picture))
        np.save(tmp_path / f"Smith{number}.npy", rng.normal(size=10 + number))
    return tmp_path


@pytest.fixture
def frame():
    names = [f"Smith{number}" for number in range(4)]
    cells = [[f"{name}{suffix}" for name in names] for suffix in (".png", ".npy")]
    cells[0].insert(1, ""), cells[1].insert(3, "")
    return pd.DataFrame({"label": [0, 1, 0, 1, 0], "image": cells[0], "signal": cells[1]})


def test_a_table_finds_its_files_beside_it_whatever_it_is_written_as(folder, frame):
    for name, write in (("visits.csv", frame.to_csv), ("visits.parquet", frame.to_parquet)):
        write(folder / name, index=False)
        raw = read_patients(folder / name)
        assert isinstance(raw.store, FolderStore) and len(raw) == 5
        assert raw.store.size("Smith0.png") == (folder / "Smith0.png").stat().st_size


def test_a_folder_of_photos_and_a_file_of_arrays_are_read_too(folder, tmp_path):
    (tmp_path / "photos" / "ill").mkdir(parents=True)
    (tmp_path / "photos" / "well").mkdir()
    for place, kind in enumerate(("ill", "well")):
        (folder / f"Smith{place}.png").rename(tmp_path / "photos" / kind / "a.png")
    assert len(read_patients(tmp_path / "photos")) == 2
    np.savez(tmp_path / "all.npz", train_images=np.zeros((3, 28, 28), np.uint8), train_labels=[[0], [1], [0]])
    with pytest.raises(ContractError):
        read_patients(tmp_path / "all.npz", Format())  # which array is what has to be said


def test_a_file_that_lacks_is_refused(tmp_path):
    with pytest.raises(ContractError):
        read_patients(tmp_path / "nothing.csv")


def test_cells_are_texts_or_none():
    table = table_of(pd.DataFrame({"label": [0, 1, 0], "image": ["a.png", None, ""]}))
    assert cells_of(table, "image") == ["a.png", None, None] and cells_of(table, "signal") == [None] * 3


def test_parts_are_as_given_and_rows_of_the_second_table_judge():
    table = table_of(pd.DataFrame({"label": [0, 1, 0, 1], "split": ["Train", "val", None, "测试"]}))
    assert parts_of(table).tolist() == ["train", "valid", None, "test"]
    later = table_of(pd.DataFrame({"label": [0, 1, 1], "split": ["train", "train", "valid"]}))
    both = replace(joined(table, later), own=4, tested=True)
    assert parts_of(both).tolist() == ["train", "valid", None, "test", "test", "test", "test"]


def photos(table, *stores, **settings):
    labels = [f"{value:g}" for value in table.frame["label"]]
    return photos_of(table, list(stores), labels=labels, most_pixels=10**6, workers=2, **settings)


def test_each_row_has_the_photo_that_its_cell_names(folder, frame):
    found, faults, notes = photos(table_of(frame), FolderStore(folder), None)
    assert not faults and found.index.tolist() == [0, -1, 1, 2, 3]
    assert [photo.name for photo in found.photos] == [f"Smith{number}.png" for number in range(4)]
    assert [photo.row for photo in found.photos] == [1, 3, 4, 5]
    assert notes == ["rows without a photo, which are answered by what else they have: 1"]
    assert found.facts.width.tolist() == [32] * 4


def test_without_a_column_there_are_no_photos_and_no_signals():
    table = table_of(pd.DataFrame({"label": [0, 1]}))
    assert photos(table, None, None) == (None, [], [])
    assert signals_of(table, [None, None], [None, None], workers=1) == (None, [], [])


def test_rows_of_the_second_table_are_read_from_its_own_folder(folder, frame, tmp_path):
    other = tmp_path / "later"
    other.mkdir()
    (other / "Smith0.png").write_bytes(EXAMPLE["png"](np.random.default_rng(9).integers(0, 255, (40, 20))))
    table = joined(table_of(frame), table_of(frame.head(1), predict=True))
    table = replace(table, own=5, tested=True)
    found, faults, _ = photos(table, FolderStore(folder), FolderStore(other))
    assert not faults and found.facts.width.tolist() == [32, 32, 32, 32, 20]
    assert found.photos[-1].split == "test" and found.photos[0].split is None


def test_photos_that_cannot_be_read_are_faults_by_row_and_tell_no_name(folder, frame):
    (folder / "Smith1.png").write_bytes(b"")
    (folder / "Smith3.png").unlink()
    _, faults, notes = photos(table_of(frame, image="image"), FolderStore(folder), None)
    assert [fault.row for fault in faults] == [3, 5] and {fault.column for fault in faults} == {"image"}
    assert "Smith" not in " ".join(map(str, [*faults, *notes]))


def test_equal_photos_of_two_classes_are_a_fault_by_row(folder, frame):
    (folder / "Smith2.png").write_bytes((folder / "Smith0.png").read_bytes())
    _, (fault,), _ = photos(table_of(frame), FolderStore(folder), None)
    assert fault.row == 4 and "row 1" in fault.text and "Smith" not in str(fault)


def signals(table, store, raws=(None, None), stores=None):
    return signals_of(table, list(raws), stores or [store, None], workers=2)


def test_each_row_has_the_signal_of_its_file(folder, frame):
    found, faults, notes = signals(table_of(frame), FolderStore(folder))
    assert not faults and found.lengths.tolist() == [10, 11, 12, 0, 13]
    np.testing.assert_allclose(found[2][:, 0], np.load(folder / "Smith2.npy"), rtol=1e-6)
    assert "rows without a signal, which are answered by what else they have: 1" in notes


def test_samples_that_were_read_with_the_table_are_taken_by_the_number_of_the_row(frame):
    table, raw = table_of(frame), raw_table(frame)
    raw.signals = [np.full((3, 1), row, np.float32) for row in range(5)]
    kept = table.take(np.array([0, 2, 4]))
    found, _, _ = signals(kept, None, (raw, None))
    assert [float(each[0, 0]) for each in found] == [0, 2, 4]


def test_signals_of_two_tables_with_other_channels_are_a_fault(frame):
    table = replace(joined(table_of(frame), table_of(frame.head(1), predict=True)), own=5, tested=True)
    raws = [raw_table(frame), raw_table(frame.head(1))]
    raws[0].signals, raws[1].signals = [np.zeros((3, 1))] * 5, [np.zeros((3, 2))]
    found, (fault,), _ = signals(table, None, raws, [None, None])
    assert found is None and "one number of channels" in fault.text and fault.column == "signal"


def test_signals_that_cannot_be_read_are_faults_by_row_and_tell_no_name(folder, frame):
    (folder / "Smith1.npy").write_bytes(b"")
    found, faults, notes = signals(table_of(frame), FolderStore(folder))
    assert found is None and [fault.row for fault in faults] == [2]
    assert "Smith" not in " ".join(map(str, [*faults, *notes]))


def test_what_is_wrong_is_raised_all_at_once_and_nothing_otherwise(frame):
    table = table_of(frame)
    refuse(table, "healthcare.diagnosis", [])
    with pytest.raises(ContractError, match="does not fit `healthcare.diagnosis`") as caught:
        refuse(table, "healthcare.diagnosis", [Fault(text="one"), Fault(text="two")])
    assert len(caught.value.faults) == 2
