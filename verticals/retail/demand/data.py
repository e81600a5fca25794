"""What a sales record is told by, and what a piece too few or too many costs."""

import numpy as np

from shared.contract import Role
from shared.series.panel import Panel

from .config import DemandConfig

ROLES = (
    Role(
        name="date",
        kind="time",
        description="day or moment of the sale, or start of the period",
        description_zh="销售日期或时间，或周期起始日",
        aliases=("day", "week", "time", "invoicedate", "order_date", "日期", "时间", "销售日期", "周"),
    ),
    Role(
        name="quantity",
        kind="number",
        unit="pieces",
        missing=True,
        predict=False,
        description="pieces sold; empty for periods ahead",
        description_zh="销售数量；未来周期留空",
        aliases=("qty", "sales", "units", "demand", "value", "数量", "销量", "销售数量", "需求量"),
    ),
    Role(
        name="item",
        kind="key",
        required=False,
        missing=True,
        description="item that is sold",
        description_zh="商品编码或名称",
        aliases=("sku", "product", "stockcode", "article", "商品", "商品编码", "货号", "产品"),
    ),
    Role(
        name="store",
        kind="key",
        required=False,
        description="shop or warehouse that sells it",
        description_zh="门店或仓库",
        aliases=("shop", "warehouse", "location", "门店", "店铺", "仓库"),
    ),
    Role(
        name="status",
        kind="category",
        required=False,
        missing=True,
        predict=False,
        description="tells cancelled lines, by the patterns of `cancelled`",
        description_zh="用于识别取消的订单行",
        aliases=("invoice", "order_status", "状态", "订单状态", "发票号"),
    ),
    Role(
        name="stockout",
        kind="number",
        low=0,
        high=1,
        required=False,
        missing=True,
        predict=False,
        description="1 where the shelf ran empty: what was sold is then not the demand",
        description_zh="缺货标记：1 表示断货，此时销量不等于需求",
        aliases=("out_of_stock", "缺货", "断货"),
    ),
    Role(
        name="price",
        kind="number",
        unit="currency",
        low=0,
        required=False,
        missing=True,
        description="price of a piece, known ahead",
        description_zh="单价（未来已知）",
        aliases=("unit_price", "unitprice", "价格", "单价", "售价"),
    ),
    Role(
        name="promotion",
        kind="number",
        low=0,
        required=False,
        missing=True,
        description="1 (or its strength) while promoted, known ahead",
        description_zh="促销标记或力度（未来已知）",
        aliases=("promo", "on_promotion", "促销", "是否促销"),
    ),
    Role(
        name="holiday",
        kind="number",
        low=0,
        high=1,
        required=False,
        missing=True,
        description="1 on holidays, known ahead",
        description_zh="节假日标记（未来已知）",
        aliases=("is_holiday", "节假日", "假日"),
    ),
    Role(
        name="short_cost",
        kind="number",
        unit="currency",
        low=0,
        required=False,
        missing=True,
        predict=False,
        description="lost with each piece of the item too few",
        description_zh="每缺一件的损失",
        aliases=("margin", "缺货成本", "毛利"),
    ),
    Role(
        name="over_cost",
        kind="number",
        unit="currency",
        low=0,
        required=False,
        missing=True,
        predict=False,
        description="cost of each piece of the item left over at the end of a period",
        description_zh="每剩一件的周期持有成本",
        aliases=("holding_cost", "持有成本", "库存成本"),
    ),
)

VOLUME = ("low", "medium", "high")


def costs(panel: Panel, config: DemandConfig) -> tuple[np.ndarray, np.ndarray]:
    """Of a piece too few and of one too many, by series: the item's own, or those of the settings."""
    by_price = np.ones(len(panel))
    if config.cost_by_price and "price" in panel.known:
        price = panel.known["price"][:, : panel.now]
        known = np.isfinite(price)
        mean = np.where(known, price, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        by_price = np.where(known.any(axis=1), mean, 1.0)
    found = []
    for name, general in (("short_cost", config.short_cost), ("over_cost", config.over_cost)):
        own = panel.costs.get(name)
        plain = general * by_price
        found.append(plain if own is None else np.where(np.isfinite(own) & (own > 0), own, plain))
    return found[0], found[1]


def volume_classes(panel: Panel, origin: int) -> np.ndarray:
    """Each series' third by what it sold before `origin`; those without a past are `none`."""
    past = panel.target[:, :origin].astype(np.float64)
    known = np.isfinite(past).sum(axis=1)
    mean = np.nansum(past, axis=1) / np.maximum(known, 1)
    ranks = np.argsort(np.argsort(mean[known > 0], kind="stable"), kind="stable")
    out = np.full(len(panel), "none", object)
    out[known > 0] = np.array(VOLUME, object)[np.minimum(ranks * 3 // max(1, len(ranks)), 2)]
    return out


def sale_classes(panel: Panel, origin: int) -> np.ndarray:
    """Whether each series sold in most periods before `origin`, or now and then."""
    past = panel.target[:, :origin]
    known = np.isfinite(past)
    zeros = ((past == 0) & known).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(zeros > 0.5, "intermittent", "smooth").astype(object)
