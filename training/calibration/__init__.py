"""What turns the signals into P(same): its data, its fit, its figures."""
