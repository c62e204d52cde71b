"""Training rows: where they come from, how they are split, what text each becomes."""
