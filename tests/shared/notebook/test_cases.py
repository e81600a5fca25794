import io
import runpy
from pathlib import Path

from PIL import Image

from shared.notebook import show_cases
from shared.notebook.cases import SIDE, side_by_side

HERE = Path(__file__).resolve().parents[1]


def example(kind):
    return runpy.run_path(str(HERE / f"{kind}report_example.py"))["example"]()


def test_cases_of_a_table_stand_beside_each_other_with_what_moved_them():
    shown = show_cases(example("")).parts
    assert shown[0].plain.splitlines()[0] == " | Right | Wrong | Doubtful"
    assert shown[1].title.count("What moved this score") == 3


def test_cases_of_forecasts_are_a_usual_one_the_worst_and_one_with_little_past():
    metrics = example("forecast_")
    shown = show_cases(metrics).parts
    heads = shown[0].plain.splitlines()[0].split(" | ")[1:]
    assert heads == ["Right", "Wrong", "Doubtful"][: len(heads)] and len(heads) > 1
    worst = next(each for each in metrics["examples"] if each["kind"] == "worst")
    assert worst["name"] in shown[0].plain.splitlines()[1].split(" | ")[2]


def test_cases_of_photos_are_one_picture_in_the_order_of_the_table():
    table, picture, _ = show_cases(example("inspection_")).parts
    count = len(table.plain.splitlines()[0].split(" | ")) - 1
    image = Image.open(io.BytesIO(picture.jpeg))
    assert image.format == "JPEG" and image.width == count * SIDE + (count - 1) * 12


def test_the_photo_that_is_right_shows_a_fault_where_there_is_one():
    metrics = example("inspection_")
    right = [each for each in metrics["gallery"] if each["kind"] == "right"]
    for place, each in enumerate(right):
        each["score"], each["name"] = 0.1 + 0.2 * place, f"{place}.png"
    shown = show_cases(metrics).parts[0].plain
    assert f"Photo | {len(right) - 1}.png" in shown


def test_photos_of_any_size_are_shown_at_one_size():
    files = []
    for size in ((10, 20), (900, 300)):
        file = io.BytesIO()
        Image.new("RGB", size, "black").save(file, "PNG")
        files.append([file.getvalue()])
    image = Image.open(io.BytesIO(side_by_side(files)))
    assert image.size == (2 * SIDE + 12, SIDE)
    assert image.getpixel((50, SIDE - 1))[0] < 50  # the small one reaches the bottom
    assert image.getpixel((SIDE + 50, SIDE - 1))[0] > 200  # the wide one does not


def test_images_of_patients_are_named_by_their_rows_and_never_by_their_files():
    metrics = example("diagnosis_")
    for place, each in enumerate(metrics["gallery"]):
        each["name"] = f"Ada_Lovelace_{place}.png"
    shown = repr(show_cases(metrics))
    assert "Lovelace" not in shown and "Image | Row" in shown
