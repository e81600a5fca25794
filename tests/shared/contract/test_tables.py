"""Files that are tables, in whatever encoding, and files that are not."""

import gzip
from types import SimpleNamespace

import pandas as pd
import pytest

from shared.contract import Mapping, Role, charsets, check
from shared.contract.mapping import Format
from shared.contract.tables import raw_table, read_table
from shared.errors import ContractError

CHINESE = "金额,客户,商户\n1.5,张三,超市\n2,李四,书店\n"
KOREAN = "금액,고객,도시\n1,김철수,서울\n2,이영희,부산\n3,박지성,대구\n4,최민호,인천\n5,정다은,광주\n"


@pytest.fixture
def write(tmp_path):
    def save(content, *, encoding="utf-8", name="payments.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    return save


def cells(raw):
    return {name: column.to_pylist() for name, column in zip(raw.data.column_names, raw.data.columns)}


def refusal(path, **format):
    with pytest.raises(ContractError) as caught:
        read_table(path, Format(**format))
    assert str(caught.value).startswith(f"{path.name} cannot be read (1 fault):")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8-sig"),
        (CHINESE, "gbk", "gb18030"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "utf-16", "utf-16"),
        (CHINESE, "utf-16-be", None),
        ("amount,card\n1,A\n2,B\n", "utf-16-le", "utf-16-le"),
        ("金額,客戶\n1,張三\n2,臺灣\n", "big5", "big5"),
        ("金額,顧客\n1,山田さん\n2,スズキ\n", "shift_jis", "shift_jis"),
        ("Betrag,Kündin\n1,Müller\n2,Größe\n", "cp1252", "cp1252"),
        ("montant,libellé\n1,café à €\n", "cp1252", "cp1252"),
        ("сумма,город\n1,оплата услуг связи\n2,перевод средств между счетами\n", "cp1251", "cp1251"),
        (KOREAN, "euc_kr", "euc_kr"),
        ("金额,城市\n" + "1,北京\n" * 50, "gbk", "gb18030"),
    ],
)
def test_encodings_are_detected_and_noted(write, text, encoding, found):
    path = write(text, encoding=encoding)
    if found is None:  # all Chinese, no mark: nothing tells UTF-16 from noise
        raw = read_table(path, Format(encoding=encoding))
    else:
        raw = read_table(path)
        assert raw.encoding == found
        assert found in raw.notes[0]
    first, *rows = [line.split(",") for line in text.splitlines()]
    assert cells(raw) == {name: [row[at] for row in rows] for at, name in enumerate(first)}


def test_a_letter_beyond_utf8_in_the_last_of_many_rows_is_still_read(write):
    path = write(b"amount,city\n" + b"1,Paris\n" * 50_000 + "1,Orléans\n".encode("cp1252"))
    raw = read_table(path)
    assert raw.encoding == "cp1252"
    assert raw.data.column("city")[-1].as_py() == "Orléans"


def test_an_encoding_that_nothing_tells_is_asked_for(write, monkeypatch):
    monkeypatch.setattr(charsets, "from_bytes", lambda sample: SimpleNamespace(best=lambda: None))
    path = write("сумма,город\n1,Москва\n", encoding="cp1251")
    assert "nothing tells its encoding. Set encoding under [format]" in refusal(path)
    assert cells(read_table(path, Format(encoding="cp1251"))) == {"сумма": ["1"], "город": ["Москва"]}


def test_a_wrong_encoding_in_the_format_is_named(write):
    message = refusal(write(CHINESE, encoding="gbk"), encoding="utf-8")
    assert "the text is not utf-8 (byte 1). Set encoding under [format]" in message


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_detected_outside_quotes(write, separator):
    text = f'a{separator}"b,;|x"{separator}c\n1{separator}"x,y;z|w"{separator}3\n4{separator}5{separator}6\n'
    raw = read_table(write(text))
    assert raw.separator == separator
    assert cells(raw) == {"a": ["1", "4"], "b,;|x": ["x,y;z|w", "5"], "c": ["3", "6"]}


