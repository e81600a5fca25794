"""Excel workbooks: a sheet as typed columns, or the way out. A stand-in for openpyxl where it is not installed."""

import io
import sys
import zipfile
from datetime import date, datetime
from types import ModuleType, SimpleNamespace

import pytest

from shared.contract import Mapping, Role, check
from shared.contract.formats import Format
from shared.contract.tables import read_table
from shared.contract.workbooks import is_workbook, sheet_titles
from shared.errors import ContractError

DAYS = [datetime(2025, 1, 2), datetime(2025, 1, 3, 12, 30), datetime(2025, 1, 4)]
ROWS = [["time", "amount", "card", "new"], *([day, 1.5, f"00{at}", True] for at, day in enumerate(DAYS))]


def archive(part="xl/workbook.xml"):
    """Bytes that look like a workbook, as far as is looked before openpyxl reads them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr(part, "")
    return file.getvalue()


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Saves nothing but the name; the sheets are what openpyxl would read."""

    def save(sheets, *, states=None):
        def sheet(title, rows):
            state = (states or {}).get(title, "visible")
            read = lambda values_only: iter([tuple(row) for row in rows])  # noqa: E731
            return SimpleNamespace(
                title=title, sheet_state=state, iter_rows=read, reset_dimensions=lambda: None
            )

        module = ModuleType("openpyxl")
        worksheets = [sheet(title, rows) for title, rows in sheets.items()]
        module.load_workbook = lambda file, read_only, data_only: SimpleNamespace(worksheets=worksheets)
        monkeypatch.setitem(sys.modules, "openpyxl", module)
        path = tmp_path / "payments.xlsx"
        path.write_bytes(archive())
        return path

    return save


def cells(raw):
    return {name: column.to_pylist() for name, column in zip(raw.data.column_names, raw.data.columns)}


def refusal(path, **format):
    with pytest.raises(ContractError) as caught:
        read_table(path, Format(**format))
    return str(caught.value)


def test_the_first_visible_sheet_is_read_with_the_types_of_its_columns(book):
    path = book({"notes": [["x"]], "May": ROWS, "June": []}, states={"notes": "hidden"})
    raw = read_table(path)
    assert cells(raw) == {"time": DAYS, "amount": [1.5] * 3, "card": ["000", "001", "002"], "new": [True] * 3}
    assert raw.notes[0] == "payments.xlsx is an Excel workbook, sheet `May`; not read: `notes`, `June`"
    assert len(raw.sha256) == 64 and raw.faults == []


def test_empty_sheets_before_the_table_are_passed_over(book):
    raw = read_table(book({"Tabelle1": [], "Tabelle2": [[None, " "]], "May": ROWS}))
    assert cells(raw)["amount"] == [1.5] * 3
    assert raw.notes[0].endswith("sheet `May`; not read: `Tabelle1`, `Tabelle2`")


def test_the_visible_sheets_are_listed_and_other_files_have_none(book, tmp_path):
    assert sheet_titles(book({"notes": [], "May": ROWS, "June": []}, states={"notes": "hidden"})) == [
        "May",
        "June",
    ]
    (tmp_path / "a.csv").write_text("a,b")
    assert (
        sheet_titles(tmp_path / "a.csv")
        == sheet_titles(tmp_path / "none.xlsx")
        == sheet_titles(tmp_path)
        == []
    )


def test_a_sheet_may_be_named(book):
    path = book({"May": ROWS, "June": [["a", "b"], [1, 2]]})
    assert cells(read_table(path, Format(sheet="June"))) == {"a": [1], "b": [2]}
    assert "there is no sheet `Jun`. Did you mean `June`?" in refusal(path, sheet="Jun")
    assert "It has: `May`, `June`" in refusal(path, sheet="Zzz")


def test_titles_groups_empty_rows_and_columns_around_a_table_are_left_out(book):
    rows = [
        ["Payments 2025", None, None, None],
        [None] * 4,
        ["Payment", None, "Customer", None],
        ["time", "amount", "card", None],
        *([day, 2, "x", None] for day in DAYS),
        [None] * 4,
    ]
    raw = read_table(book({"May": rows}))
    assert cells(raw) == {"time": DAYS, "amount": [2] * 3, "card": ["x"] * 3}
    assert raw.notes[1:] == [
        "2 rows above the names of columns in row 4 are left out",
        "1 column without name and cells is left out",
        "1 empty row at the end is left out",
    ]


