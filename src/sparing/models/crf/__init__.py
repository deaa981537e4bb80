"""A linear-chain conditional random field in NumPy and SciPy: word features, chain, tagger."""
