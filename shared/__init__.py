"""What must never differ between two customers: checking, splitting, training, judging, saving."""

__version__ = "0.1.0"