def test_a_total_makes_no_texts_of_the_columns_above_it(book):
    rows = [*ROWS, ["合计", 4.5, None, None]]
    raw = read_table(book({"May": rows}))
    assert str(raw.faults[0]).startswith("column `time`, row 4: `合计` looks like a total")
    assert cells(raw) == cells(read_table(book({"May": ROWS})))
    dropped = read_table(book({"May": rows}), Format(total_row="drop"))
    assert cells(dropped) == cells(raw) and dropped.faults == []


@pytest.mark.parametrize(
    ("column", "decimal", "expected"),
    [
        ([1, None, 3], None, [1, None, 3]),
        ([1, 2.5, ""], ",", [1.0, 2.5, None]),  # typed: no mark is in question
        ([date(2025, 1, 2), datetime(2025, 1, 3, 4), None], None, [DAYS[0], datetime(2025, 1, 3, 4), None]),
        (["a", 7, 7.0], None, ["a", "7", "7"]),
        (["a", 1.234, 1.5], None, ["a", "1.2340", "1.5"]),  # `1.234` may mean thousands
        (["a", 1.234, 1.5], ",", ["a", "1,2340", "1,5"]),
        (
            ["a", datetime(2025, 1, 2), datetime(2025, 1, 2, 3)],
            None,
            ["a", "2025-01-02", "2025-01-02 03:00:00"],
        ),
        (["a", True, None], None, ["a", "True", ""]),
        ([None, None, None], None, None),
        ([2**60, 1, 2], None, [2**60, 1, 2]),
        ([2**70, 1.5, 2], None, [2.0**70, 1.5, 2.0]),
    ],
)
def test_cells_become_one_type_a_column(book, column, decimal, expected):
    path = book({"May": [["key", "value"], *([f"k{at}", cell] for at, cell in enumerate(column))]})
    found = cells(read_table(path, Format(decimal=decimal)))["value"]
    assert found == (expected or [None] * 3)


def test_texts_beside_numbers_never_change_a_number_in_silence(book):
    path = book({"May": [["amount"], [1.234], ["12,5"], [2.5]]})
    with pytest.raises(ContractError, match="different decimal marks"):
        check(read_table(path), [Role(name="amount", kind="number")], Mapping(), solution="demo")


def test_error_cells_of_a_formula_are_named(book):
    path = book({"May": [["amount"], [1.5], ["#DIV/0!"], ["#N/A"]]})
    with pytest.raises(ContractError, match=r"column `amount` .*, row 2: `#DIV/0!` is no number"):
        check(read_table(path), [Role(name="amount", kind="number")], Mapping(), solution="demo")


def test_an_empty_sheet_says_so(book):
    assert "the sheet `May` is empty. Name another one by sheet under [format]" in refusal(
        book({"May": [[None, " "]]})
    )
    assert len(read_table(book({"May": [["a", "b"]]}))) == 0
    assert "the workbook has no sheet" in refusal(book({}))


def test_other_archives_are_no_workbooks(tmp_path):
    assert is_workbook(archive())
    for data in (archive("a.csv"), archive()[:40], b"PK\x03\x04", b"a,b\n"):
        assert not is_workbook(data)
    path = tmp_path / "payments.xlsx"
    path.write_bytes(archive()[:40])
    assert "it is an Excel workbook or a zip archive" in refusal(path)


# -- with the real openpyxl


def test_a_real_workbook_is_read(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "May"
    sheet["A1"] = "Payments 2025"
    sheet.merge_cells("A1:D1")
    for row in ([], *ROWS, ["Total", 4.5]):
        sheet.append(row)
    book.create_sheet("June").append(["a"])
    path = tmp_path / "payments.xlsx"
    book.save(path)
    raw = read_table(path, Format(total_row="drop"))
    assert cells(raw) == {"time": DAYS, "amount": [1.5] * 3, "card": ["000", "001", "002"], "new": [True] * 3}
    assert cells(read_table(path, Format(sheet="June"))) == {"a": []}


def test_merged_cells_of_a_real_workbook_are_read(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["time", "paid", None, "new"],
        [None, "amount", "card", None],
        *(row for row in ROWS[1:] * 2),
    ):
        sheet.append(row)
    for cells_of_one in ("B1:C1", "A1:A2", "D1:D2"):
        sheet.merge_cells(cells_of_one)
    book.save(tmp_path / "payments.xlsx")
    raw = read_table(tmp_path / "payments.xlsx")
    assert raw.data.column_names == ["time", "amount", "card", "new"]
    assert cells(raw)["amount"] == [1.5] * 6 and cells(raw)["time"] == DAYS * 2


def test_a_damaged_workbook_is_refused(tmp_path):
    pytest.importorskip("openpyxl")
    path = tmp_path / "payments.xlsx"
    path.write_bytes(archive())
    assert "the workbook is damaged or cut off. Transfer it again" in refusal(path)
