"""Signals in files: read by what they hold; what is wrong is named by row, never by the file's name."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from shared.images.store import FolderStore, ZipStore
from shared.signals.files import MOST_LISTED, SignalError, parse_signal, read_signals


def saved(save, *arrays, **named):
    out = io.BytesIO()
    save(out, *arrays, **named)
    return out.getvalue()


SAMPLES = np.array([[1.5, -2.0], [0.25, 4.0], [3.0, 1e-3]])


@pytest.mark.parametrize(
    "data",
    [
        saved(np.save, SAMPLES),
        saved(np.save, SAMPLES.astype(">f4")),
        saved(np.savez_compressed, ecg=SAMPLES),
        b"1.5,-2\n0.25,4\n3,0.001\n",
        b"lead I, lead II\r\n1.5, -2.0\r\n\r\n.25, 4e0\r\n3, 1E-3",
        b"1,5;-2\n0,25;4\n3;0,001\n",
        b"I\tII\n1.5\t-2\n0.25\t4\n3\t0.001\n",
        b"  1.5 -2\n 0.25   4\n3 0.001\n",
        "\ufefflead 1,导联 2\n1.5,-2\n0.25,4\n3,0.001\nnan,nan\n".encode(),
        "1.5|-2|\n0.25|4|\n3|0.001|\n".encode("utf-16"),
    ],
)
def test_every_kind_of_file_gives_the_same_samples(data):
    signal = parse_signal(data)
    assert signal.dtype == np.float32
    np.testing.assert_allclose(signal, SAMPLES, rtol=1e-6)


@pytest.mark.parametrize(
    "data",
    [
        b"1\n2\n4\n",
        b"x\n1\n2\n4",
        b"1,2,4",
        b"1 2 4\n",
        saved(np.save, [1, 2, 4]),
        saved(np.save, [[1, 2, 4]]),
    ],
)
def test_one_channel_may_be_a_column_or_a_line(data):
    assert parse_signal(data).tolist() == [[1], [2], [4]]


def test_decimal_commas_without_another_separator_are_read_if_they_are_told():
    assert parse_signal(b"0,5\n0,25\n", decimal=",").tolist() == [[0.5], [0.25]]
    assert parse_signal(b"0,5\n0,25\n").shape == (2, 2)


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"", "empty", "holds nothing"),
        (b" \n", "empty", "holds nothing"),
        (b"lead I\n", "empty", "a header and no samples"),
        (saved(np.save, np.zeros((0, 2))), "empty", "no samples"),
        (saved(np.save, [np.nan, np.nan]), "empty", "only empty or NaN"),
        (b"nan\nnan\n", "empty", "no samples"),
        (saved(np.save, [1, np.nan, np.inf, 2]), "not finite", r"at step 2 \(and 1 more step\)"),
        (b"1,2\n3,\n5,6\n", "not finite", "at step 2. Fill it in"),
        (b"1\nMary\n", "text", "a text in line 2,"),
        (b"t\n1\nMary\n", "text", "a text in line 3,"),
        (saved(np.save, ["a", "b"]), "text", "expected numbers"),
        (saved(np.save, np.zeros((2, 3, 4))), "unread", r"an array \(2, 3, 4\)"),
        (saved(np.save, np.zeros((12, 5000))), "channels", "12 steps of 5,000 channels.*Transpose"),
        (saved(np.save, SAMPLES)[:-9], "unread", "damaged or cut off"),
        (saved(np.savez, a=SAMPLES)[:-9], "unread", "damaged or cut off"),
        (saved(np.savez, a=SAMPLES, b=SAMPLES), "unread", "an archive of 2 arrays"),
        (b"1,2\n3,4,5\n", "unread", "different numbers of cells"),
        (b"\x00\x01\x02" * 50, "unread", "neither a NumPy array nor a text"),
    ],
)
def test_a_bad_file_says_what_is_wrong_and_shows_no_cell(data, kind, text):
    with pytest.raises(SignalError, match=text) as error:
        parse_signal(data)
    assert error.value.kind == kind and "Mary" not in str(error.value)


def test_nothing_pickled_is_ever_loaded():
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("it ran",))

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.npy", pickle.dumps(Trap()))
    trapped = np.array([Trap()], dtype=object)
    for data in (
        saved(np.save, trapped),
        saved(np.savez, a=trapped),
        pickle.dumps(Trap()),
        archive.getvalue(),
    ):
        with pytest.raises(SignalError):
            parse_signal(data)


def test_faults_are_by_row_and_hold_no_name(tmp_path):
    files = {
        "miller_1.npy": saved(np.save, np.arange(5.0)),
        "miller_2.csv": b"1\n2\n3\n",
        "miller_3.csv": b"1\nx\n",
    }
    files["miller_4.npy"] = saved(np.save, SAMPLES)
    files["miller_6.csv"] = b"5\n5\n5\n"
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "miller_7").mkdir()
    names = [*sorted(files), "miller_5.npy", "miller_7", None, "", float("nan"), "miller\0.npy", "m" * 4000]
    rows = list(range(11, 11 + len(names)))
    found = read_signals(FolderStore(tmp_path), names, rows, column="ecg")
    said = [str(fault) for fault in found.faults]
    assert said[0] == "column `ecg`, row 13: the file holds a text in line 2, expected numbers. Correct it"
    assert said[1].startswith("column `ecg`, row 14: the file holds 2 channels, where most have 1")
    assert (
        said[2]
        == f"column `ecg`, row 16: the file is not in `{tmp_path.name}`. Add it, or leave the cell empty"
    )
    assert [text.split(": ")[0][-2:] for text in said[3:]] == ["17", "21", "22"]
    assert "mill" not in " ".join([*said, *found.notes]) and "mmm" not in " ".join(said)
    assert [each is not None for each in found.signals] == [True, True, False, False, True] + [False] * 7


def test_notes_tell_lengths_constant_and_missing_signals_by_row(tmp_path):
    (tmp_path / "a.csv").write_text("1\n2\n3\n")
    (tmp_path / "b.csv").write_text("5\n5\n5\n5\n")
    found = read_signals(FolderStore(tmp_path), ["a.csv", "b.csv", None], [4, 5, 6], column="ecg")
    assert found.faults == []
    assert found.notes == [
        "1 row without a signal: 6",
        "1 signal in which a channel is constant: 5",
        "signals of 3 to 4 steps",
    ]


def test_a_damaged_member_of_a_zip_is_named_by_row_alone(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("miller.csv", "1\n2\n")
    path.write_bytes(path.read_bytes().replace(b"1\n2\n", b"7\n8\n"))
    (fault,) = read_signals(ZipStore(path), ["miller.csv"], [1], column="ecg").faults
    assert "cannot be read" in str(fault) and "miller" not in str(fault)


def test_many_faults_of_one_kind_are_counted(tmp_path):
    names = [f"{at}.npy" for at in range(MOST_LISTED + 7)]
    found = read_signals(FolderStore(tmp_path), names, range(1, len(names) + 1), column="ecg", workers=4)
    assert len(found.faults) == MOST_LISTED + 1
    assert str(found.faults[-1]) == "column `ecg`: missing files: and 7 more like it"
