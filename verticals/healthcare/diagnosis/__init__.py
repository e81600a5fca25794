"""Diagnosis from a patient table, photos and signals: a calibrated risk, or a referral."""

from .pipeline import DiagnosisPipeline

__all__ = ["DiagnosisPipeline"]
