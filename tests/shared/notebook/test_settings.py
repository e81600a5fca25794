from typing import Literal

from pydantic import Field

from shared.config import Settings
from shared.notebook import show_settings
from shared.pipeline import Pipeline


class Common(Settings):
    seed: int = Field(0, description="of weights")
    path: str | None = Field(None, description="a file")


class Own(Common):
    units: int = Field(8, description="width & depth")
    network: Literal["a", "b"] = "a"


class Shop(Pipeline):
    Config = Own


def lines(config, **options):
    return repr(show_settings(Shop(config), **options)).splitlines()


def test_every_setting_is_shown_the_solutions_own_first():
    assert [line.split(" | ")[0] for line in lines(Own())[2:]] == ["units", "network", "seed", "path"]


def test_what_differs_from_the_usual_value_comes_first_with_both():
    found = lines(Own(seed=5, network="b"))
    assert found[0] == "Bold: settings that differ from the usual value (2)."
    assert found[2:4] == ["network | b | a | ", "seed | 5 | 0 | of weights"]


def test_what_is_left_out_is_a_dash():
    assert lines(Own())[-1] == "path | – |  | a file"


def test_the_heads_are_chinese_too():
    assert lines(Own(), lang="zh")[:2] == ["全部参数均为默认值。", "参数 | 取值 | 默认值 | 单位或理由"]
