"""How fast things are, each against a named baseline, and the two articles' protocols."""
