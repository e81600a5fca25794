"""Twelve hostile files of a customer, each in a project of its own: it maps and trains, or says what to do.

| file | `verticals map` | then |
| --- | --- | --- |
| Chinese headers and labels in GBK | maps | trains |
| dates with the day first, none after the 12th | maps: their order tells | trains |
| decimal commas, points for thousands, currency | maps | trains |
| names of columns in two merged rows, a title above | maps | trains |
| a total and a note at the end | maps, both left out and told | trains |
| columns without a name, an index, blank ones | maps, none of them used | trains |
| rows without a label | column, row, the way out | `incomplete = "drop"`: trains |
| payments delivered twice, a number used twice | maps, both told with their rows | trains |
| texts among the amounts | column, row, the way out | `missing` and `incomplete`: trains |
| two dates for one role | maps one as doubtful, names the other | `--column` decides: trains |
| an Excel workbook: cover, merged title, total | maps the sheet that fits | trains |
| an empty file | the way out: another file | trains |

What is read must be the payments that were written, cell by cell.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.opening import open_project, open_table
from shared.simulators.payments import simulate_payments
from shared.stages import Stages

TINY = ["epochs=1", "units=8", "members=2", "depth=1", "bins=4", "number_dim=2", "windows=[7]"]
CHINESE = {
    "id": "流水号", "time": "交易时间", "card": "卡号", "terminal": "商户号", "amount": "交易金额", "fraud": "是否欺诈",
}  # fmt: skip


def simulated() -> pd.DataFrame:
    """1,885 payments of 35 days, a tenth of them fraud, with a number each."""
    frame = simulate_payments(
        cards=34, terminals=150, days=35, radius=12, seed=3, compromised_cards=0.2, compromised_terminals=0.3
    )
    frame.insert(0, "id", [f"P{at:06d}" for at in range(len(frame))])
    return frame.drop(columns=["transaction_id", "scenario"])


@dataclass
class File:
    """A hostile file, and what it must come to.

    Args:
        write: Writes it into a folder, from the payments; gives its path, and the payments as they are to be read.
        told: What `map` says of it, on either stream.
        refused: Whether that is a refusal.
        cure: What a person does then, with the project's TOML file and the table; gives the table to go on with.
        again: Arguments of a second `map`, after the first one.
    """

    write: Callable[[Path, pd.DataFrame], tuple[Path, pd.DataFrame]]
    told: list[str] = field(default_factory=list)
    refused: bool = False
    cure: Callable[[Path, Path], None] | None = None
    again: list[str] | None = None


def csv(frame: pd.DataFrame, place: Path, name: str = "payments.csv", **how) -> Path:
    frame.to_csv(place / name, index=False, **how)
    return place / name


def text(lines: list[str], place: Path) -> Path:
    (place / "payments.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place / "payments.csv"


def lines_of(frame: pd.DataFrame) -> list[str]:
    return frame.to_csv(index=False).splitlines()


def chinese_in_gbk(place, frame):
    words = frame.rename(columns=CHINESE)
    words["是否欺诈"] = np.where(frame["fraud"] == 1, "是", "否")
    words["备注"] = "正常消费，无异常"
    return csv(words, place, "交易流水.csv", encoding="gbk"), frame


def day_first(place, frame):
    day = (frame["time"] - frame["time"].min().normalize()).dt.days
    months = pd.to_datetime({"year": 2025, "month": 1 + day // 12, "day": 1 + day % 12})
    read = frame.assign(time=months + (frame["time"] - frame["time"].dt.normalize()))
    return csv(read.assign(time=read["time"].dt.strftime("%d/%m/%Y %H:%M:%S")), place), read


def decimal_commas(place, frame):
    read = frame.assign(amount=(20 * frame["amount"]).round(2))
    marks = str.maketrans(",.", ".,")
    return csv(
        read.assign(amount=[f"{v:,.2f} €".translate(marks) for v in read["amount"]]), place, sep=";"
    ), read


def merged_header(place, frame):
    head = ["Payments of 2025,,,,,", "id,time,Customer and merchant,,amount,fraud", ",,card,terminal,,"]
    return text(
        [*head, *lines_of(frame[["id", "time", "card", "terminal", "amount", "fraud"]])[1:]], place
    ), frame


def total_and_note(place, frame):
    cells = dict.fromkeys(frame, "") | {"id": "Total", "amount": f"{frame['amount'].sum():.2f}"}
    total = ",".join((cells | {"fraud": str(frame["fraud"].sum())}).values())
    return text([*lines_of(frame), total, "", "Exported by the bank on 5 February"], place), frame


def unnamed_columns(place, frame):
    more = frame.assign(**{" ": "", "Unnamed: 8": "x", "  ": np.where(frame.index % 7, "", "ok")})
    more.insert(0, "", np.arange(len(frame)))
    return csv(more, place), frame


def unlabelled_rows(place, frame):
    known = frame.index < len(frame) - 40
    known[[9, 99]] = False
    return csv(frame.assign(fraud=frame["fraud"].astype(object).where(known, "")), place), frame[known]


def duplicate_keys(place, frame):
    numbered = frame.assign(id=frame["id"].where(frame.index != 50, "P000003"))
    twice = pd.concat([numbered, numbered.iloc[100:130]]).sort_values("time", kind="stable")
    return csv(twice, place), twice


def texts_in_numbers(place, frame):
    amounts = frame["amount"].astype(object)
    amounts[[76, 500]] = "see invoice"
    return csv(frame.assign(amount=amounts), place), frame.drop(index=[76, 500])


def two_dates(place, frame):
    both = frame.rename(columns={"time": "booking_date"})
    both["value_date"] = frame["time"] + pd.Timedelta("6h")
    return csv(both, place), frame.assign(time=both["value_date"])


def workbook(place, frame):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active.append(["Report", "made by"])
    book.active.append(["Payments", "the bank"])
    sheet = book.create_sheet("Payments")
    sheet.append(["Payments of 2025"])
    sheet.merge_cells("A1:F1")
    sheet.append(list(frame.columns))
    for row in frame.itertuples(index=False):
        sheet.append([cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell for cell in row])
    sheet.append(["Total", None, None, None, float(frame["amount"].sum()), int(frame["fraud"].sum())])
    book.save(place / "payments.xlsx")
    return place / "payments.xlsx", frame


def empty_file(place, frame):
    (place / "payments.csv").write_bytes(b"\xef\xbb\xbf\r\n")
    return place / "payments.csv", frame


def under_format(*entries: str) -> Callable[[Path, Path], None]:
    """What a person does who reads `... under [format]`."""

    def write(config: Path, data: Path) -> None:
        words = config.read_text(encoding="utf-8")
        head = re.search(r"^\[format\].*\n", words, re.MULTILINE)
        at = head.end() if head else len(words)
        section = "" if head else "\n[format]\n"
        config.write_text(words[:at] + section + "\n".join(entries) + "\n" + words[at:], encoding="utf-8")

    return write


def export_again(config: Path, data: Path) -> None:
    csv(simulated(), data.parent)


FILES = {
    "chinese_in_gbk": File(chinese_in_gbk, ["交易流水.csv fits"]),
    "day_first": File(day_first, ["dates in order"]),
    "decimal_commas": File(decimal_commas),
    "merged_header": File(merged_header),
    "total_and_note": File(
        total_and_note, ['like a note, and one above it like a total: total_row = "drop" leaves both out (row 1,887)']
    ),
    "unnamed_columns": File(unnamed_columns, ["0 numeric, 0 categorical"]),
    "unlabelled_rows": File(
        unlabelled_rows,
        ["column `fraud` (role `label`), row 10: the cell is empty", 'incomplete = "drop" under [format]'],
        refused=True,
        cure=under_format('incomplete = "drop"'),
    ),
    "duplicate_keys": File(
        duplicate_keys,
        ["30 rows are equal to an earlier one in all columns, the first is row 102 (as row 101)",
         "`id`: 31 rows repeat an identifier, the first is row 51 (as row 4)"],
    ),
    "texts_in_numbers": File(
        texts_in_numbers,
        ["column `amount` (role `amount`), row 77: `see invoice` is no number (and 1 more row: 501)",
         'list it in missing under [format] if it means: not known, with incomplete = "drop"'],
        refused=True,
        cure=under_format('missing = ["see invoice"]', 'incomplete = "drop"'),
    ),
    "two_dates": File(
        two_dates, ["booking_date", "DOUBTFUL", "(value_date?)"], again=["--column", "time=value_date"]
    ),
    "workbook": File(workbook, ['sheet = "Payments"', 'total_row = "drop"']),
    "empty_file": File(empty_file, ["the file is empty. Export the table again"], refused=True, cure=export_again),
}  # fmt: skip
READ_AGAIN = {"empty_file"}  # of which `map` could write nothing


@pytest.fixture
def project(command, tmp_path, monkeypatch):
    """Makes a customer's project and goes to its folder."""

    def make(name: str) -> Path:
        monkeypatch.setattr(sys, "path", [*sys.path])
        outcome = command("new", "finance.fraud", name, "--out", tmp_path)
        assert outcome.code == 0, outcome.err
        monkeypatch.chdir(tmp_path / name)
        return tmp_path / name

    return make


