"""Fits the judge's calibration, which turns signals into P(same): data, fits and figures."""
