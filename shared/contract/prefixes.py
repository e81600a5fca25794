"""What stands before the names of further columns in a checked table."""

NUMERIC, CATEGORICAL, GROUP = "numeric/", "categorical/", "group/"