def said(outcome) -> str:
    assert "Traceback" not in outcome.err and "unexpected" not in outcome.err
    return outcome.out + outcome.err


@pytest.mark.slow
@pytest.mark.parametrize("case", FILES)
def test_a_hostile_file_maps_and_trains_or_is_told_the_way_out(command, project, tmp_path, case):
    file, name = FILES[case], f"acme_{case}"
    root = project(name)
    data, wanted = file.write(tmp_path, simulated())
    outcome = command("map", data)
    assert outcome.code == (2 if file.refused else 0), outcome.err
    assert not [part for part in file.told if part not in said(outcome)], said(outcome)
    if file.cure is not None:
        file.cure(root / f"{name}.toml", data)
    if file.again is not None or case in READ_AGAIN:
        outcome = command("map", data, *(file.again or []))
        assert outcome.code == 0, outcome.err
        assert "DOUBTFUL" not in outcome.out
    outcome = command("check")
    assert outcome.code == 0, outcome.err
    assert_read(root, name, wanted)
    outcome = command("fit", *(f"--set=settings.{setting}" for setting in TINY))
    assert outcome.code == 0, outcome.err
    assert (root / "runs" / "bundle" / "model.keras").is_file()


def assert_read(root: Path, name: str, wanted: pd.DataFrame) -> None:
    """What the project reads is what was written, row by row."""
    from shared.cli_places import known

    pipeline, found = open_project(known().load(name), root / f"{name}.toml")
    table = open_table(pipeline, found.data, Stages())
    wanted = wanted.reset_index(drop=True)
    assert len(table) == len(wanted)
    frame = table.frame
    assert (frame["time"].to_numpy() == wanted["time"].to_numpy().astype("datetime64[us]")).all()
    assert np.allclose(frame["amount"], wanted["amount"], rtol=0, atol=1e-9)
    assert (frame["label"] == wanted["fraud"]).all()
    for key in ("card", "terminal"):
        assert (frame[key].astype(object) == wanted[key].astype(object)).all()


