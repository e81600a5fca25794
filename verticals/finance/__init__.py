"""Solutions for banks, insurers and payment providers."""


def __getattr__(name: str):
    # Imported on demand, so that a look at the package costs nothing.
    if name == "FraudPipeline":
        from verticals.finance.fraud.pipeline import FraudPipeline

        return FraudPipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["FraudPipeline"]
