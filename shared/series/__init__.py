"""Many series on one calendar: from sales records to a panel, windows, rivals, forecasts judged and used."""
