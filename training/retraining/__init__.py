"""One retraining: what it is asked, its steps, the journal that it goes on from, and what it says at the end."""
