"""Roles are read from a file as they stand there, and every mistake in it is named with the way out."""

import pytest

from shared.contract import Role, read_roles
from shared.errors import ConfigError
from verticals.finance import FraudPipeline
from verticals.healthcare import DiagnosisPipeline
from verticals.manufacturing import DefectPipeline
from verticals.retail import DemandPipeline

WHOLE = """
# a comment
[amount]
kind = "number"
unit = "EUR"
low = 0
high = 9.5
required = false
missing = true
private = true
predict = false
description.en = "amount of the payment"
description.zh = "交易金额"
aliases = ["amt", "金额"]

[card]
kind = "key"
description = { en = "card", zh = "卡号" }
"""


REQUIRED = {
    "finance.fraud": {"time", "amount", "label"},
    "retail.demand": {"date", "quantity"},
    "manufacturing.defects": {"image"},
    "healthcare.diagnosis": {"label"},
}


@pytest.fixture
def read(tmp_path):
    def of(text: str | bytes):
        path = tmp_path / "roles.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return read_roles(path)

    return of


def fault_of(read, text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert "roles.toml" in str(caught.value)
    return str(caught.value)


def test_a_role_has_what_its_table_says_and_defaults_for_the_rest(read):
    amount, card = read(WHOLE)
    assert amount == Role(
        name="amount",
        kind="number",
        unit="EUR",
        low=0,
        high=9.5,
        required=False,
        missing=True,
        private=True,
        predict=False,
        description="amount of the payment",
        description_zh="交易金额",
        aliases=("amt", "金额"),
    )
    assert card == Role(name="card", kind="key", description="card", description_zh="卡号")


def test_a_file_saved_by_windows_is_read_alike(read):
    assert read(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode("utf-8")) == read(WHOLE)


def test_the_order_is_that_of_the_file(read):
    text = '[b]\nkind = "key"\n[a]\nkind = "time"\n[c]\nkind = "label"\n'
    assert [role.name for role in read(text)] == ["b", "a", "c"]


def test_an_unknown_key_is_named_with_its_role_and_those_that_are_known(read):
    found = fault_of(read, '[amount]\nkind = "number"\nrequird = true\n')
    assert "role `amount`: there is no key `requird`. Did you mean `required`?" in found
    assert (
        "Known are: kind, required, missing, private, predict, unit, low, high, description, aliases" in found
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('kind = "text"', "`kind`: found `text`, expected one of time, number, category, key, label"),
        ("kind = 3", "`kind`: found `3`, expected one of time"),
        ('required = "yes"', "`required`: found `yes`, expected true or false"),
        ("private = 1", "`private`: found `1`, expected true or false"),
        ('low = "0"', "`low`: found `0`, expected a number"),
        ("high = true", "`high`: found `True`, expected a number"),
        ("unit = 5", "`unit`: found `5`, expected a text"),
        ('description = "amount"', "expected description.en = "),
        ('description.en = "amount"', "expected description.en = "),
        ('description = { en = "amount", zh = 1 }', "expected description.en = "),
        ('aliases = "amt"', "`aliases`: found `amt`, expected texts"),
        ("aliases = [1]", "`aliases`: found `[1]`, expected texts"),
        ("low = 2\nhigh = 1", "`low` = 2 is above `high` = 1"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(read, line, expected):
    kind = "" if line.startswith("kind") else 'kind = "number"\n'
    found = fault_of(read, f"[amount]\n{kind}{line}\n")
    assert "(1 fault)" in found and "role `amount`: " in found and expected in found


def test_every_fault_of_every_role_is_told_at_once(read):
    found = fault_of(read, '[a]\nlow = "x"\n["b c"]\nkind = "key"\ncolour = 1\n')
    assert "(4 faults)" in found
    for text in ("role `a`: `kind` is missing", "`low`: found `x`", "must be one word", "no key `colour`"):
        assert text in found


def test_what_stands_above_the_first_role_is_refused(read):
    assert "`kind` stands above the first role" in fault_of(read, 'kind = "key"\n[a]\nkind = "key"\n')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# nothing\n", "it holds no role"),
        ("[amount\n", "it is no TOML"),
        ("[a]\nkind = 'key'\n[a]\nkind = 'key'\n", "it is no TOML"),
        ("交易".encode("gbk"), "it is not UTF-8"),
    ],
)
def test_a_file_that_holds_no_roles_is_refused(read, text, expected):
    assert expected in fault_of(read, text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"roles\.toml cannot be read.*\n.*there is no such file"):
        read_roles(tmp_path / "roles.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_roles(tmp_path)


@pytest.mark.parametrize("pipeline", [FraudPipeline, DemandPipeline, DefectPipeline, DiagnosisPipeline])
def test_the_roles_of_each_solution_have_descriptions_and_common_names(pipeline):
    for role in pipeline.roles:
        assert role.description and role.description_zh and role.aliases, role.name
        assert role.required == (role.name in REQUIRED[pipeline.name]), role.name
