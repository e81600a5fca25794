"""`retail.demand` keeps the promises on tables of several kinds; its costs and classes are what they are said to be."""

import importlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.config import load_project
from shared.contract import raw_table
from shared.series.rivals import MovingAverage, Naive, SeasonalNaive
from shared.testing import check_pipeline, tiny_config
from verticals.retail import DemandPipeline
from verticals.retail.demand import data
from verticals.retail.demand.config import DemandConfig

FOLDER = Path(data.__file__).parent
HEADER = {"date": "销售日期", "quantity": "销量", "item": "商品编码", "price": "单价", "category": "品类"}


@pytest.fixture(autouse=True)
def cheap_rivals(monkeypatch):
    """The rivals that fit in no time; the others have tests of their own."""
    monkeypatch.setattr(DemandPipeline, "rivals", lambda self: [Naive(), SeasonalNaive(), MovingAverage()])


def quick(**settings) -> DemandConfig:
    """One network, fitted once."""
    return tiny_config(DemandPipeline).model_copy(update={"members": 1, "refit": False, **settings})


def daily(**columns) -> pd.DataFrame:
    steps = len(next(iter(columns.values())))
    return pd.DataFrame({"date": pd.date_range("2024-01-01", periods=steps), **columns})


def panel_of(frame: pd.DataFrame, config: DemandConfig | None = None):
    return DemandPipeline(config).check(raw_table(frame)).panel


# -- the promises


def test_demand_pipeline_keeps_every_promise_on_its_sample():
    check_pipeline(DemandPipeline)


def test_one_series_without_item_and_store_keeps_the_promises():
    rng = np.random.default_rng(2)
    week = 20 + 8 * np.sin(2 * np.pi * np.arange(150) / 7)
    check_pipeline(DemandPipeline, table=daily(quantity=rng.poisson(week)), config=quick())


def test_a_chinese_table_keeps_the_promises(tmp_path):
    frame, _ = DemandPipeline.sample(items=4, stores=1, days=130, seed=2)
    frame = frame.rename(columns=HEADER)[list(HEADER.values())]
    toml = tmp_path / "门店.toml"
    columns = "\n".join(f'{role} = "{name}"' for role, name in HEADER.items() if role != "category")
    toml.write_text(f'[columns]\n{columns}\n[features]\ncategorical = ["品类"]\n', encoding="utf-8")
    project = load_project(toml, DemandConfig, DemandPipeline.roles)
    config = quick(**{name: getattr(project.settings, name) for name in project.settings.model_fields_set})
    check_pipeline(DemandPipeline, table=frame, mapping=project.mapping, config=config)


def test_a_renamed_copy_of_the_folder_is_a_pipeline_of_its_own(tmp_path, monkeypatch):
    shutil.copytree(FOLDER, tmp_path / "acme_demand")
    monkeypatch.syspath_prepend(str(tmp_path))
    clone = importlib.import_module("acme_demand.pipeline").DemandPipeline
    frame, mapping = clone.sample(items=2, stores=1, days=40)
    assert clone is not DemandPipeline and clone.words() == DemandPipeline.words()
    assert len(clone(mapping=mapping).check(raw_table(frame)).panel) == 2


# -- what a delivery team finds in the folder


def test_the_file_to_copy_names_every_role_and_fits_the_sample():
    project = load_project(FOLDER / "demand.toml", DemandConfig, DemandPipeline.roles)
    assert project.solution == DemandPipeline.name
    text = (FOLDER / "demand.toml").read_text("utf-8")
    assert all(f"\n{role.name} = " in text or f"\n# {role.name} = " in text for role in DemandPipeline.roles)
    frame, _ = DemandPipeline.sample(items=3, stores=2, days=30)
    panel = DemandPipeline(project.settings, project.mapping).check(raw_table(frame)).panel
    assert set(panel.known) == {"price", "promotion", "holiday"} and set(panel.statics) == {"category"}


def test_every_role_and_class_has_words_for_the_report():
    words = DemandPipeline.words()
    assert all(words[f"role.{role.name}"].keys() == {"en", "zh"} for role in DemandPipeline.roles)
    assert all(f"slice_value.{name}" in words for name in (*data.VOLUME, "none", "intermittent", "smooth"))


# -- costs and classes


def test_costs_are_those_of_the_item_and_else_of_the_settings():
    frame = pd.concat(
        [
            daily(quantity=[1] * 5, price=[2.0, 2, 4, 4, np.nan], short_cost=[0.5] * 5).assign(item="a"),
            daily(quantity=[1] * 5, price=[10.0] * 5, short_cost=[np.nan] * 5).assign(item="b"),
        ]
    )
    config = DemandConfig(short_cost=3, over_cost=0.25)
    short, over = data.costs(panel_of(frame, config), config)
    assert short.tolist() == [0.5, 3] and over.tolist() == [0.25, 0.25]
    config = DemandConfig(short_cost=0.4, over_cost=0.1, cost_by_price=True)
    short, over = data.costs(panel_of(frame, config), config)
    # The price of the fifth day of `a` is not known: the one before is carried forward, and the mean is 3.2.
    np.testing.assert_allclose(short, [0.5, 4.0], rtol=1e-6)
    np.testing.assert_allclose(over, [0.32, 1.0], rtol=1e-6)


def test_series_are_classed_by_what_lies_before_the_origin_alone():
    frame = pd.concat(
        [
            daily(quantity=[1, 1, 1, 99]).assign(item="a"),
            daily(quantity=[5, 5, 5, 0]).assign(item="b"),
            daily(quantity=[0, 9, 0, 9]).assign(item="c"),
            daily(quantity=[7]).assign(item="d", date=pd.Timestamp("2024-01-04")),
        ]
    )
    panel = panel_of(frame)
    assert data.volume_classes(panel, 3).tolist() == ["low", "high", "medium", "none"]
    assert data.sale_classes(panel, 3).tolist() == ["smooth", "smooth", "intermittent", "smooth"]
    assert data.volume_classes(panel, 4).tolist()[0] == "high"


ROOT = Path(__file__).resolve().parents[2]
OWN = [
    path for path in sorted(ROOT.glob("data/mappings/*.toml")) if "retail.demand" in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_the_mappings_that_ship_fit_the_solution(path):
    project = load_project(path, DemandConfig, DemandPipeline.roles)
    assert project.solution == "retail.demand"
    assert project.mapping.wide is not None or {"date", "quantity"} <= set(project.mapping.columns)
