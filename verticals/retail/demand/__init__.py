"""Demand forecast: quantiles of what will be sold, and what to order."""
