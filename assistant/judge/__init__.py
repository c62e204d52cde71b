"""Judges candidates: signals, calibration, decision, and the written reason."""
