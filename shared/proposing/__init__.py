"""A customer's table, looked at: which column plays which role, and what the others are good for."""
