"""A language model elsewhere writes the explanations of training pairs: its prompt, its rounds, its answers kept."""
