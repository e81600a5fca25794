"""Rows of patients: tables, photos and signals of the same people, checked, parted and put before a network."""
