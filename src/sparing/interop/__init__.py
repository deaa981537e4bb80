"""Other libraries of active learning: their strategies in our loop, ours in theirs."""
