"""The customer's TOML: what it says, and every fault at once."""

import json
from pathlib import Path
from typing import Literal

import pytest
from pydantic import ConfigDict, Field, ValidationError

from shared.config import Mapping, Settings, load_project
from shared.contract import Role
from shared.errors import ConfigError

ROLES = [Role(name="time", kind="time"), Role(name="card", kind="key", required=False)]


class Inner(Settings):
    units: int = Field(8, ge=1)


class Net(Settings):
    epochs: int = Field(3, ge=1, le=50, description="passes over the training rows")
    kind: Literal["tabular", "history"] = "tabular"
    inner: Inner = Inner()


WHOLE = """
solution = "finance.fraud"
[columns]
time = "交易时间"
[features]
numeric = ["V1", "V2"]
categorical = ["channel"]
[labels]
"是" = 1
"否" = 0
[format]
decimal = ","
missing = ["?", "不详"]
[settings]
epochs = 5
"""


@pytest.fixture
def load(tmp_path):
    def read(text, overrides=(), encoding="utf-8"):
        path = tmp_path / "acme.toml"
        path.write_bytes(text.encode(encoding))
        return load_project(path, Net, ROLES, overrides)

    return read


def faults(load, text, overrides=(), encoding="utf-8"):
    with pytest.raises(ConfigError) as caught:
        load(text, overrides, encoding)
    return str(caught.value)


def test_every_section_is_read(load):
    project = load(WHOLE)
    assert project.solution == "finance.fraud"
    assert project.mapping.columns == {"time": "交易时间"}
    assert project.mapping.numeric == ["V1", "V2"]
    assert project.mapping.categorical == ["channel"]
    assert project.mapping.labels == {"是": 1, "否": 0}
    assert project.mapping.format.decimal == ","
    assert project.mapping.format.missing == ["?", "不详"]
    assert project.settings == Net(epochs=5)


def test_without_a_file_there_are_the_defaults():
    project = load_project(None, Net, ROLES)
    assert (project.solution, project.mapping, project.settings) == (None, Mapping(), Net())


def test_a_file_of_notepad_with_a_byte_order_mark_is_read(load):
    assert load(WHOLE, encoding="utf-8-sig").solution == "finance.fraud"


def test_overrides_win_over_the_file(load):
    project = load(
        WHOLE,
        [
            "settings.epochs=7",
            "settings.inner.units=4",
            "format.decimal=.",
            "format.separator=;",
            "columns.card=客户",
            "labels.可疑=2",
            'features.numeric=["V3"]',
            "solution=finance.credit",
        ],
    )
    assert project.settings == Net(epochs=7, inner=Inner(units=4))
    assert (project.mapping.format.decimal, project.mapping.format.separator) == (".", ";")
    assert project.mapping.columns == {"time": "交易时间", "card": "客户"}
    assert project.mapping.labels == {"是": 1, "否": 0, "可疑": 2}
    assert project.mapping.numeric == ["V3"]
    assert project.solution == "finance.credit"


def test_overrides_without_a_file_are_read():
    assert load_project(None, Net, ROLES, ["format.decimal=,"]).mapping.format.decimal == ","


def test_a_mapping_survives_json(load):
    mapping = load(WHOLE).mapping
    assert Mapping.from_dict(json.loads(json.dumps(mapping.to_dict()))) == mapping


def test_settings_cannot_be_changed_or_misspelt():
    with pytest.raises(ValidationError):
        Net().epochs = 4
    with pytest.raises(ValidationError):
        Net(epoch=4)


