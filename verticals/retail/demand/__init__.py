"""Demand forecast: quantiles of what will be sold, and what to order."""

from .pipeline import DemandPipeline

__all__ = ["DemandPipeline"]
