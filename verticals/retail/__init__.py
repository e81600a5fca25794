"""Solutions for shops, wholesalers and their planners."""


def __getattr__(name: str):
    # Imported on demand, so that a look at the package costs nothing.
    if name == "DemandPipeline":
        from verticals.retail.demand.pipeline import DemandPipeline

        return DemandPipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["DemandPipeline"]