FURTHER = {
    "a line of units": (
        lambda place, frame: text([(lines := lines_of(frame))[0], ",UTC,,,EUR,", *lines[1:]], place),
        ["first_row = 3 leaves it out"],
    ),
    "a label that is not settled": (
        lambda place, frame: csv(frame.assign(fraud=["pending", *frame["fraud"][1:]]), place),
        ["column `fraud` (role `label`), row 1: found 0, 1 and `pending`", "missing under [format]"],
    ),
    "names of SAP, hours apart from days": (
        lambda place, frame: csv(
            pd.DataFrame(
                {"BELNR": frame["id"], "BUDAT": frame["time"].dt.strftime("%d.%m.%Y"),
                 "CPUTM": frame["time"].dt.strftime("%H:%M:%S"), "KUNNR": frame["card"], "LIFNR": frame["terminal"],
                 "WRBTR": frame["amount"], "BETRUG": frame["fraud"]}
            ), place, sep=";"),
        ["`CPUTM` holds times of day, and `BUDAT` days alone", "KUNNR", "LIFNR"],
    ),
    "merged cells of a card": (
        lambda place, frame: csv(
            (by_card := frame.sort_values(["card", "time"])).assign(
                card=by_card["card"].astype(object).where(~by_card["card"].duplicated(), "")
            ), place),
        ["`card`: ", "cells are empty. If a cell stands for those below it"],
    ),
    "amounts in yuan": (
        lambda place, frame: csv(frame.assign(amount=[f"￥{each:,.2f}" for each in frame["amount"]]), place),
        ["amounts, ", "fits `acme_further_"],
    ),
    "a header alone": (lambda place, frame: csv(frame[:0], place), ["no rows, only a header. Export it again"]),
    "a row cut off": (
        lambda place, frame: text([*lines_of(frame), "P001885,2025-02"], place),
        ["row 1886: found 2 cells, expected 6", "take the line out"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FURTHER)
def test_further_files_are_mapped_with_a_doubt_or_refused_with_a_way_out(command, project, tmp_path, case):
    project(f"acme_further_{list(FURTHER).index(case)}")
    write, told = FURTHER[case]
    outcome = command("map", write(tmp_path, simulated()))
    assert outcome.code in (0, 2)
    assert not [part for part in told if part not in said(outcome)], said(outcome)
