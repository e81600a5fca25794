"""Solutions for factories and their quality engineers."""


def __getattr__(name: str):
    # Imported on demand, so that a look at the package costs nothing.
    if name == "DefectPipeline":
        from verticals.manufacturing.defects.pipeline import DefectPipeline

        return DefectPipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["DefectPipeline"]