def test_semicolons_win_over_decimal_commas(write):
    assert read_table(write("a;b\n1,5;2,5\n3,5;4,5\n")).separator == ";"


def test_a_given_separator_is_used(write):
    assert cells(read_table(write("a^b\n1^2\n"), Format(separator="^"))) == {"a": ["1"], "b": ["2"]}


def test_quotes_may_hold_separators_line_breaks_and_quotes(write):
    raw = read_table(write('a,b\n"x, y","1st\n2nd"\n"say ""hi""",\n'))
    assert cells(raw) == {"a": ["x, y", 'say "hi"'], "b": ["1st\n2nd", ""]}


def test_codes_stay_texts_and_spaces_of_the_header_go(write):
    assert cells(read_table(write(" code , amount\n00123,1e5\n"))) == {"code": ["00123"], "amount": ["1e5"]}


def test_gzip_is_unpacked(write):
    raw = read_table(write(gzip.compress(b"a,b\n1,2\n"), name="payments.csv.gz"))
    assert cells(raw) == {"a": ["1"], "b": ["2"]}


def test_windows_line_ends_and_blank_lines_are_no_cells(write):
    assert cells(read_table(write("a,b\r\n1,2\r\n\r\n3,4\r\n"))) == {"a": ["1", "3"], "b": ["2", "4"]}


def test_parquet_is_read_whatever_its_name(tmp_path):
    path = tmp_path / "payments.csv"
    pd.DataFrame({"a": [1, 2]}).to_parquet(path)
    assert cells(read_table(path)) == {"a": [1, 2]}


def test_the_hash_is_of_the_file(write):
    first, second = write("a,b\n1,2\n"), write("a,b\n1,3\n", name="other.csv")
    assert read_table(first).sha256 != read_table(second).sha256
    assert len(read_table(first).sha256) == 64


def test_a_header_without_rows_is_a_table_of_no_rows(write):
    assert len(read_table(write("a,b\n"))) == 0