def test_all_faults_come_at_once_with_the_file_named(load):
    message = faults(
        load,
        'solution = "finance.fraud"\n[colums]\n[columns]\ntiem = "t"\n'
        '[format]\ndecimal = ";"\n[settings]\nepoch = 1\n',
        ["settings.epochs=99"],
    )
    assert message.startswith("acme.toml does not fit `finance.fraud` (5 faults):")
    assert "section [colums] is unknown. Did you mean `columns`?" in message
    assert "[columns] has no role `tiem`. Did you mean `time`?" in message
    assert "[format] `decimal`: found `;`, expected '.' or ','" in message
    assert "[settings] `epoch` is unknown. Did you mean `epochs`?" in message
    assert (
        "[settings] `epochs`: found `99`, expected less than or equal to 50 (passes over the training rows)"
        in message
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[columns]\ncashier = "x"', "[columns] has no role `cashier`. Known are: `time`, `card`"),
        ("[columns]\ntime = 3", "[columns] `time`: found `3`, expected a valid string"),
        ('[features]\nnumerc = ["a"]', "[features] `numerc` is unknown. Did you mean `numeric`?"),
        ('[features]\nnumeric = "a"', "[features] `numeric`: found `a`, expected a valid list"),
        ('[labels]\nyes = "1"', "[labels] `yes`: found `1`, expected a valid integer"),
        ("[labels]\nyes = 1.0", "[labels] `yes`: found `1.0`, expected a valid integer"),
        ("[labels]\nyes = true", "[labels] `yes`: found `True`, expected a valid integer"),
        ("[labels]\nyes = -1", "[labels] `yes`: found `-1`, expected greater than or equal to 0"),
        ('[format]\nencoding = "klingon"', "[format] `encoding`: found `klingon`, expected a text encoding"),
        ('[format]\nencoding = "zlib"', "[format] `encoding`: found `zlib`, expected a text encoding"),
        ('[format]\ntimezone = "Mars"', "[format] `timezone`: found `Mars`, expected the IANA name"),
        ('[format]\ndate_format = "dd/mm"', "[format] `date_format`: found `dd/mm`, expected codes"),
        ('[format]\ntime_origin = "later"', "[format] `time_origin`: found `later`, expected a date"),
        ('[format]\ntime_unit = "week"', "[format] `time_unit`: found `week`, expected 's', 'ms'"),
        ('[format]\nseparator = "::"', "[format] `separator`: found `::`"),
        ('[format]\nencodin = "x"', "[format] `encodin` is unknown. Did you mean `encoding`?"),
        ("settings = 3", "`settings`: found `3`, expected a section [settings]"),
        ("solution = 3", "`solution`: found `3`, expected a text"),
        ("[settings.inner]\nunit = 3", "[settings] `inner.unit` is unknown. Did you mean `units`?"),
        ('[settings]\nkind = "tree"', "[settings] `kind`: found `tree`, expected 'tabular' or 'history'"),
    ],
)
def test_each_fault_says_where_and_what_was_expected(load, text, part):
    assert part in faults(load, text)


@pytest.mark.parametrize("override", ["epochs=5", "settings.epochs", "settings.=5", "=5", "settings=5"])
def test_an_override_without_section_name_and_value_is_refused(override):
    with pytest.raises(ConfigError, match="is no setting"):
        load_project(None, Net, ROLES, [override])


def test_an_override_below_a_plain_value_is_refused(load):
    assert "is a value and has no settings in it" in faults(
        load, "[settings]\nepochs = 2", ["settings.epochs.x=1"]
    )


def test_broken_toml_names_the_line(load):
    message = faults(load, "[columns]\ntime = TX_DATETIME\n")
    assert message.startswith("acme.toml cannot be read (1 fault):")
    assert "line 2" in message


def test_a_file_that_is_not_utf8_is_refused(load):
    assert "the file is not UTF-8. Save it as UTF-8" in faults(load, WHOLE, encoding="gbk")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="there is no file"):
        load_project(tmp_path / "nowhere.toml", Net, ROLES)


def test_a_folder_is_no_settings_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_project(tmp_path, Net, ROLES)


class Anything(Settings):
    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize("name", ["handbook", "creditcard"])
