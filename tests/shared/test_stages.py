"""What each stage took."""

import threading
import time

import numpy as np
import pytest

from shared.stages import Stages


def test_a_stage_that_is_entered_again_adds_up_and_each_line_has_its_stage():
    said = []
    stages = Stages(lambda stage, text: said.append((stage, text)))
    for _ in range(2):
        with stages("fit"):
            time.sleep(0.05)
            stages.say("epoch 1")
    assert said == [("fit", ""), ("fit", "epoch 1")] * 2
    assert 0.1 <= stages.measured["fit"]["seconds"] < 1


def test_memory_that_a_stage_gives_back_is_in_its_peak():
    stages = Stages()
    with stages("small"):
        pass
    with stages("large"):
        block = np.ones(150 * 2**20, np.uint8)
        time.sleep(0.15)
        del block
    assert stages.measured["large"]["peak_mb"] > stages.measured["small"]["peak_mb"] + 100


def test_after_a_stage_within_a_stage_or_an_error_the_outer_one_goes_on():
    said = []
    stages = Stages(lambda stage, text: said.append((stage, text)))
    threads = threading.active_count()
    with stages("outer"):
        with pytest.raises(ZeroDivisionError), stages("inner"):
            1 / 0  # noqa: B018
        stages.say("on")
    assert said[-1] == ("outer", "on") and threading.active_count() == threads
    assert list(stages.measured) == ["outer"]  # what did not end was not measured
