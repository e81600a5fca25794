import pytest

from shared.cli import app
from shared.serve.keys import Keys


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        app({}, ["serve", *arguments])
    return ended.value.code


def test_a_new_key_comes_with_the_line_that_lets_it_in(capsys, tmp_path):
    assert run("--new-key") == 0
    lines = capsys.readouterr().out.splitlines()
    key = lines[0].rpartition(" ")[2]
    (tmp_path / "keys.txt").write_text(lines[-1])
    keys = Keys.load(str(tmp_path / "keys.txt"))
    assert keys.name_of(key).startswith("key-") and key not in lines[-1]
    assert keys.name_of(key + "x") is None


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((), "name the folder of a bundle"),
        (("nowhere",), "holds no bundle"),
        (("nowhere", "--workers", "0"), "--workers is 0"),
        (("nowhere", "--max-bytes", "much"), "--max-bytes is `much`"),
        (("nowhere", "--lang", "fr"), "--lang is `fr`"),
        (("nowhere", "--runtime", "torch"), "--runtime is `torch`"),
        (("nowhere", "--port", "70000"), "--port is 70000"),
        (("nowhere", "--max-seconds", "0"), "--max-seconds is 0"),
    ],
)
def test_what_cannot_be_served_is_one_clear_message(capsys, arguments, said):
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err