def test_the_mapping_files_that_ship_can_be_read(name):
    roles = [Role(name=role, kind="key") for role in ("time", "amount", "label", "card", "terminal")]
    path = Path(__file__).resolve().parents[2] / "data" / "mappings" / f"{name}.toml"
    project = load_project(path, Anything, roles)
    assert project.solution == "finance.fraud"
    assert {"time", "amount", "label"} <= set(project.mapping.columns)


PATIENTS = """
[features]
numeric = ["bmi"]
groups = ["sex", "bmi"]
[numbers]
bmi = { unit = "kg/m2", low = 10, high = 80, missing = [2.0] }
[numbers.temperature]
outside = "missing"
[signal]
columns = "t*"
rate = 125
[format.arrays]
parts = {train = "train", valid = "val", test = "test"}
columns = {signal = "{part}[:, 1:]", label = "{part}[:, 0]"}
"""


def test_sections_of_a_patient_table_are_read(load):
    mapping = load(PATIENTS).mapping
    assert mapping.groups == ["sex", "bmi"] and mapping.numeric == ["bmi"]
    assert mapping.numbers["bmi"].missing == [2.0] and mapping.numbers["bmi"].high == 80
    assert mapping.numbers["temperature"].outside == "missing"
    assert (mapping.signal.columns, mapping.signal.rate) == ("t*", 125)
    assert mapping.format.arrays.columns["label"] == "{part}[:, 0]"


def test_sections_of_a_patient_table_are_overridden(load):
    mapping = load(
        PATIENTS, ["numbers.bmi={high = 70}", "signal.rate=250", 'features.groups=["age"]']
    ).mapping
    assert mapping.numbers["bmi"].high == 70 and mapping.signal.rate == 250 and mapping.groups == ["age"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[numbers.bmi]\nhihg = 3", "[numbers] `bmi.hihg` is unknown. Did you mean `high`?"),
        ('[numbers.bmi]\nlow = "x"', "[numbers] `bmi.low`: found `x`, expected a valid number"),
        ('[numbers.bmi]\nlow = "x"', "(least plausible value)"),
        ("[numbers.bmi]\nlow = 5\nhigh = 3", "[numbers] `bmi`: low = 5 is above high = 3"),
        (
            '[numbers.bmi]\noutside = "drop"',
            "[numbers] `bmi.outside`: found `drop`, expected 'error' or 'missi",
        ),
        ("[numbers]\nbmi = 3", "[numbers] `bmi`: found `3`, expected settings, such as { name = value }"),
        ("numbers = 3", "`numbers`: found `3`, expected a section [numbers]"),
        ("[signal]\nrate = 3", "[signal] `columns` is missing"),
        (
            '[signal]\ncolumns = "t*"\nrate = 0',
            "[signal] `rate`: found `0`, expected greater than 0 (samples a",
        ),
        ('[signal]\ncolums = "t*"', "[signal] `colums` is unknown. Did you mean `columns`?"),
        ('[features]\ngroup = ["a"]', "[features] `group` is unknown. Did you mean `groups`?"),
        ('[features]\ngroups = "a"', "[features] `groups`: found `a`, expected a valid list"),
        (
            "[labels]\nno = 0\nyes = 1\nmaybe = 3",
            "[labels]: class 2 is missing: number the classes 0, 1, 2, ... without holes",
        ),
        (
            '[format.arrays]\ncolumns = {label = "{part}"}',
            "[format] `arrays`: columns.label: `{part}` has {part} without `parts`",
        ),
        (
            '[format.arrays]\nparts = {tset = "a"}',
            "[format] `arrays.parts.tset`: found `tset`, expected 'train'",
        ),
        ('[format.arrays]\nparts = {test = "a"}', "[format] `arrays.columns` is missing"),
        ("[number]", "section [number] is unknown. Did you mean `numbers`?"),
    ],
)
def test_each_fault_of_a_patient_table_says_where_and_what_was_expected(load, text, part):
    assert part in faults(load, text)
