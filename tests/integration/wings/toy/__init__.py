"""A wing that greets: one of everything that a wing can register."""
