"""The simulated parts hold what their description names, the same for one seed."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from shared.simulators.parts import DAYS, DEFECTS, GOOD, START, simulate_parts, write_parts

SIZE = dict(parts=160, defect_share=0.4, side=96, seed=1)


@pytest.fixture(scope="module")
def photos():
    return simulate_parts(**SIZE)


@pytest.fixture(scope="module")
def table(photos) -> pd.DataFrame:
    rows = [(photo.name, photo.part, photo.label, photo.line, photo.time) for photo in photos]
    return pd.DataFrame(rows, columns=["name", "part", "label", "line", "time"])


def test_photos_and_masks_have_one_shape_and_their_types(photos):
    for photo in photos:
        assert photo.photo.dtype == np.uint8 and photo.mask.dtype == bool
        assert photo.photo.ndim == 2 and photo.photo.shape == photo.mask.shape
        assert min(photo.photo.shape) >= 84 and max(photo.photo.shape) <= 108
    assert len({photo.photo.shape for photo in photos}) > 20


def test_a_mask_is_empty_for_good_parts_and_small_for_others(photos):
    for photo in photos:
        assert photo.mask.any() == (photo.label != GOOD) and photo.mask.mean() < 0.2


def test_labels_lines_and_parts_come_in_the_numbers_asked_for(table):
    parts = table.drop_duplicates("part")
    assert len(parts) == 160 and (parts["label"] != GOOD).sum() == 64
    assert (parts["label"].value_counts()[list(DEFECTS)] == 16).all()
    assert set(parts["line"].value_counts()) <= {53, 54}
    assert table["name"].is_unique and 1.1 < len(table) / len(parts) < 1.35


def test_photos_of_one_part_share_its_label_and_line_but_no_pixels(photos, table):
    twice = table.groupby("part").filter(lambda group: len(group) == 2)
    assert len(twice.drop_duplicates(["part", "label", "line"])) == len(twice) / 2 > 10
    assert (twice.groupby("part")["time"].agg(np.ptp) < pd.Timedelta("1min")).all()
    by_name = {photo.name: photo.photo for photo in photos}
    for part in twice["part"].unique():
        one, two = by_name[f"{part}_1"], by_name[f"{part}_2"]
        assert one.shape == two.shape and (one != two).mean() > 0.5


def test_times_rise_over_the_days_simulated(table):
    assert table["time"].is_monotonic_increasing and table["time"].min() >= START
    assert DAYS - 2 < (table["time"].max() - START).days <= DAYS


def test_the_lamp_of_line_b_fades_and_the_others_do_not(photos, table):
    level = np.array([photo.photo[~photo.mask].mean() for photo in photos])
    late = (table["time"] > START + pd.Timedelta(days=15)).to_numpy()
    early = (table["time"] < START + pd.Timedelta(days=5)).to_numpy()
    for line, share in (("A", 1.0), ("B", 0.85), ("C", 1.0)):
        own = (table["line"] == line).to_numpy()
        assert level[own & late].mean() / level[own & early].mean() == pytest.approx(share, abs=0.05)


def test_brushed_steel_has_its_grain_along_the_brush_and_the_weave_has_its_waves(photos):
    good = {
        line: [p.photo.astype(float) for p in photos if p.line == line and p.label == GOOD] for line in "ABC"
    }

    def rough(picture, axis):
        return np.abs(np.diff(picture, axis=axis)).mean()

    assert np.mean([rough(p, 0) / rough(p, 1) for p in good["C"]]) > 1.5
    assert np.mean([rough(p, 0) / rough(p, 1) for p in good["A"]]) == pytest.approx(1, abs=0.1)

    def waves(picture):  # share of the power along a row that has a period of 7 to 12 pixels
        power = np.square(np.abs(np.fft.rfft(picture - picture.mean(axis=1, keepdims=True), axis=1))).mean(
            axis=0
        )
        period = picture.shape[1] / np.arange(1, len(power))
        return power[1:][(period > 7) & (period < 12)].sum() / power.sum()

    assert min(map(waves, good["B"])) > 2 * max(map(waves, good["A"] + good["C"]))


def test_defects_differ_from_their_surroundings_by_faint_and_by_plain_contrasts(photos):
    """Difference of the mask to a ring about it, in standard deviations of the photo."""
    contrast = {label: [] for label in DEFECTS}
    for photo in photos:
        if photo.label != GOOD:
            grey = photo.photo.astype(float)
            ring = (gaussian_filter(photo.mask.astype(float), 4) > 0.02) & ~photo.mask
            contrast[photo.label].append((grey[photo.mask].mean() - grey[ring].mean()) / grey.std())
    for values in contrast.values():
        size = np.abs(values)
        assert np.median(size) > 0.4 and np.quantile(size, 0.9) > 2 * np.quantile(size, 0.1)
    assert np.mean(contrast["crack"]) < 0 and np.ptp(np.sign(contrast["scratch"])) == 2


def test_one_seed_gives_the_same_photos_and_another_gives_others(photos):
    again, other = simulate_parts(**SIZE), simulate_parts(**SIZE | {"seed": 2})
    digest = lambda found: hashlib.sha256(b"".join(p.photo.tobytes() for p in found)).hexdigest()  # noqa: E731
    assert digest(again) == digest(photos) != digest(other)


def test_files_are_written_byte_by_byte_the_same_and_hold_the_photos(tmp_path):
    size = {"parts": 20, "defect_share": 0.5, "side": 64, "seed": 3}
    table = write_parts(tmp_path / "one", **size)
    write_parts(tmp_path / "two", **size)
    one, two = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*.png")}
        for root in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two and len(one) == len(table) + (table["label"] != GOOD).sum()
    photos = simulate_parts(**size)
    for row, photo in zip(table.itertuples(), photos, strict=True):
        assert Path(row.image).is_absolute() and Path(row.image).parent.name == row.label == photo.label
        np.testing.assert_array_equal(np.asarray(Image.open(row.image)), photo.photo)
        assert (row.mask == "") == (photo.label == GOOD)
        if row.mask:
            assert Path(row.mask).parent == tmp_path / "one" / "masks" / photo.label
            np.testing.assert_array_equal(np.asarray(Image.open(row.mask)), photo.mask * 255)
    assert list(table.columns) == ["image", "label", "mask", "part", "time", "line"]


@pytest.mark.parametrize(("share", "faulty"), [(0.0, 0), (1.0, 8)])
def test_no_defects_or_nothing_else_can_be_asked_for(share, faulty):
    photos = simulate_parts(parts=8, defect_share=share, side=64)
    assert len({photo.part for photo in photos if photo.label != GOOD}) == faulty


@pytest.mark.parametrize("wrong", [{"parts": 0}, {"side": 32}, {"defect_share": 1.5}])
def test_sizes_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must be at least"):
        simulate_parts(**wrong)
