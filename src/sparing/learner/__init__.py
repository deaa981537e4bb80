"""ActiveLearner in memory: ask, teach, save; ``auto`` decides which strategy asks."""
