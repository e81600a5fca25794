"""Each pipeline is judged as its task is."""

from shared.tasks import BINARY, FORECAST, task_of
from verticals.finance import FraudPipeline
from verticals.retail import DemandPipeline


def test_a_forecaster_and_a_scorer_are_judged_each_in_its_way():
    assert task_of(DemandPipeline()) is FORECAST and task_of(FraudPipeline()) is BINARY


def test_a_customers_clone_is_judged_as_what_it_is_cloned_from(stand_in, judged):
    assert task_of(stand_in()) is FORECAST
    assert type(judged.scored) is type(FORECAST.scored())
    assert FORECAST.scored() is not FORECAST.scored()
