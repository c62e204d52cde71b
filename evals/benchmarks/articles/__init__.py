"""The two articles' own evaluation protocols."""
