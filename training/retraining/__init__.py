"""One retraining: its plan, its steps, the journal it resumes from, and its summary."""