@pytest.mark.parametrize(
    ("content", "name", "part"),
    [
        (b"", "payments.csv", "the file is empty"),
        (b" \n\n", "payments.csv", "the file is empty"),
        (b"\xef\xbb\xbf\r\n", "payments.csv", "the file is empty. Export the table again"),
        (b"a,b\n1,\x00\n", "payments.csv", "line 2 holds a NUL byte"),
        (b"PK\x03\x04rest", "payments.xlsx", "it is an Excel workbook or a zip archive"),
        (b"\xd0\xcf\x11\xe0rest", "payments.xls", "it is an old Excel workbook. Save the sheet as CSV"),
        (b"%PDF-1.7", "payments.csv", "it is a PDF"),
        (b"a,b\n1,2\n", "payments.parquet", "it is no Parquet file, whatever its name"),
        (b"PAR1 and then nothing", "payments.parquet", "the Parquet file is damaged or cut off"),
        (b"\x1f\x8b\x08\x00cut", "payments.csv.gz", "the gzip archive is damaged or cut off"),
        (b'a,b\n1,"open\n2,3\n', "payments.csv", 'a quotation mark " is opened and never closed'),
        (
            b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n",
            "payments.csv",
            "row 2: found 2 cells, expected 3",
        ),
        (bytes(range(256)) * 20, "payments.csv", "NUL byte"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(write, content, name, part):
    assert part in refusal(write(content, name=name))


def test_ragged_rows_are_counted(write):
    message = refusal(write("a,b\n" + "1,2\n" * 10 + "1\n" + "1,2,3\n"))
    assert "row 11: found 1 cell" in message
    assert "(and 1 more row)" in message


def test_a_truncated_parquet_file_is_refused(tmp_path):
    path = tmp_path / "payments.parquet"
    pd.DataFrame({"a": range(1000)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "the Parquet file is damaged or cut off. Transfer or export it again" in refusal(path)


def test_a_damaged_page_of_a_parquet_file_is_refused(tmp_path):
    path = tmp_path / "payments.parquet"
    pd.DataFrame({"a": range(1000)}).to_parquet(path)
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(bytes(data))
    assert "damaged" in refusal(path)


def test_a_missing_file_names_one_that_is_there(write):
    message = refusal(write("a,b\n").with_name("payment.csv"))
    assert "there is no file" in message
    assert "Did you mean `payments.csv`?" in message


def test_a_folder_is_no_table(tmp_path):
    assert "it is a folder. Name one CSV or Parquet file" in refusal(tmp_path)


def test_a_frame_with_cells_of_several_types_is_taken_as_texts():
    raw = raw_table(pd.DataFrame({"a": [1, "x", None, 2.5]}))
    assert cells(raw) == {"a": ["1", "x", None, "2.5"]}


def test_a_frame_has_a_hash_of_its_cells():
    first, same = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=[7, 8])
    assert raw_table(first).sha256 == raw_table(same).sha256 != raw_table(first + 1).sha256


# -- files as customers send them: each fits, or says column, row and way out

ROLES = [
    Role(name="time", kind="time"),
    Role(name="amount", kind="number"),
    Role(name="label", kind="label", predict=False),
]
BODY = "02.01.2025;12,50;1\n03.01.2025;3,00;0\n24.01.2025;4,25;0\n"
HEAD = "time;amount;label\n"


def checked(path, **format):
    mapping = Mapping(format=Format(**format))
    return check(read_table(path, mapping.format), ROLES, mapping, solution="finance.fraud")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (HEAD + BODY, None),
        ("\n\n" + HEAD + BODY, None),
        ("Payments, 2025\n\n" + HEAD + BODY, "1 row above the names of columns in row 3 is left out"),
        ("Payments 2025;;\n;;\n" + HEAD + BODY, "2 rows above the names of columns in row 3 are left out"),
        ("Payment;;Fraud\n" + HEAD + BODY, "1 row above the names of columns in row 2 is left out"),
        (
            "time;amount;label;;\n" + BODY.replace("\n", ";;\n"),
            "2 columns without name and cells are left out",
        ),
        (HEAD + BODY.replace("\n", ";\n"), "1 column without name and cells is left out"),
        ("time;amount;label;\n" + BODY, None),
        (
            "time;amount;label;\n" + BODY.replace("\n", ";x\n"),
            "column 4 has no name; it is called `column 4`",
        ),
        (HEAD + BODY + ";;\n;;\n", "2 empty rows at the end are left out"),
        ('"Payments\n2025";;\n' + HEAD + BODY, "1 row above the names of columns in row 3 is left out"),
        ("Payments\r\n" + (HEAD + BODY).replace("\n", "\r\n"), "1 row above the names"),
    ],
)
def test_what_stands_around_a_table_is_left_out_with_a_note(write, text, note):
    table = checked(write(text))
    assert table.frame["amount"].tolist() == [12.5, 3.0, 4.25] and table.rows.tolist() == [1, 2, 3]
    assert note is None or any(note in each for each in table.notes), table.notes


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
def test_a_chinese_file_with_title_and_total_is_read(write, encoding):
    text = "付款明细,,\n时间,金额,欺诈\n2025-01-02,1.5,1\n2025-01-03,2.5,0\n合计,4.0,\n"
    columns = {"time": "时间", "amount": "金额", "label": "欺诈"}
    path, mapping = write(text, encoding=encoding), Mapping(columns=columns, format=Format(total_row="drop"))
    table = check(read_table(path, mapping.format), ROLES, mapping, solution="finance.fraud")
    assert table.frame["amount"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            HEAD + BODY + "Summe;19,75;\n",
            ["column `time`, row 4: `Summe` looks like a total of the rows above"],
        ),
        (HEAD + BODY + ";19,75;\n", ["column `amount`, row 4: looks like a total: it is the sum"]),
        (
            HEAD + BODY + "24.01.2025;12 kg;0\n",
            ["row 4: `12 kg` is a number with a unit behind it. Write the"],
        ),
        (
            HEAD + BODY + "24.01.2025;-;0\n",
            ["row 4: `-` is no number. Correct it, or list it in missing under"],
        ),
        (HEAD + BODY + "24.01.2025;n/a;0\n", ["column `amount` (role `amount`), row 4: the cell is empty"]),
        (
            HEAD + BODY + "24.01.2025;5,0;\n",
            ["column `label` (role `label`), row 4: the cell is empty. Fill it"],
        ),
        (HEAD + BODY + "03.01.2025;3,00;0\n", ["rows are equal in all columns: 2 and 4. Set duplicates ="]),
        (HEAD + "02/01/2025;1,5;1\n03/01/2025;2,5;0\n", ["Set date_format under [format]"]),
        (
            "time;amount;amount\n" + BODY,
            ["role `label` (label", "column `amount`: stands 2 times in the header"],
        ),
        (HEAD, ["the table has no rows, only a header"]),
    ],
)
def test_what_only_the_customer_can_tell_is_named_with_the_way_out(write, text, faults):
    with pytest.raises(ContractError) as caught:
        checked(write(text))
    assert len(caught.value.faults) == len(faults), str(caught.value)
    for fault in faults:
        assert fault in str(caught.value)


