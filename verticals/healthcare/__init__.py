"""Solutions for hospitals and their clinical boards."""


def __getattr__(name: str):
    # Imported on demand, so that a look at the package costs nothing.
    if name == "DiagnosisPipeline":
        from verticals.healthcare.diagnosis.pipeline import DiagnosisPipeline

        return DiagnosisPipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["DiagnosisPipeline"]
