"""One small fitted run, shared by the tests of the command line and of what a run leaves."""

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pandas as pd
import pytest

hypothesis.settings.register_profile("busy machine", deadline=None)
hypothesis.settings.load_profile("busy machine")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

TINY = """
simulated = true
[columns]
label = "fraud"
[settings]
epochs = 20
units = 8
members = 2
depth = 1
bins = 4
number_dim = 2
"""
RIVALS = {"amount": [{"feature": "amount"}], "logistic_regression": [{"C": 0.1}]}


def pytest_collection_modifyitems(items):
    """Files with slow tests first: of two workers none is left alone with one of them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@dataclass
class Outcome:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@dataclass
class Finished:
    """A run that is done: its folder, and what it was made from."""

    folder: Path
    data: Path
    config: Path
    outcome: Outcome


@pytest.fixture(scope="session")
def command():
    """Runs a command in this process."""
    from shared.cli import app
    from verticals import SOLUTIONS

    def run(*arguments, err: io.StringIO | None = None) -> Outcome:
        out, err, code = io.StringIO(), err or io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                app(SOLUTIONS, [str(argument) for argument in arguments])
            except SystemExit as end:
                code = end.code or 0
        return Outcome(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def payments() -> pd.DataFrame:
    """About 6,000 simulated payments of 100 cards in 40 days."""
    from verticals.finance import FraudPipeline

    return FraudPipeline.sample(**FraudPipeline.small)[0]


@pytest.fixture(scope="session")
def finished(command, payments, tmp_path_factory) -> Finished:
    """`verticals run` on these payments, with a tiny network and the cheap rivals."""
    from verticals.finance import FraudPipeline

    place = tmp_path_factory.mktemp("finished")
    data, config = place / "payments.csv", place / "acme.toml"
    payments.to_csv(data, index=False)
    config.write_text(TINY, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FraudPipeline, "rivals", RIVALS)
        outcome = command(
            "run", "finance.fraud", "--data", data, "--config", config, "--out", place / "runs" / "acme"
        )
    assert outcome.code == 0, outcome.err
    return Finished(place / "runs" / "acme", data, config, outcome)
