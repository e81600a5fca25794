import io

import numpy as np
import pytest
from PIL import Image

from shared.notebook import open_table, plot_photos
from shared.notebook.photos import INK, edge, outlined
from verticals.manufacturing import DefectPipeline


@pytest.fixture(scope="module")
def parts():
    return open_table(DefectPipeline, sample=DefectPipeline.small)


def test_each_class_has_one_photo_below_its_name_and_count(parts):
    table, picture = plot_photos(*parts).parts
    names, counts = (line.split(" | ")[1:] for line in table.plain.splitlines()[1:])
    assert names[0] == "good" and set(names[1:]) <= {"crack", "pit", "scratch", "stain"}
    assert sum(map(int, counts)) == len(parts[1])
    assert Image.open(io.BytesIO(picture.jpeg)).width == 212 * len(names) - 12


def test_the_fault_is_outlined_and_a_good_part_is_not(parts):
    pipeline, table = parts
    photos, codes = pipeline.features(table), pipeline.codes(table)
    good, faulty = (int(np.flatnonzero(codes == code)[0]) for code in (0, 1))
    drawn = [(outlined(photos, row) == INK).all(axis=-1).any() for row in (good, faulty)]
    assert drawn == [False, True]


def test_the_edge_lies_outside_of_the_mask():
    mask = np.zeros((7, 7), bool)
    mask[3, 3] = True
    found = edge(mask)
    assert found.sum() == 8 and not found[3, 3]
