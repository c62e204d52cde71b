"""Measures and their intervals; nothing here loads a model."""
