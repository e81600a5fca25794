import runpy
from pathlib import Path

from shared.notebook import show_costs, show_rates

HERE = Path(__file__).resolve().parents[1]


def example(kind):
    return runpy.run_path(str(HERE / f"{kind}report_example.py"))["example"]()


def test_the_saving_comes_first_in_the_customers_currency():
    metrics = example("")
    metrics["decision"]["currency"] = "CNY"
    first = show_costs(metrics, lang="zh").parts[0].plain
    assert "CNY" in first and "（" in first and "至" in first


def test_each_policy_has_a_row_with_what_it_missed():
    metrics = example("")
    shown = show_costs(metrics).parts
    rows = next(part.plain for part in shown if part.__repr__().startswith("Policy | ")).splitlines()
    assert len(rows) == 1 + len(metrics["decision"]["policies"])
    assert rows[0].split(" | ")[1].endswith(metrics["decision"]["currency"])


def test_the_costs_taken_for_given_are_listed():
    assert "Costs taken for given" in repr(show_costs(example("")))
    assert "Costs taken for given" in repr(show_costs(example("forecast_")))


def test_orders_are_shown_with_what_lost_sales_and_stock_cost():
    shown = show_costs(example("forecast_"))
    drawn = next(part for part in shown if hasattr(part, "svg"))
    assert "Lost sales" in drawn.svg and "This model | 48,210 (46,110 to 50,100)" in repr(shown)


def test_a_solution_without_money_says_so():
    assert repr(show_costs(example("inspection_"))).startswith("This solution decides without money")


def test_an_inspection_shows_what_escapes_and_where_the_thresholds_lie():
    shown = repr(show_rates(example("inspection_")))
    assert "Escape rate | " in shown and "Accept | score below" in shown


def test_a_diagnosis_shows_what_the_threshold_keeps_and_who_is_referred():
    shown = repr(show_rates(example("diagnosis_")))
    assert "Sensitivity | " in shown and "clinician" in shown and "1,000" in shown


def test_without_a_threshold_nothing_is_made_up():
    assert repr(show_rates(example("forecast_"))) == "There is no threshold to judge."
