"""Measures and their confidence intervals."""
