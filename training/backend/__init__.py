"""Models made trainable, and the loops that train them. The only place in training that imports torch, peft and trl."""
