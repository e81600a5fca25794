"""Card payment fraud: pass, review or block each payment."""

from .pipeline import FraudPipeline

__all__ = ["FraudPipeline"]
