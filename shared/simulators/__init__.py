"""What a solution is tried on without a customer: made-up payments, shops, parts and patients.

Equal arguments give equal tables. No figure from what is made up says anything about real ones, and reports on it
say so. Beside the made-up patients stands one real table, which ships with scikit-learn.
"""
