"""The command line: what it leaves, what it prints, and how it refuses."""

import io
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = [f"--set=settings.{setting}" for setting in
        ("epochs=1", "units=8", "members=2", "depth=1", "bins=0", "blend=false")]  # fmt: skip


@pytest.fixture(scope="module")
def small(payments) -> pd.DataFrame:
    """The rows around the first frauds: both classes, quickly read."""
    return payments.drop(columns="transaction_id").rename(columns={"fraud": "label"}).head(1500)


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """An empty working folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refuses(outcome, *words: str) -> None:
    """One message with these words, exit code 2, no traceback, nothing on the standard output."""
    assert outcome.code == 2, outcome
    assert "Traceback" not in outcome.err and "unexpected" not in outcome.err, outcome.err
    assert outcome.out == ""
    for word in words:
        assert word in outcome.err, f"`{word}` is not in: {outcome.err}"


def process(*arguments, cwd, **environment) -> subprocess.CompletedProcess:
    path = os.pathsep.join([*environment.pop("before", []), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# -- what a run leaves


def test_run_leaves_report_metrics_predictions_and_bundle(finished):
    assert files(finished.folder) == {
        "report.html", "metrics.json", "predictions.parquet", "bundle", "bundle/model.keras", "bundle/model.onnx",
        "bundle/bundle.json",
    }  # fmt: skip
    assert (finished.folder / "report.html").stat().st_size < 1_000_000
    assert files(finished.folder.parent) & {"acme"} and not list(finished.folder.parent.glob(".*"))


def test_metrics_json_has_the_shape_that_is_the_same_for_all_solutions(finished):
    metrics = json.loads((finished.folder / "metrics.json").read_text("utf-8"))
    assert {"model", "amount", "logistic_regression", "blend"} == set(metrics["results"])
    for result in metrics["results"].values():
        assert "average_precision" in result
        for figure in result.values():
            assert set(figure) >= {"value", "low", "high"}
            assert figure["low"] <= figure["value"] <= figure["high"]
    for stage in ("read", "check", "split", "prepare", "fit", "score", "rivals", "judge", "save", "report"):
        assert metrics["stages"][stage]["seconds"] >= 0 and metrics["stages"][stage]["peak_mb"] > 0
    assert metrics["verdict"]["sentence"]["en"] and metrics["verdict"]["sentence"]["zh"]
    assert re.fullmatch("[0-9a-f]{64}", metrics["data"]["sha256"])
    assert metrics["seed"] == 0 and metrics["split"]["method"] == "time"
    assert {"keras-verticals", "python", "keras", "numpy"} <= set(metrics["versions"])


def test_predictions_hold_the_test_rows_with_score_and_decision(finished, payments):
    predictions = pd.read_parquet(finished.folder / "predictions.parquet")
    assert predictions.columns.tolist() == ["row", "fold", "score", "decision", "label"]
    assert predictions["score"].between(0, 1).all()
    assert set(predictions["decision"]) <= {"pass", "review", "block"}
    day = payments["time"].dt.floor("D")
    assert (day.iloc[predictions["row"] - 1] > day.max() - pd.Timedelta(days=7)).all()
    assert (payments["fraud"].iloc[predictions["row"] - 1].to_numpy() == predictions["label"]).all()


def test_run_prints_every_model_the_verdict_and_where_the_report_lies(finished):
    outcome = finished.outcome
    metrics = json.loads((finished.folder / "metrics.json").read_text("utf-8"))
    assert metrics["verdict"]["sentence"]["en"] in outcome.out
    assert f"report: {finished.folder / 'report.html'}" in outcome.out
    assert outcome.out.startswith("simulated")
    noise = [line for line in outcome.err.splitlines() if not re.match(r"note: |[a-z]+ *$", line)]
    assert not noise


# -- the road in steps


def test_list_names_the_solution_its_task_and_its_table(command):
    outcome = command("list")
    assert outcome.code == 0
    for word in ("finance.fraud", "pass, review or block", "time, amount, label", "optional card, terminal"):
        assert word in outcome.out


def test_check_says_what_it_read_and_that_the_table_fits(command, finished):
    outcome = command("check", "finance.fraud", finished.data, "--config", finished.config)
    assert outcome.code == 0 and outcome.err == ""
    assert "payments.csv fits `finance.fraud`: 5,978 rows, 5 columns in use" in outcome.out
    assert "columns that are not used: transaction_id" in outcome.out


def test_fit_saves_the_bundle_that_run_saves(command, finished, place):
    outcome = command(
        "fit", "finance.fraud", "--data", finished.data, "--config", finished.config, "--out", "bundle"
    )
    assert outcome.code == 0 and outcome.out == "bundle: bundle\n"
    assert files(place) == {
        "bundle",
        *(f"bundle/model.{kind}" for kind in ("keras", "onnx")),
        "bundle/bundle.json",
    }
    ours, theirs = (
        json.loads((folder / "bundle.json").read_text("utf-8"))
        for folder in (place / "bundle", finished.folder / "bundle")
    )
    for name in ("config", "mapping", "state", "calibration", "decision", "facts"):
        assert ours[name] == theirs[name]


def test_evaluate_on_the_training_file_judges_its_test_rows_as_run_did(command, finished, place):
    outcome = command(
        "evaluate", finished.folder / "bundle", "--data", finished.data, "--out", "judged", "--lang", "zh"
    )
    assert outcome.code == 0, outcome.err
    assert files(place) == {
        "judged",
        "judged/report.html",
        "judged/metrics.json",
        "judged/predictions.parquet",
    }
    pd.testing.assert_frame_equal(
        pd.read_parquet("judged/predictions.parquet"),
        pd.read_parquet(finished.folder / "predictions.parquet"),
        check_exact=True,
    )
    metrics, before = (
        json.loads((folder / "metrics.json").read_text("utf-8"))
        for folder in (Path("judged"), finished.folder)
    )
    assert metrics["results"]["model"] == before["results"]["model"]


def test_evaluate_on_another_file_judges_all_of_its_rows(command, finished, payments, place):
    payments.tail(2000).to_csv("later.csv", index=False)
    outcome = command("evaluate", finished.folder / "bundle", "--data", "later.csv", "--out", "judged")
    assert outcome.code == 0, outcome.err
    assert len(pd.read_parquet("judged/predictions.parquet")) == 2000


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
def test_predict_answers_every_row_in_the_order_of_the_file(command, finished, payments, place, name):
    payments.drop(columns="fraud").sample(frac=1, random_state=0).to_csv("new.csv", index=False)
    outcome = command("predict", finished.folder / "bundle", "--data", "new.csv", "--out", name)
    assert outcome.code == 0, outcome.err
    assert files(place) == {"new.csv", name}
    answers = pd.read_parquet(name) if name.endswith("parquet") else pd.read_csv(name)
    assert answers.columns.tolist() == ["row", "score", "decision"]
    assert answers["row"].tolist() == list(range(1, len(payments) + 1))


def test_predict_with_the_earlier_rows_gives_what_the_run_gave(command, finished, payments, place):
    done = pd.read_parquet(finished.folder / "predictions.parquet")
    first = done["row"].min() - 1
    payments.iloc[:first].to_csv("earlier.csv", index=False)
    payments.iloc[first:].to_parquet("new.parquet")  # another kind of file than was trained on
    arguments = ["--data", "new.parquet", "--history", "earlier.csv", "--out", "scores.parquet"]
    outcome = command("predict", finished.folder / "bundle", *arguments)
    assert outcome.code == 0, outcome.err
    answers = pd.read_parquet("scores.parquet").set_index("row")["score"]
    same = answers.loc[done["row"] - first].to_numpy()
    np.testing.assert_allclose(same, done["score"], rtol=1e-3, atol=1e-5)


def test_predict_works_with_unseen_keys_one_row_and_rows_of_one_moment(command, finished, payments, place):
    new = payments.drop(columns="fraud").head(20).assign(card="C-new", terminal="T-new")
    for rows in (new, new.head(1), new.assign(time="2025-03-01 12:00:00")):
        rows.to_csv("new.csv", index=False)
        outcome = command("predict", finished.folder / "bundle", "--data", "new.csv", "--out", "scores.csv")
        assert outcome.code == 0, outcome.err
        assert pd.read_csv("scores.csv")["score"].between(0, 1).all()


def test_report_is_written_again_in_the_other_language(command, finished):
    outcome = command("report", finished.folder, "--lang", "zh")
    assert outcome.code == 0
    page = finished.folder / "report.zh.html"
    text = page.read_text("utf-8")
    page.unlink()
    assert "模拟" in text and len(text.encode()) < 1_000_000


# -- tables that do not fit: what is wrong with each, and the words that must stand in the message

NEVER = "31/02/2025 10:00:00"


def _set(column, value, rows=slice(3, 4)):
    def change(frame):
        frame[column] = frame[column].astype(object)
        frame.iloc[rows, frame.columns.get_loc(column)] = value
        return frame

    return change


BAD_TABLES = {
    "a column is missing": (lambda f: f.drop(columns="amount"), ["role `amount`", "[columns]"]),
    "a column is renamed": (lambda f: f.rename(columns={"amount": "tx_amount"}), ["Is it `tx_amount`?"]),
    "no rows": (lambda f: f.head(0), ["no rows"]),
    "one class only": (lambda f: f.assign(label=0), ["column `label`", "every row is 0", "two classes"]),
    "labels in English": (
        lambda f: f.assign(label=f["label"].map({0: "no", 1: "yes"})),
        ["`yes`", "`no`", "[labels]"],
    ),
    "labels in Chinese": (
        lambda f: f.assign(label=f["label"].map({0: "否", 1: "是"})),
        ["是", "否", "[labels]"],
    ),
    "an impossible date": (_set("time", NEVER), [NEVER, "row 4", "no date"]),
    "dates of which day and month cannot be told": (
        lambda f: f.assign(time=["01/02/2025 10:00:00", "03/04/2025 11:00:00"] * (len(f) // 2)),
        ["column `time`", "date_format"],
    ),
    "mixed time zones": (
        lambda f: f.assign(time=["2025-01-01T10:00:00+01:00", "2025-01-01T10:00:00+08:00"] * (len(f) // 2)),
        ["column `time`", "timezone"],
    ),
    "equal rows": (lambda f: pd.concat([f, f.head(2)]), ["equal in all columns", "1501", "duplicates"]),
    "infinity": (_set("amount", "inf"), ["column `amount` (role `amount`), row 4", "inf"]),
    "text among numbers": (_set("amount", "twelve"), ["row 4", "twelve", "number"]),
    "a negative amount": (_set("amount", "-3"), ["row 4", "-3", "below 0"]),
    "an empty cell": (_set("amount", None), ["row 4", "empty"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_TABLES)
@pytest.mark.parametrize("name", ["check", "run"])
def test_a_bad_table_gets_one_message_and_nothing_is_written(command, small, place, name, case):
    change, words = BAD_TABLES[case]
    change(small.copy()).to_csv("bad.csv", index=False)
    arguments = ["bad.csv"] if name == "check" else ["--data", "bad.csv", "--out", "runs/bad"]
    refuses(command(name, "finance.fraud", *arguments), "bad.csv does not fit `finance.fraud`", *words)
    assert files(place) == {"bad.csv"}


def _bytes(text: str) -> bytes:
    return text.encode()


BAD_FILES = {
    "empty": (b"", ["the file is empty"]),
    "a column twice": (_bytes("time,amount,amount,label\n2025-01-01,1,2,0\n"), ["`amount`", "2 times"]),
    "a workbook": (b"PK\x03\x04....", ["Excel"]),
    "a longer row": (_bytes("time,amount,label\n2025-01-01,1,0,9\n"), ["row 1", "4 cells", "expected 3"]),
    "no table at all": (bytes(range(256)) * 8, []),
}


@pytest.mark.parametrize("case", BAD_FILES)
@pytest.mark.parametrize("name", ["check", "run"])
def test_a_file_that_is_no_table_gets_one_message(command, place, name, case):
    content, words = BAD_FILES[case]
    Path("bad.csv").write_bytes(content)
    arguments = ["bad.csv"] if name == "check" else ["--data", "bad.csv", "--out", "runs/bad"]
    refuses(command(name, "finance.fraud", *arguments), "bad.csv", *words)
    assert files(place) == {"bad.csv"}


def test_all_faults_come_at_once(command, small, place):
    bad = _set("amount", "twelve")(_set("time", NEVER)(small.copy())).assign(label="maybe")
    bad.to_csv("bad.csv", index=False)
    refuses(command("check", "finance.fraud", "bad.csv"), "3 faults", "twelve", NEVER, "maybe")
    bad = _set("amount", "twelve", slice(8, 9))(_set("amount", "-inf")(small.copy()))
    bad.to_csv("bad.csv", index=False)
    refuses(command("check", "finance.fraud", "bad.csv"), "2 faults", "row 4: `-inf`", "row 9: `twelve`")


def test_a_third_class_in_a_question_of_two_is_refused(command, small, place):
    small.assign(label=["no", "yes", "unclear"] * 500).to_csv("bad.csv", index=False)
    classes = ["--set=labels.no=0", "--set=labels.yes=1", "--set=labels.unclear=2"]
    refuses(
        command("check", "finance.fraud", "bad.csv", *classes), "row 3", "`unclear` is class 2", "[labels]"
    )


def test_predict_needs_the_columns_that_were_there_to_learn_from(command, finished, payments, place):
    payments.drop(columns=["fraud", "card"]).head(9).to_csv("new.csv", index=False)
    outcome = command("predict", finished.folder / "bundle", "--data", "new.csv", "--out", "scores.csv")
    refuses(outcome, "column `card` (role `card`) is missing")
    assert files(place) == {"new.csv"}


# -- tables that are written otherwise, and fit


def _german(frame) -> bytes:
    return frame.to_csv(index=False, sep=";", decimal=",").encode()


def _money(frame, mark) -> bytes:
    amounts = [mark.format(amount) for amount in frame["amount"] + 1000]
    return frame.assign(amount=amounts).to_csv(index=False).encode()


def _dated(frame, form) -> bytes:
    return frame.to_csv(index=False, date_format=form).encode()


CHINESE = {"time": "交易时间", "amount": "金额", "label": "是否欺诈", "card": "卡号", "terminal": "商户"}
GOOD_FILES = {
    "BOM": (lambda f: b"\xef\xbb\xbf" + f.to_csv(index=False).encode(), [], "utf-8"),
    "UTF-16": (lambda f: f.to_csv(index=False).encode("utf-16"), [], "utf-16"),
    "GBK": (
        lambda f: f.rename(columns=CHINESE).to_csv(index=False).encode("gbk"),
        [f"--set=columns.{role}={name}" for role, name in CHINESE.items()],
        "gb",
    ),
    "semicolons and decimal commas": (_german, [], "semicolon"),
    "1,234.50": (lambda f: _money(f, "{:,.2f}"), [], ""),
    "€12": (lambda f: _money(f, "€{:.2f}"), [], ""),
    "day first": (lambda f: _dated(f, "%d/%m/%Y %H:%M:%S"), ["--set=format.date_format=%d/%m/%Y %H:%M:%S"], ""),
    "labels in English": (
        lambda f: f.assign(label=f["label"].map({0: "no", 1: "yes"})).to_csv(index=False).encode(),
        ["--set=labels.yes=1", "--set=labels.no=0"],
        "",
    ),
    "labels in Chinese": (
        lambda f: f.assign(label=f["label"].map({0: "否", 1: "是"})).to_csv(index=False).encode(),
        ["--set=labels.是=1", "--set=labels.否=0"],
        "",
    ),
    "unsorted times": (
        lambda f: f.sample(frac=1, random_state=0).to_csv(index=False).encode(), [], "not in order"
    ),
    "equal rows that may stay": (
        lambda f: pd.concat([f, f.head(2)]).to_csv(index=False).encode(), ["--set=format.duplicates=keep"], ""
    ),
    "equal rows to be dropped": (
        lambda f: pd.concat([f, f.head(2)]).to_csv(index=False).encode(),
        ["--set=format.duplicates=drop"],
        "2 rows equal to an earlier one dropped",
    ),
    "mixed zones with a zone named": (
        lambda f: f.assign(time=[f"{t}{z}" for t, z in zip(f["time"], ["+01:00", "+08:00"] * 750)])
        .to_csv(index=False).encode(),
        ["--set=format.timezone=UTC"],
        "",
    ),
    "further columns": (
        lambda f: f.assign(colour="blue", score=1).to_csv(index=False).encode(), [], "not used: colour, score"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD_FILES)
def test_a_table_that_is_written_otherwise_fits(command, small, place, case):
    write, options, note = GOOD_FILES[case]
    Path("good.csv").write_bytes(write(small.copy()))
    outcome = command("check", "finance.fraud", "good.csv", *options)
    assert outcome.code == 0, outcome.err
    assert "good.csv fits `finance.fraud`: 1,50" in outcome.out
    assert note in outcome.out


def test_a_column_of_ten_thousand_categories_and_decimal_commas_go_all_the_way(command, payments, place):
    frame = payments.drop(columns="transaction_id").assign(
        shop=[f"shop {n % 10_000}" for n in range(len(payments))]
    )
    frame["limit"] = np.where(np.arange(len(frame)) % 3, 0.5, np.nan)
    frame.to_csv("wide.csv", index=False, sep=";", decimal=",")
    columns = [
        "--set=columns.label=fraud",
        '--set=features.categorical=["shop"]',
        '--set=features.numeric=["limit"]',
    ]
    outcome = command("fit", "finance.fraud", "--data", "wide.csv", *columns, *TINY, "--out", "bundle")
    assert outcome.code == 0, outcome.err
    saved = json.loads(Path("bundle/bundle.json").read_text("utf-8"))
    assert saved["mapping"]["format"]["decimal"] == ","
    # A file with whole numbers alone does not tell its decimal mark; 1,500 is one and a half here.
    new = frame.drop(columns="fraud").head(3).assign(shop="never seen", amount=["1,500", "2,250", "9,125"])
    new.to_csv("new.csv", index=False, sep=";", decimal=",")
    outcome = command("predict", "bundle", "--data", "new.csv", "--out", "scores.csv")
    assert outcome.code == 0, outcome.err
    frame.drop(columns=["fraud", "shop"]).head(3).to_csv("short.csv", index=False, sep=";", decimal=",")
    refuses(command("predict", "bundle", "--data", "short.csv", "--out", "no.csv"), "`shop` is missing")
    assert not Path("no.csv").exists()


# -- predict and evaluate


def test_zero_rows_at_predict_are_refused(command, finished, payments, place):
    payments.head(0).to_csv("none.csv", index=False)
    outcome = command("predict", finished.folder / "bundle", "--data", "none.csv", "--out", "scores.csv")
    refuses(outcome, "none.csv", "no rows")
    assert files(place) == {"none.csv"}


def test_one_class_at_evaluate_is_refused(command, finished, payments, place):
    payments[payments["fraud"] == 0].tail(500).to_csv("later.csv", index=False)
    refuses(
        command("evaluate", finished.folder / "bundle", "--data", "later.csv", "--out", "judged"),
        "every row is 0",
    )
    assert files(place) == {"later.csv"}


def test_evaluate_without_a_table_says_so(command, finished, place):
    refuses(command("evaluate", finished.folder / "bundle"), "--data")
    assert files(place) == set()


@pytest.mark.parametrize("out", ["scores.xlsx", "scores"])
def test_predict_refuses_a_kind_of_file_that_it_cannot_write(command, finished, place, out):
    refuses(
        command("predict", finished.folder / "bundle", "--data", finished.data, "--out", out),
        ".parquet or .csv",
    )
    assert files(place) == set()


@pytest.mark.parametrize(
    "damage", ["cut", "changed", "no model", "no json", "half a json", "another version"]
)
def test_a_damaged_bundle_is_refused(command, finished, place, damage):
    bundle = place / "bundle"
    bundle.mkdir()
    for path in (finished.folder / "bundle").iterdir():
        (bundle / path.name).write_bytes(path.read_bytes())
    model, facts = bundle / "model.keras", bundle / "bundle.json"
    if damage == "cut":
        model.write_bytes(model.read_bytes()[:1000])
    elif damage == "changed":
        content = bytearray(model.read_bytes())
        content[500] ^= 1
        model.write_bytes(content)
    elif damage == "no model":
        model.unlink()
    elif damage == "no json":
        facts.unlink()
    elif damage == "half a json":
        facts.write_text(facts.read_text("utf-8")[:300], encoding="utf-8")
    else:
        facts.write_text(json.dumps({"format": 99, "files": {}, "versions": {}}), encoding="utf-8")
    before = files(place)
    refuses(command("predict", bundle, "--data", finished.data, "--out", "scores.csv"), "bundle")
    assert files(place) == before


def test_the_folder_of_a_run_in_the_place_of_its_bundle_is_explained(command, finished, place):
    outcome = command("predict", finished.folder, "--data", finished.data, "--out", "scores.csv")
    refuses(outcome, f"did you mean {finished.folder / 'bundle'}?")


# -- the command itself

WRONG = {
    "solution": (["check", "finance.frod", "x.csv"], ["finance.frod", "Did you mean `finance.fraud`?"]),
    "setting": (["check", "finance.fraud", "x.csv", "--set", "settings.epoch=3"], ["`epoch`", "`epochs`"]),
    "value": (["check", "finance.fraud", "x.csv", "--set", "settings.epochs=no"], ["`epochs`", "no"]),
    "set": (["check", "finance.fraud", "x.csv", "--set", "epochs"], ["settings.epochs=5"]),
    "language of run": (["run", "finance.fraud", "--lang", "fr"], ["fr", "en or zh"]),
    "language of report": (["report", ".", "--lang", "fr"], ["fr", "en or zh"]),
    "no file": (["check", "finance.fraud", "payment.csv"], ["no file `payment.csv`", "`payments.csv`"]),
    "no file to run": (["run", "finance.fraud", "--data", "no.csv", "--out", "a"], ["no file `no.csv`"]),
    "a folder": (["check", "finance.fraud", "."], ["folder"]),
    "no config": (["check", "finance.fraud", "payments.csv", "--config", "no.toml"], ["no file `no.toml`"]),
    "bad config": (["check", "finance.fraud", "payments.csv", "--config", "bad.toml"], ["bad.toml", "no TOML"]),
    "config of another": (
        ["check", "finance.fraud", "payments.csv", "--config", "other.toml"], ["retail.demand", "finance.fraud"],
    ),
    "no run": (["report", "."], ["metrics.json"]),
    "no bundle": (["predict", "nowhere", "--data", "payments.csv", "--out", "a.csv"], ["no bundle"]),
    "option": (["run", "finance.fraud", "--frobnicate"], ["--frobnicate"]),
    "argument": (["check"], ["which solution is meant"]),
    "command": (["trains"], ["trains"]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_command_gets_one_message(command, place, case):
    arguments, words = WRONG[case]
    Path("payments.csv").write_text("time,amount,label\n", encoding="utf-8")
    Path("bad.toml").write_text("[columns\n", encoding="utf-8")
    Path("other.toml").write_text('solution = "retail.demand"\n', encoding="utf-8")
    before = files(place)
    refuses(command(*arguments), *words)
    assert files(place) == before


@pytest.mark.parametrize("name", ["run", "fit"])
@pytest.mark.parametrize("out", ["kept", "."])
def test_a_folder_with_other_files_is_not_replaced(command, finished, place, name, out):
    (place / out).mkdir(exist_ok=True)
    (place / out / "thesis.txt").write_text("years of work")
    before = files(place)
    outcome = command(
        name, "finance.fraud", "--data", finished.data, "--config", finished.config, "--out", out
    )
    refuses(outcome, "would be replaced", "--out")
    assert files(place) == before


def test_a_finished_run_is_replaced_by_the_next(command, finished, payments, place):
    for number in range(2):
        arguments = ["--data", finished.data, "--out", "judged"]
        assert command("evaluate", finished.folder / "bundle", *arguments).code == 0, number
    assert files(place) == {
        "judged",
        "judged/report.html",
        "judged/metrics.json",
        "judged/predictions.parquet",
    }


def test_evaluate_never_replaces_the_run_whose_bundle_it_judges(command, finished):
    before = files(finished.folder)
    arguments = ["--data", finished.data, "--out", finished.folder]
    refuses(command("evaluate", finished.folder / "bundle", *arguments), "holds bundle", "--out")
    assert files(finished.folder) == before


def test_a_report_in_the_other_language_is_replaced_with_its_run(command, finished, place):
    arguments = ["evaluate", finished.folder / "bundle", "--data", finished.data, "--out", "judged"]
    assert command(*arguments).code == 0
    assert command("report", "judged", "--lang", "zh").code == 0
    assert command(*arguments).code == 0
    assert not Path("judged/report.zh.html").exists()


def test_a_place_that_cannot_be_written_to_is_refused_before_the_work(command, finished, place):
    Path("file").write_text("")
    Path("folder.csv").mkdir()
    before, data = files(place), ["--data", finished.data, "--out"]
    refuses(command("predict", finished.folder / "bundle", *data, "file/scores.csv"), "is a file", "--out")
    refuses(command("predict", finished.folder / "bundle", *data, "folder.csv"), "must be a file")
    refuses(command("fit", "finance.fraud", *data, "file/bundle", "--set=columns.label=fraud"), "is a file")
    refuses(command("report", finished.folder, "--out", "file/report.html"), "is a file")
    assert files(place) == before


@pytest.mark.parametrize("content", ["", "{", "{}", "[]"])
def test_a_damaged_run_is_not_reported(command, place, content):
    Path("metrics.json").write_text(content, encoding="utf-8")
    refuses(command("report", "."), "metrics.json is damaged")
    assert files(place) == {"metrics.json"}


def test_without_a_table_the_sample_is_taken_and_that_is_said(command, payments, place, monkeypatch):
    from shared.contract import Mapping
    from verticals.finance import FraudPipeline

    sample = payments, Mapping(columns={"label": "fraud"}, simulated=True)
    monkeypatch.setattr(FraudPipeline, "sample", classmethod(lambda cls, **size: sample))
    outcome = command("fit", "finance.fraud", "--out", "bundle", *TINY)
    assert outcome.code == 0, outcome.err
    assert "note: there is no --data: the built-in, simulated sample is taken" in outcome.err
    assert json.loads(Path("bundle/bundle.json").read_text("utf-8"))["mapping"]["simulated"] is True


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_notes_stand_in_lines_of_their_own_while_a_terminal_shows_progress(
    command, finished, place, monkeypatch
):
    from shared import run as road

    def warned(*arguments, predict=road.predict, **options):
        warnings.warn("of a library", stacklevel=1)
        return predict(*arguments, **options)

    monkeypatch.setattr(road, "predict", warned)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(warnings, "showwarning", lambda text, *where, **options: terminal.write(f"{text}\n"))
    terminal, arguments = _Terminal(), ["predict", finished.folder / "bundle", "--data", finished.data]
    outcome = command(*arguments, "--out", "scores.csv", err=terminal)
    assert outcome.code == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", outcome.err.replace("\r", "\n"))
    assert "note: payments.csv is CSV, utf-8, separated by comma" in shown.splitlines()
    assert "of a library" not in shown
    payments = pd.read_csv(finished.data)
    payments.drop(columns="amount").to_csv("bad.csv", index=False)
    outcome = command(*arguments[:-1], "bad.csv", "--out", "no.csv", err=_Terminal())
    assert outcome.code == 2
    cursor_back = outcome.err.rfind("\x1b[?25h")
    assert 0 < cursor_back < outcome.err.rfind("bad.csv does not fit"), (
        "the message comes after the moving line"
    )


# -- in a process of its own


def test_check_is_answered_by_a_fresh_process_without_noise(finished, place):
    arguments = [
        "-m",
        "verticals",
        "check",
        "finance.fraud",
        str(finished.data),
        "--config",
        str(finished.config),
    ]
    done = process(*arguments, cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert "payments.csv fits `finance.fraud`" in done.stdout


def test_help_loads_none_of_the_heavy_packages(place):
    code = (
        "import sys; from verticals.__main__ import main\n"
        "sys.argv = ['verticals', '--help']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'pandas', 'numpy', 'pydantic', 'pyarrow', 'sklearn', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = process("-c", code, cwd=place)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("way", ["working folder", "import path"])
@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_customer_file_that_would_hide_the_package_is_refused(tmp_path, way, kind):
    if kind == "folder":
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared" / "__init__.py").write_text("")
    else:
        (tmp_path / "shared.py").write_text("")
    (tmp_path / "elsewhere").mkdir()
    cwd, before = (tmp_path, []) if way == "working folder" else (tmp_path / "elsewhere", [str(tmp_path)])
    script = tmp_path / "elsewhere" / "verticals"  # what an installation makes
    script.write_text("import sys\nfrom verticals.__main__ import main\nsys.exit(main())\n")
    for start in (["-m", "verticals"], [script]):
        done = process(*start, "list", cwd=cwd, before=before)
        assert done.returncode == 2, done.stderr
        assert "shared" in done.stderr and "Rename" in done.stderr and "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_customer_folder_called_shared_without_code_is_no_obstacle(place):
    (place / "shared").mkdir()
    (place / "shared" / "payments.csv").write_text("time\n")
    done = process("-m", "verticals", "list", cwd=place)
    assert done.returncode == 0 and "finance.fraud" in done.stdout
