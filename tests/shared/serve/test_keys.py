import pytest

from shared.errors import ConfigError
from shared.serve.keys import Keys, hashed, new_key, presented

LINE = f"{hashed('vk_a')} acme pay"


def test_keys_come_from_a_file_else_from_the_environment(tmp_path):
    path = tmp_path / "keys.txt"
    path.write_text(f"# who may ask\n\n{LINE}  # until May\n")
    assert Keys.load(str(path), {}).name_of("vk_a") == "acme pay"
    variable = {"VERTICALS_API_KEYS": f"{LINE},{hashed('vk_b')} beta"}
    assert Keys.load(None, variable).name_of("vk_b") == "beta"
    assert not Keys.load(None, {})


@pytest.mark.parametrize("line", ["vk_raw_key acme", hashed("a"), "x" * 64 + " acme"])
def test_a_line_that_is_no_hash_and_name_is_refused_and_not_shown(tmp_path, line):
    path = tmp_path / "keys.txt"
    path.write_text(line)
    with pytest.raises(ConfigError, match="line 1") as caught:
        Keys.load(str(path))
    assert line not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        Keys.load(str(tmp_path / "none.txt"))


def test_keys_are_never_the_same():
    assert len({new_key() for _ in range(100)}) == 100


def test_only_the_two_ways_of_sending_a_key_count():
    assert presented({"authorization": "Basic vk_a"}) is None
    assert presented({"authorization": "bearer vk_a"}) == "vk_a"
    assert presented({"authorization": "Bearer ", "x-api-key": "vk_b"}) == "vk_b"


def test_a_file_without_a_key_does_not_open_the_service_to_everyone(tmp_path):
    (tmp_path / "keys.txt").write_text("# none yet\n")
    with pytest.raises(ConfigError, match="holds no key"):
        Keys.load(str(tmp_path / "keys.txt"))
