"""Signals: samples in time, how they are read, checked and prepared for a network."""
