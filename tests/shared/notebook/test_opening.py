import pandas as pd
import pytest

from shared.config import Settings
from shared.contract import Mapping, Role
from shared.errors import ConfigError, ContractError
from shared.notebook import open_table
from shared.pipeline import Pipeline


class ShopConfig(Settings):
    seed: int = 0
    epochs: int = 3
    name: str = "shop"


class Shop(Pipeline):
    name = "retail.shop"
    roles = (Role(name="price", kind="number"),)
    Config = ShopConfig

    @classmethod
    def sample(cls, *, rows=4, seed=0):
        frame = pd.DataFrame({"price": [seed + row for row in range(rows)]})
        return frame, Mapping(columns={"price": "price"}, simulated=True)


@pytest.fixture()
def files(tmp_path):
    data, config = tmp_path / "sales.csv", tmp_path / "acme.toml"
    data.write_text("cost;note\n2,50;a\n3,00;b\n", encoding="utf-8")
    config.write_text('[columns]\nprice = "cost"\n[settings]\nepochs = 9\n', encoding="utf-8")
    return data, config


def test_without_a_file_the_sample_is_opened_at_the_size_asked_for():
    pipeline, table = open_table(Shop, sample={"rows": 6})
    assert len(table) == 6 and pipeline.mapping.simulated
    assert table.source == "built-in sample (simulated)"


def test_the_notebooks_settings_hold_for_the_sample_and_its_seed():
    pipeline, table = open_table(Shop, settings={"epochs": 1, "seed": 7, "name": "a"})
    assert (pipeline.config.epochs, pipeline.config.name) == (1, "a")
    assert table.frame["price"].tolist() == [7, 8, 9, 10]


def test_the_notebooks_settings_leave_a_customers_alone(files):
    data, config = files
    pipeline, table = open_table(Shop, str(data), str(config), settings={"epochs": 1})
    assert pipeline.config.epochs == 9 and table.frame["price"].tolist() == [2.5, 3.0]


def test_the_customers_file_may_name_the_table(files):
    data, config = files
    config.write_text('data = "sales.csv"\n' + config.read_text(encoding="utf-8"), encoding="utf-8")
    assert open_table(Shop, None, config)[1].source == data.name


def test_a_setting_that_is_none_is_refused_with_the_nearest_known():
    with pytest.raises(ConfigError, match=r"epoch.*Did you mean `epochs`"):
        open_table(Shop, settings={"epoch": 1})


def test_a_table_that_does_not_fit_is_refused_with_what_is_wrong(files):
    with pytest.raises(ContractError, match="price"):
        open_table(Shop, files[0])


def test_a_file_of_another_solution_is_refused(files):
    files[1].write_text('solution = "finance.fraud"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"finance\.fraud"):
        open_table(Shop, *files)
