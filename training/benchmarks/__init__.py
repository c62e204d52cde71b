"""Training speed and memory against named baselines."""
