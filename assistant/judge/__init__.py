"""From candidates to verdicts: signals, calibration, decision, and the written reason."""
