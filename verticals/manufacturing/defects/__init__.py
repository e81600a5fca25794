"""Defect detection: from a folder of product photos to accept / look again / reject, with a heatmap."""

from .pipeline import DefectPipeline

__all__ = ["DefectPipeline"]
