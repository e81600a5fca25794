"""`manufacturing.defects` keeps the promises of a pipeline on photos, in both modes."""

import pytest

from shared.testing import check_pipeline, tiny_config
from verticals.manufacturing import DefectPipeline


def test_the_labelled_mode_keeps_the_promises():
    check_pipeline(DefectPipeline)


@pytest.mark.parametrize("detector", ["patchcore", "padim", "draem"])
def test_the_good_only_mode_keeps_the_promises(detector):
    config = tiny_config(DefectPipeline).model_copy(
        update={
            "mode": "good_only",
            "detector": detector,
            "draem_epochs": 1,
            "draem_side": 32,
            "memory_patches": 20,
        }
    )
    check_pipeline(DefectPipeline, config=config, fresh_process=False)