def test_a_second_line_of_the_header_is_named_and_left_out_as_the_format_says(write):
    path = write(HEAD + "UTC;EUR;\n" + BODY)
    with pytest.raises(
        ContractError, match=r"row 1: holds texts above the numbers or dates of .*first_row = 3"
    ):
        checked(path)
    assert checked(path, first_row=3).frame["amount"].tolist() == [12.5, 3.0, 4.25]
    path = write("Zeit;Betrag;Betrug\n" + HEAD + BODY)
    assert checked(path, header_row=2).frame["amount"].tolist() == [12.5, 3.0, 4.25]


def test_a_total_of_fewer_cells_names_its_way_out_and_may_be_left_out(write):
    path = write(HEAD + BODY + "Summe;19,75\n")
    assert 'It looks like a total: total_row = "drop" under [format] leaves it out' in refusal(path)
    table = checked(path, total_row="drop")
    assert len(table) == 3 and "1 shorter row with a total is left out" in table.notes


def test_a_footer_of_fewer_cells_is_no_matter_of_quotation_marks(write):
    message = refusal(write(HEAD + BODY + "as of 1 February\n"))
    assert "row 4: found 1 cell, expected 3" in message and "quotation" not in message
    assert 'It looks like a note: total_row = "drop" under [format] leaves it out' in message
    table = checked(write(HEAD + BODY + "as of 1 February\nby SAP (Paris)\n"), total_row="drop")
    assert len(table) == 3 and "2 shorter rows with a note are left out" in table.notes


def test_a_last_row_that_was_cut_off_is_no_note(write):
    assert "take the line out if it is no row" in refusal(write(HEAD + BODY + "P0013\n"), total_row="drop")


def test_a_cell_beyond_the_header_is_refused_wherever_it_stands(write):
    message = refusal(write("a,b\n" + "1,2,\n" * 200 + "1,2,x\n"))
    assert "row 201: found 3 filled cells, expected 2 as in the header" in message


def test_a_header_longer_than_the_sample_is_read_whole(write):
    names = [f"column number {at}" for at in range(8_000)]
    raw = read_table(write(",".join(names) + "\n" + ",".join("7" * 8_000) + "\n"))
    assert raw.data.column_names == names and len(raw) == 1


def test_faults_of_the_file_come_with_those_of_a_wide_table(write):
    text = "item;2025-01-01;2025-01-02\na;1;2\nb;3;4\nc;1;1\nTotal;5;7\n"
    mapping = Mapping(wide={"id": "item"}, format=Format(total_row="drop"))
    roles = [
        Role(name="date", kind="time"),
        Role(name="quantity", kind="number"),
        Role(name="item", kind="key"),
    ]
    path = write(text)
    assert len(check(read_table(path, mapping.format), roles, mapping, solution="retail.demand")) == 6
    with pytest.raises(ContractError, match="row 4: `Total` looks like a total"):
        check(read_table(path), roles, Mapping(wide={"id": "item"}), solution="retail.demand")
