"""The page and its named endpoints: one file per tab. Takes callables, holds no logic."""
