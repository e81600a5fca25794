"""What a table's layout leaves open is settled before a proposal, and told."""

from functools import partial

import pandas as pd
import pytest

from shared.contract import Role, read_table
from shared.errors import ContractError
from shared.proposing.reading import opened, opened_for

HEAD, BODY = "day;amount;card\n", "".join(f"2025-01-{at:02};{at},5;C{at % 3}\n" for at in range(1, 13))
ROLES = (
    Role(name="time", kind="time", aliases=("day",)),
    Role(name="amount", kind="number", unit="currency"),
)


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        (tmp_path / "payments.csv").write_text(text, encoding="utf-8")
        return partial(read_table, tmp_path / "payments.csv")

    return from_text


@pytest.mark.parametrize(
    ("text", "format", "told"),
    [
        (HEAD + BODY, {}, ()),
        (HEAD + BODY + "Summe;78;\n", {"total_row": "drop"}, ("a total", "合计", "row 13")),
        (HEAD + BODY + "Summe;78\n", {"total_row": "drop"}, ("a total", "合计", "row 13")),
        (HEAD + BODY + "as of 1 February;;\n", {"total_row": "drop"}, ("a note", "附注", "row 13")),
        (
            HEAD + BODY + "Summe;78;\n;;\nas of 1 February\n",
            {"total_row": "drop"},
            ("a note, and one above it like a total", "附注，其上一行似为合计", "leaves both out (row 15)"),
        ),
        (HEAD + "UTC;EUR;no\n" + BODY, {"first_row": 3}, ("first_row = 3", "第二行")),
    ],
)
def test_totals_notes_and_second_lines_are_left_out_and_told(read, text, format, told):
    made = opened(read(text))
    assert made.format == format and len(made.raw) == 12 and made.raw.faults == []
    assert len(made.doubts) == bool(told)
    assert all(word in "".join("".join(doubt.values()) for doubt in made.doubts) for word in told)
    assert [column.kind for column in made.columns] == ["time", "number", "text"]


def test_two_things_are_settled_one_after_the_other(read):
    made = opened(read(HEAD + "UTC;EUR;no\n" + BODY + "Total;78;\n"))
    assert made.format == {"first_row": 3, "total_row": "drop"} and len(made.doubts) == 2


def test_what_a_person_has_decided_stays(read):
    made = opened(read(HEAD + BODY + "Total;78;\n"), {"total_row": "keep"})
    assert made.format == {"total_row": "keep"} and len(made.raw) == 13 and made.doubts == []


def test_what_cannot_be_settled_is_refused(read):
    with pytest.raises(ContractError, match="row 13: found 2 cells"):
        opened(read(HEAD + BODY + "2025-02-01;5\n"))


def test_of_a_workbook_the_first_sheet_with_the_required_columns_is_read(tmp_path):
    pytest.importorskip("openpyxl")
    path = tmp_path / "payments.xlsx"
    days = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=9), "amount": [1.5] * 9})
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Report": ["made by"], "": ["SAP"]}).to_excel(book, sheet_name="Cover", index=False)
        pd.DataFrame().to_excel(book, sheet_name="Empty", index=False)
        days.to_excel(book, sheet_name="January", index=False)
        days.to_excel(book, sheet_name="February", index=False)
    made = opened_for(ROLES, partial(read_table, path), path)
    assert made.format == {"sheet": "January"} and len(made.raw) == 9
    assert 'sheet = "January"' in made.doubts[0]["en"] and "“January”" in made.doubts[0]["zh"]
    assert opened_for(ROLES, partial(read_table, path), path, {"sheet": "Cover"}).doubts == []


def test_further_sheets_that_are_not_hidden_are_told(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    path, book = tmp_path / "payments.xlsx", openpyxl.Workbook()
    for at, title in enumerate(("January", "February", "lists")):
        sheet = book.active if not at else book.create_sheet()
        sheet.title = title
        sheet.sheet_state = "hidden" if title == "lists" else "visible"
        for row in (["day", "amount"], *([f"2025-0{at + 1}-0{day}", 1.5] for day in range(1, 9))):
            sheet.append(row)
    book.save(path)
    made = opened_for(ROLES, partial(read_table, path), path)
    [doubt] = made.doubts
    assert "`February`" in doubt["en"] and "`lists`" not in doubt["en"] and "`February`" in doubt["zh"]
