"""What is measured: the app's judge, the adapter alone, and baselines."""
