"""`check_pipeline`: the promises that each pipeline, and each customer's clone of one, is tested against."""

from typing import Any

import pandas as pd

from shared.contract import Mapping
from shared.diagnostic import DiagnosticPipeline
from shared.forecast import ForecastPipeline
from shared.imaging import ImagePipeline
from shared.pipeline import Pipeline
from shared.testing.causal import (
    check_order_does_not_matter,
    check_parts_are_apart,
    check_the_future_is_not_read,
    check_young_labels_are_not_read,
)
from shared.testing.declared import check_faults_are_named, check_roles, check_settings
from shared.testing.learnt import (
    check_anything_can_be_scored,
    check_inputs_are_finite,
    check_only_training_rows_teach,
    check_optional_roles_may_lack,
    check_order_is_kept,
    check_seed_decides,
)
from shared.testing.patient_trial import PatientTrial
from shared.testing.patients import PATIENT_PROMISES
from shared.testing.photos import PHOTO_PROMISES, PhotoTrial
from shared.testing.saved import check_saved_is_loaded
from shared.testing.series import SERIES_PROMISES, SeriesTrial
from shared.testing.served import check_rows_are_answered_as_tables
from shared.testing.trial import Trial, tiny_config

__all__ = ["check_pipeline", "tiny_config"]

PROMISES = (
    check_faults_are_named,
    check_parts_are_apart,
    check_the_future_is_not_read,
    check_young_labels_are_not_read,
    check_order_does_not_matter,
    check_only_training_rows_teach,
    check_inputs_are_finite,
    check_seed_decides,
    check_anything_can_be_scored,
    check_order_is_kept,
    check_optional_roles_may_lack,
    check_rows_are_answered_as_tables,
)


def check_pipeline(
    cls: type[Pipeline],
    *,
    table: pd.DataFrame | None = None,
    mapping: Mapping | None = None,
    config: Any = None,
    fresh_process: bool = True,
) -> None:
    """Tries every promise on a pipeline; an `AssertionError` says which one is broken, and how.

    A clone's whole test is three lines:

        from shared.testing import check_pipeline
        from acme.fraud.pipeline import AcmePipeline
        def test_acme_keeps_the_promises(): check_pipeline(AcmePipeline)

    Args:
        table: Rows in the customer's columns, with labels, enough for the split. None: the built-in sample, of
            the size `cls.small`.
        mapping: Of that table. None: named like the roles; the sample brings its own.
        config: None: the defaults, with a tiny network and one epoch.
        fresh_process: Whether to load the bundle in a new process too, which takes some seconds.
    Raises:
        AssertionError: If a promise is broken.
    """
    check_roles(cls)
    check_settings(cls)
    if table is None:
        table, mapping = cls.sample(**cls.small)
    config = config if config is not None else tiny_config(cls)
    kind, promises = _promises_of(cls)
    trial = kind.begin(cls, config, mapping or Mapping(), table)
    for check in promises:
        try:
            check(trial)
        except Exception as error:
            error.add_note(f"the promise that `{cls.__name__}` broke: {check.__doc__}")
            raise
    check_saved_is_loaded(trial, fresh_process=fresh_process)


def _promises_of(cls: type[Pipeline]) -> tuple[type, tuple]:
    """What a pipeline of this task is tried with, and on."""
    if issubclass(cls, ForecastPipeline):
        return SeriesTrial, (check_faults_are_named, *SERIES_PROMISES)
    if issubclass(cls, DiagnosticPipeline):
        return PatientTrial, (check_faults_are_named, *PATIENT_PROMISES)
    if issubclass(cls, ImagePipeline):
        return PhotoTrial, (check_faults_are_named, *PHOTO_PROMISES)
    return Trial, PROMISES
